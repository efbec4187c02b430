#pragma once
// The built-in model for a first look: offline, deterministic, honest about being a demo.
#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "base/clock.h"
#include "llm/provider.h"

namespace chatbox::llm::demo {

struct Options {
    double tokens_per_second = 40;
    base::Millis first_token_delay{300};
};

// Belongs to the loop behind `loop`.
std::unique_ptr<Provider> make_demo_provider(boost::asio::any_io_executor loop, Options options);

}  // namespace chatbox::llm::demo
