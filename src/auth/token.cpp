#include "auth/token.h"

#include <jwt.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/text.h"

namespace chatbox::auth {

namespace json = boost::json;

namespace {

constexpr std::size_t max_token_bytes = 8 * 1024;  // refused before anything is parsed
constexpr std::size_t max_user_id_bytes = 255;
constexpr std::size_t max_name_bytes = 255;  // longer names are cut

// Far ends are cut here, so that they can be added to any clock in nanoseconds.
constexpr std::chrono::years furthest_expiry{100};

struct FreeJwt {
    void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
struct FreeText {
    void operator()(char* text) const { std::free(text); }  // libjwt 1.10 hands out malloc()ed strings
};
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;
using CText = std::unique_ptr<char, FreeText>;

base::Error refused(std::string_view why) {
    return {base::Errc::invalid, std::string(why)};
}

// RFC 7515 section 3.1: three parts of unpadded base64url. libjwt's decoder forgives more than that, and
// stops at a NUL; what passes here has one reading only.
bool is_compact_form(std::string_view token) {
    const auto is_base64url = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    };
    int dots = 0;
    for (const char c : token) {
        if (c == '.') {
            ++dots;
        } else if (!is_base64url(c)) {
            return false;
        }
    }
    return dots == 2;
}

// C0, DEL and C1 controls in valid UTF-8.
bool has_control_characters(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x20 || c == 0x7F) return true;
        if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
    }
    return false;
}

// RFC 7519 section 2, NumericDate: seconds, possibly with a fraction.
std::optional<double> numeric_date(const json::value& value) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    return std::nullopt;
}

// A display name: nobody is locked out because of one that is missing, odd or too long.
std::string display_name(const json::object& claims, const std::string& user) {
    const json::value* claim = claims.if_contains("name");
    if (claim == nullptr || !claim->is_string()) return user;
    std::string name(claim->get_string());
    if (has_control_characters(name)) return user;
    const std::string_view trimmed = base::trim_unicode(name);
    const std::string_view cut = trimmed.substr(0, base::utf8_floor(trimmed, max_name_bytes));
    return cut.empty() ? user : std::string(cut);
}

base::Result<Identity> identity_from(const json::object& claims, base::Time now) {
    const double now_s = static_cast<double>(now.time_since_epoch().count()) / 1000.0;

    const json::value* exp = claims.if_contains("exp");
    if (exp == nullptr) return refused("exp is missing");
    const auto end = numeric_date(*exp);
    if (!end) return refused("exp is not a number");
    if (now_s >= *end) return refused("expired");
    if (const json::value* nbf = claims.if_contains("nbf")) {
        const auto start = numeric_date(*nbf);
        if (!start) return refused("nbf is not a number");
        if (now_s < *start) return refused("not valid yet");
    }

    const json::value* user = claims.if_contains("user_id");
    if (user == nullptr || !user->is_string()) return refused("user_id is missing or not a string");
    const std::string user_id(user->get_string());
    if (user_id.empty()) return refused("user_id is empty");
    if (user_id.size() > max_user_id_bytes) return refused("user_id is too long");
    if (has_control_characters(user_id)) return refused("user_id has control characters");

    const json::value* roles = claims.if_contains("roles");
    if (roles == nullptr || !roles->is_array()) return refused("roles is missing or not an array");
    Identity identity;
    for (const json::value& role : roles->get_array()) {
        if (!role.is_string()) return refused("a role is not a string");
        identity.roles.emplace_back(role.get_string());
    }
    identity.name = display_name(claims, user_id);
    identity.user = model::UserId(user_id);
    // Floor: a connection never outlives its token by a part of a millisecond.
    const double latest = now_s + std::chrono::duration<double>(furthest_expiry).count();
    identity.expires =
        base::Time(base::Millis(static_cast<std::int64_t>(std::floor(std::min(*end, latest) * 1000.0))));
    return identity;
}

