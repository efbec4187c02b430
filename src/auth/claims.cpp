#include "claims.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace chatbox::auth {

namespace json = boost::json;

namespace {

constexpr std::size_t max_user_id_bytes = 255;
constexpr std::size_t max_name_bytes = 255;  // longer names are cut

// Far ends are cut here, so that they can be added to any clock in nanoseconds.
constexpr std::chrono::years furthest_expiry{100};

base::Error refused(std::string_view why) {
    return {base::Errc::invalid, std::string(why)};
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
    if (value.is_double() && std::isfinite(value.get_double())) return value.get_double();
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

double seconds_of(base::Millis time) {
    return static_cast<double>(time.count()) / 1000.0;
}

bool is_one_of(const json::value& value, const std::vector<std::string>& wanted) {
    return value.is_string() &&
           std::ranges::find(wanted, std::string_view(value.get_string())) != wanted.end();
}

// RFC 7519 sections 4.1.1 and 4.1.3: an issuer is one text, an audience one or several. Nothing, or what is
// wrong.
std::string_view origin_mistake(const json::object& claims, const TokenRules& rules) {
    if (!rules.issuers.empty()) {
        const json::value* issuer = claims.if_contains("iss");
        if (issuer == nullptr || !is_one_of(*issuer, rules.issuers)) return "the issuer is not one of ours";
    }
    if (!rules.audiences.empty()) {
        const json::value* audience = claims.if_contains("aud");
        const bool meant = audience != nullptr &&
                           (audience->is_array()
                                ? std::ranges::any_of(
                                      audience->get_array(),
                                      [&](const json::value& one) { return is_one_of(one, rules.audiences); })
                                : is_one_of(*audience, rules.audiences));
        if (!meant) return "it is meant for another audience";
    }
    return {};
}

// When the token ends, in seconds since 1970, the leeway included.
base::Result<double> end_of(const json::object& claims, const TokenRules& rules, double now_s) {
    const json::value* exp = claims.if_contains("exp");
    if (exp == nullptr) return refused("exp is missing");
    const auto said = numeric_date(*exp);
    if (!said) return refused("exp is not a number");
    // No token was ever meant to end in 1970: a leeway does not bring one to life that says 0 for "never".
    const double end = *said > 0 ? *said + seconds_of(rules.leeway) : 0;
    if (now_s >= end) return refused("expired");
    if (const json::value* nbf = claims.if_contains("nbf")) {
        const auto start = numeric_date(*nbf);
        if (!start) return refused("nbf is not a number");
        if (now_s < *start - seconds_of(rules.leeway)) return refused("not valid yet");
    }
    return end;
}

base::Result<Identity> identity_from(const json::object& claims, const TokenRules& rules, base::Time now) {
    const double now_s = seconds_of(now.time_since_epoch());
    const auto end = end_of(claims, rules, now_s);
    if (!end) return end.error();
    if (const std::string_view wrong = origin_mistake(claims, rules); !wrong.empty()) return refused(wrong);

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

}  // namespace

base::Result<Identity> read_claims(std::string_view payload, const TokenRules& rules, base::Time now) {
    std::array<unsigned char, 4096> area;  // NOLINT: filled by the resource; most tokens need no other memory
    json::monotonic_resource memory(area.data(), area.size());
    boost::system::error_code error;
    const json::value claims = json::parse(payload, error, &memory);
    if (error || !claims.is_object()) return refused("the claims are not an object");
    return identity_from(claims.get_object(), rules, now);
}

}  // namespace chatbox::auth
