#pragma once
// Visitors and staff prove who they are with a JSON Web Token (RFC 7519), signed with a shared secret (HS256,
// HS384, HS512) or with the private half of a key that a KeySource knows (RS256, PS256, ES256, ES384, EdDSA).
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/keys.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/types.h"

namespace chatbox::auth {

constexpr std::size_t max_token_bytes = 8 * 1024;  // a longer one is refused before it is read

// What a valid token says.
struct Identity {
    model::UserId user;
    std::string name;  // never empty: the user id when the token has no name
    std::vector<std::string> roles;
    base::Time expires{};   // from then on the token is not good any more; the leeway is included
    bool is_admin() const;  // role admin or chat_admin
};

// Checks tokens. Any thread.
class TokenVerifier {
public:
    virtual ~TokenVerifier() = default;
    // Never blocks. Errc::unavailable: the token names a key that is not known; after renew() it may be.
    // Errc::invalid for every other failure. The detail says which one, for the log, and never quotes the
    // token.
    virtual base::Result<Identity> verify(std::string_view token, base::Time now) const = 0;
    // To be asked after Errc::unavailable, before the token is verified a second and last time.
    // KeySource::renew().
    virtual void renew(Wake wake) const = 0;
};

// What a token must fulfil beside the signature.
struct TokenRules {
    std::vector<std::string> secrets = {};    // raw bytes; each of them verifies
    std::vector<std::string> issuers = {};    // `iss` must be one of them; empty: not looked at
    std::vector<std::string> audiences = {};  // `aud` must name one of them; empty: not looked at
    base::Millis leeway{0};                   // added to `exp`, taken from `nbf`: for clocks that differ
};

// `keys` may be null: then only the secrets verify. It outlives the verifier. Throws std::invalid_argument
// for an empty secret, and when there are neither secrets nor keys.
std::unique_ptr<TokenVerifier> make_verifier(TokenRules rules, KeySource* keys = nullptr);

// Claims of a token that are not about the person; left out when empty.
struct TokenOrigin {
    std::string issuer;
    std::string audience;
};

// A token for `identity`, signed with HS256.
std::string sign_token(const Identity& identity, base::Time issued, const std::string& secret,
                       const TokenOrigin& origin = {});

}  // namespace chatbox::auth
