#include "auth/token.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <stdexcept>
#include <utility>

#include "base/text.h"
#include "claims.h"
#include "jws.h"

namespace chatbox::auth {

namespace json = boost::json;

namespace {

base::Error refused(std::string_view why) {
    return {base::Errc::invalid, std::string(why)};
}

class Verifier final : public TokenVerifier {
public:
    Verifier(TokenRules rules, KeySource* keys) : rules_(std::move(rules)), keys_(keys) {}

    base::Result<Identity> verify(std::string_view token, base::Time now) const override {
        if (token.size() > max_token_bytes) return refused("longer than 8 KiB");
        const auto jws = read_jws(token);
        if (!jws) return jws.error();
        const auto signature = is_symmetric(jws->algorithm) ? check_secrets(*jws) : check_keys(*jws);
        if (!signature) return signature.error();
        return read_claims(jws->payload, rules_, now);
    }

    void renew(Wake wake) const override {
        if (keys_ != nullptr) return keys_->renew(std::move(wake));
        boost::asio::post(wake.on, std::move(wake.call));
    }

private:
    base::Result<base::Nothing> check_secrets(const Jws& jws) const {
        for (const std::string& secret : rules_.secrets) {
            if (hmac_matches(jws.algorithm, secret, jws.signed_part, jws.signature)) return base::Nothing{};
        }
        return refused("the signature does not match");
    }

    base::Result<base::Nothing> check_keys(const Jws& jws) const {
        if (keys_ == nullptr) return refused("there are no public keys");
        const Keys keys = keys_->keys();
        bool known = false;  // a key of that name is there, so fetching again would not help
        for (const auto& key : *keys) {
            const bool named = !jws.key_id.empty() && key->id() == jws.key_id;
            known = known || named;
            // A key without a name, or a token that names none: what fits is tried.
            if (!named && !key->id().empty() && !jws.key_id.empty()) continue;
            if (key->takes(jws.algorithm) && key->verify(jws.algorithm, jws.signed_part, jws.signature))
                return base::Nothing{};
        }
        if (known) return refused("the signature does not match");
        return base::Error{base::Errc::unavailable, "the key that signed it is not known"};
    }

    TokenRules rules_;
    KeySource* keys_;
};

}  // namespace

bool Identity::is_admin() const {
    return std::ranges::any_of(roles, [](const std::string& r) { return r == "admin" || r == "chat_admin"; });
}

std::unique_ptr<TokenVerifier> make_verifier(TokenRules rules, KeySource* keys) {
    // Everybody knows the empty secret.
    if (std::ranges::any_of(rules.secrets, &std::string::empty))
        throw std::invalid_argument("a secret of the tokens is empty");
    if (rules.secrets.empty() && keys == nullptr)
        throw std::invalid_argument("there is nothing that could verify a token");
    return std::make_unique<Verifier>(std::move(rules), keys);
}

std::string sign_token(const Identity& identity, base::Time issued, const std::string& secret,
                       const TokenOrigin& origin) {
    if (secret.empty()) throw std::invalid_argument("the secret of the tokens is empty");
    const auto seconds = [](base::Time time) {
        return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    };
    json::object claims{
        {"user_id", identity.user.str()}, {"iat", seconds(issued)}, {"exp", seconds(identity.expires)}};
    if (!identity.name.empty()) claims["name"] = identity.name;
    if (!origin.issuer.empty()) claims["iss"] = origin.issuer;
    if (!origin.audience.empty()) claims["aud"] = origin.audience;
    json::array& roles = claims["roles"].emplace_array();
    for (const std::string& role : identity.roles) roles.emplace_back(role);
    const std::string text = json::serialize(claims);
    if (!base::is_valid_utf8(text))
        throw std::invalid_argument("the identity cannot be put into a token: it is not UTF-8");
    return sign_jws(text, secret);
}

}  // namespace chatbox::auth
