#pragma once
#include <string>
#include <string_view>

namespace chatbox::llm::openai {

// A vendor's error text, fit for the log: valid UTF-8 on one line, and without `key` or anything that looks
// like a key, whole or masked by the vendor ("sk-abc***xyz"). Better one request id too many than one key.
std::string redact(std::string_view text, std::string_view key);

// The same for a text that was cut at its end, perhaps in the middle of a key: its last word goes.
std::string redact_cut(std::string_view text, std::string_view key);

}  // namespace chatbox::llm::openai