// libjwt reads algorithm names in any case and several of them; RFC 7515 section 4.1.1 wants the exact name,
// and we speak HMAC only. Section 4.1.11: an extension that is marked critical and not known means refusal.
bool is_accepted_header(jwt_t* jwt) {
    const char* name = jwt_get_header(jwt, "alg");
    if (name == nullptr) return false;
    const std::string_view alg = name;
    const jwt_alg_t used = jwt_get_alg(jwt);
    const bool hmac = (alg == "HS256" && used == JWT_ALG_HS256) ||
                      (alg == "HS384" && used == JWT_ALG_HS384) || (alg == "HS512" && used == JWT_ALG_HS512);
    return hmac && CText(jwt_get_headers_json(jwt, "crit")) == nullptr;
}

class SharedSecretVerifier final : public TokenVerifier {
public:
    explicit SharedSecretVerifier(std::string secret) : secret_(std::move(secret)) {}

    base::Result<Identity> verify(std::string_view token, base::Time now) const override {
        if (token.size() > max_token_bytes) return refused("longer than 8 KiB");
        if (!is_compact_form(token)) return refused("not three parts of base64url");
        const std::string text(token);
        jwt_t* raw = nullptr;
        const int failed =
            jwt_decode(&raw, text.c_str(), reinterpret_cast<const unsigned char*>(secret_.data()),
                       static_cast<int>(secret_.size()));
        const Jwt jwt(raw);
        if (failed != 0 || jwt == nullptr) return refused("malformed, or the signature does not match");
        if (!is_accepted_header(jwt.get())) return refused("not signed with HS256, HS384 or HS512");
        const CText grants(jwt_get_grants_json(jwt.get(), nullptr));
        if (grants == nullptr) return refused("no claims");
        return read_claims(grants.get(), now);
    }

private:
    static base::Result<Identity> read_claims(std::string_view text, base::Time now) {
        std::array<unsigned char, 4096> area;  // most tokens need no other memory
        json::monotonic_resource memory(area.data(), area.size());
        boost::system::error_code error;
        const json::value claims = json::parse(text, error, &memory);
        if (error || !claims.is_object()) return refused("the claims are not an object");
        return identity_from(claims.get_object(), now);
    }

    std::string secret_;
};

}  // namespace

bool Identity::is_admin() const {
    return std::ranges::any_of(roles, [](const std::string& r) { return r == "admin" || r == "chat_admin"; });
}

std::unique_ptr<TokenVerifier> make_shared_secret_verifier(std::string secret) {
    // With an empty key libjwt accepts tokens that are not signed at all.
    if (secret.empty()) throw std::invalid_argument("the secret of the tokens is empty");
    return std::make_unique<SharedSecretVerifier>(std::move(secret));
}

std::string sign_token(const Identity& identity, base::Time issued, const std::string& secret) {
    if (secret.empty()) throw std::invalid_argument("the secret of the tokens is empty");
    const auto seconds = [](base::Time time) {
        return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    };
    json::object claims{
        {"user_id", identity.user.str()}, {"iat", seconds(issued)}, {"exp", seconds(identity.expires)}};
    if (!identity.name.empty()) claims["name"] = identity.name;
    json::array& roles = claims["roles"].emplace_array();
    for (const std::string& role : identity.roles) roles.emplace_back(role);

    jwt_t* raw = nullptr;
    if (jwt_new(&raw) != 0) throw std::bad_alloc();
    const Jwt jwt(raw);
    if (jwt_set_alg(jwt.get(), JWT_ALG_HS256, reinterpret_cast<const unsigned char*>(secret.data()),
                    static_cast<int>(secret.size())) != 0 ||
        jwt_add_grants_json(jwt.get(), json::serialize(claims).c_str()) != 0) {
        throw std::invalid_argument("the identity cannot be put into a token: it is not UTF-8 without NUL");
    }
    const CText token(jwt_encode_str(jwt.get()));
    if (token == nullptr) throw std::runtime_error("the token cannot be signed");
    return token.get();
}

}  // namespace chatbox::auth
