#pragma once
// base64url without padding (RFC 4648 section 5, RFC 7515 section 2).
#include <optional>
#include <string>
#include <string_view>

namespace chatbox::auth {

std::string base64url_encode(std::string_view bytes);

// Exactly what base64url_encode() writes: no padding, no other characters, unused bits zero. One text has one
// reading.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace chatbox::auth
