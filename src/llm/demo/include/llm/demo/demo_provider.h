#pragma once
// The built-in model for a first look: offline, deterministic, honest about being a demo. It quotes the
// question, tells how many earlier messages came with it, shows some Markdown, and says how to connect a real
// model.
//
// A question "/long N" is answered by N numbered words, "word1 word2 ...", one token each: for tests and
// load. N is at most max_long_words; without a number it is 1000.
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "llm/provider.h"

namespace chatbox::llm::demo {

inline constexpr std::size_t max_long_words = 1'000'000;

struct Options {
    double tokens_per_second = 40;  // a token is a word; above 1000 several come per tick of the timer
    base::Millis first_token_delay{300};
};

// Belongs to the loop behind `loop`. Usage counts words. Throws std::invalid_argument if tokens_per_second is
// not above zero.
std::unique_ptr<Provider> make_demo_provider(boost::asio::any_io_executor loop, Options options);

}  // namespace chatbox::llm::demo
