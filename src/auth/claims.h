#pragma once
// What a token says (RFC 7519 section 4), once its signature is known to be good.
#include <string_view>

#include "auth/token.h"

namespace chatbox::auth {

// `payload` is the JSON of the claims. Errc::invalid, with the claim that is wrong.
base::Result<Identity> read_claims(std::string_view payload, const TokenRules& rules, base::Time now);

}  // namespace chatbox::auth
