#pragma once
// Visitors and staff prove who they are with a JSON Web Token (RFC 7519) signed with a shared secret
// (HS256, HS384 or HS512; RFC 7518 section 3.2). Signatures are libjwt's work.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/types.h"

namespace chatbox::auth {

// What a valid token says.
struct Identity {
    model::UserId user;
    std::string name;  // never empty: the user id when the token has no name
    std::vector<std::string> roles;
    base::Time expires{};
    bool is_admin() const;  // role admin or chat_admin
};

// Checks tokens. Any thread; keeps no state but the secrets.
class TokenVerifier {
public:
    virtual ~TokenVerifier() = default;
    // Errc::invalid for every failure; the detail says which, for the log, and never quotes the token.
    virtual base::Result<Identity> verify(std::string_view token, base::Time now) const = 0;
};

// `secret` is the raw bytes of the setting.
std::unique_ptr<TokenVerifier> make_shared_secret_verifier(std::string secret);

// A token for `identity`, signed with HS256.
std::string sign_token(const Identity& identity, base::Time issued, const std::string& secret);

}  // namespace chatbox::auth
