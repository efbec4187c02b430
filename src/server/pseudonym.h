#pragma once
#include <string>
#include <string_view>

namespace chatbox::server {

// 32 hex digits that stand for a user towards a vendor: always the same for the same key and user, and
// without the key neither computed nor traced back (HMAC-SHA256, RFC 2104).
std::string pseudonym(std::string_view key, std::string_view user);

}  // namespace chatbox::server
