#pragma once
// Small, pure functions on UTF-8 text.
#include <cstddef>
#include <string>
#include <string_view>

namespace chatbox::base {

// True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
bool is_valid_utf8(std::string_view text);

// `text` with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

// The largest n <= limit such that the first n bytes of valid UTF-8 `text` end at a character boundary.
std::size_t utf8_floor(std::string_view text, std::size_t limit);

// Removes Unicode white space (White_Space property) at both ends. The view points into `text`.
std::string_view trim_unicode(std::string_view text);

// Standard base64 with padding (RFC 4648 section 4).
std::string base64_encode(std::string_view bytes);

}  // namespace chatbox::base
