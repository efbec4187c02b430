#pragma once
// What the demo says, and how it is cut into tokens. Pure.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "llm/provider.h"

namespace chatbox::llm::demo {

// The tokens of one answer, made one at a time so that a long one needs no memory.
class DemoText {
public:
    explicit DemoText(const Prompt& prompt);
    bool at_end() const;
    // The next token: a word with the white space behind it. The view is good until the next call.
    std::string_view next();

private:
    std::string text_;
    std::size_t at_ = 0;
    std::size_t long_words_ = 0;  // of "/long N"; then text_ is the word at hand
    std::size_t words_made_ = 0;
};

std::uint64_t count_words(const Prompt& prompt);

}  // namespace chatbox::llm::demo
