#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace chatbox::llm::vendor {

// A vendor's error text, fit for the log: valid UTF-8 on one line, and without `secrets` or anything that
// looks like a key, whole or masked by the vendor ("sk-abc***xyz"). Better one request id too many than one
// key.
std::string redact(std::string_view text, const std::vector<std::string>& secrets);

// The same for a text that was cut at its end, perhaps in the middle of a key: its last word goes.
std::string redact_cut(std::string_view text, const std::vector<std::string>& secrets);

}  // namespace chatbox::llm::vendor
