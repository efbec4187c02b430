#pragma once
// The signed envelope of a token (RFC 7515, compact serialization).
#include <optional>
#include <string>
#include <string_view>

#include "auth/keys.h"

namespace chatbox::auth {

struct Jws {
    Algorithm algorithm{};
    std::string key_id;            // empty: the token names none
    std::string_view signed_part;  // what the signature is over; views the token
    std::string payload;
    std::string signature;
};

// Takes `token` apart; nothing is verified yet. Errc::invalid: not three parts of base64url, or a header that
// is not for us. `token` must outlive the answer.
base::Result<Jws> read_jws(std::string_view token);

// HMAC with SHA-2 (RFC 7518 section 3.2), compared in constant time. False for any other algorithm.
bool hmac_matches(Algorithm algorithm, const std::string& secret, std::string_view signed_part,
                  std::string_view signature);

// The token of `claims` (JSON), signed with HS256.
std::string sign_jws(std::string_view claims, const std::string& secret);

}  // namespace chatbox::auth
