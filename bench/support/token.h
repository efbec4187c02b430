#pragma once
#include <string>
#include <string_view>

namespace chatbox::bench {

// A JSON Web Token (RFC 7519) for `user_id`, signed with HS256, good for a day.
std::string sign_token(std::string_view user_id, std::string_view secret);

}  // namespace chatbox::bench
