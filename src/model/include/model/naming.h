#pragma once
// The name of a session, from its first user message (contract, sessions-and-storage 2.4, with its faults put
// right: lengths are counted in bytes but never split a character; a full stop ends a sentence only before
// white space or at the end, so "v1.2 is out" stays whole).
#include <string>
#include <string_view>

namespace chatbox::model {

// Pure. `message` is valid UTF-8. At most 50 bytes; "New Chat" for an empty message.
std::string session_name(std::string_view message);

// The text without the difference between capital and small letters of the Latin (up to U+017F), Greek and
// Cyrillic alphabets; what is not such a letter, invalid UTF-8 too, stays as it is. A name is searched in
// this form.
std::string fold_case(std::string_view text);

}  // namespace chatbox::model
