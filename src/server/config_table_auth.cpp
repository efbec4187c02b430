// Settings of tokens: what makes one good, and the tickets that stand for one.
#include "config_table_parts.h"

namespace chatbox::server {

using namespace std::chrono_literals;

namespace {

using C = Config;

std::vector<Setting> secret_settings() {
    return {
        {.section = "Tokens",
         .env = {"JWT_SECRET"},
         .toml = {"chatbox.jwt_secret"},
         .slot = at<&C::auth, &C::Auth::jwt_secret>,
         .rule = secret_text(),
         .help = "Shared secret that signs the users' tokens (HS256, HS384, HS512): at least 32 bytes that "
                 "nobody can "
                 "guess. Make one with `openssl rand -base64 32`",
         .default_text = "none, required for `serve` unless there are public keys"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWT_MORE_SECRETS"},
         .toml = {"chatbox.jwt_more_secrets"},
         .slot = at<&C::auth, &C::Auth::more_secrets>,
         .rule = {.kind = Kind::list, .secrecy = Secrecy::secret},
         .help = "Further secrets whose tokens are good, too. To change the secret: add the new one here, "
                 "have the tokens signed with it, swap both, and remove the old one when its tokens have "
                 "expired",
         .default_text = "none"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWT_ISSUERS"},
         .toml = {"chatbox.jwt_issuers"},
         .slot = at<&C::auth, &C::Auth::issuers>,
         .rule = any_list(),
         .help = "A token's `iss` must be one of these; `chatbox token` writes the first",
         .default_text = "not looked at"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWT_AUDIENCES"},
         .toml = {"chatbox.jwt_audiences"},
         .slot = at<&C::auth, &C::Auth::audiences>,
         .rule = any_list(),
         .help = "A token's `aud` must name one of these; `chatbox token` writes the first",
         .default_text = "not looked at"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWT_LEEWAY"},
         .toml = {"chatbox.jwt_leeway"},
         .slot = at<&C::auth, &C::Auth::leeway>,
         .rule = duration(0ms, 10min),
         .help = "How far the clock of who signs tokens may differ from ours: added to `exp`, taken from "
                 "`nbf`"},
        {.section = "Tokens",
         .env = {"CHATBOX_TOKEN_WARNING"},
         .toml = {"chatbox.token_warning"},
         .slot = at<&C::auth, &C::Auth::token_warning>,
         .rule = duration(0ms, 24h),
         .help = "How long before its token expires a connection (version 2) is told; `0s` is never"},
    };
}

std::vector<Setting> key_settings() {
    return {
        {.section = "Tokens",
         .env = {"CHATBOX_JWKS_URL"},
         .toml = {"chatbox.jwks_url"},
         .slot = at<&C::auth, &C::Auth::jwks_url>,
         .help = "Where an identity provider publishes the public keys of its tokens (RS256, PS256, ES256, "
                 "ES384, EdDSA) as a JSON Web Key Set: an https URL, or http in your own network",
         .default_text = "none"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWKS_FILE"},
         .toml = {"chatbox.jwks_file"},
         .slot = at<&C::auth, &C::Auth::jwks_file>,
         .help = "A file with such keys; read again as often as the URL",
         .default_text = "none"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWKS_REFRESH"},
         .toml = {"chatbox.jwks_refresh"},
         .slot = at<&C::auth, &C::Auth::jwks_refresh>,
         .rule = duration(100ms, 24h),
         .help = "Time between two regular looks at the keys. Keys that cannot be read stay as they were"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWKS_MIN_INTERVAL"},
         .toml = {"chatbox.jwks_min_interval"},
         .slot = at<&C::auth, &C::Auth::jwks_min_interval>,
         .rule = duration(100ms, 24h),
         .help = "A token with a key that is not known has them looked at again, at most once in this time; "
                 "also the time between attempts after a failure"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWKS_TIMEOUT"},
         .toml = {"chatbox.jwks_timeout"},
         .slot = at<&C::auth, &C::Auth::jwks_timeout>,
         .rule = duration(50ms, 5min),
         .help = "How long the key server may take, and so how long a token with a new key may wait"},
        {.section = "Tokens",
         .env = {"CHATBOX_JWKS_MAX_SIZE"},
         .toml = {"chatbox.jwks_max_size"},
         .slot = at<&C::auth, &C::Auth::jwks_max_size>,
         .rule = bytes(64, 16 << 20),
         .help = "Longest key set; it has at most 64 keys"},
    };
}

std::vector<Setting> ticket_settings() {
    return {
        {.section = "Tokens",
         .env = {"CHATBOX_TICKET_LIFETIME"},
         .toml = {"chatbox.ticket_lifetime"},
         .slot = at<&C::auth, &C::Auth::ticket_lifetime>,
         .rule = duration(100ms, 1h),
         .help = "How long a ticket for opening a WebSocket is good"},
        {.section = "Tokens",
         .env = {"CHATBOX_TICKETS_PER_USER"},
         .toml = {"chatbox.tickets_per_user"},
         .slot = at<&C::auth, &C::Auth::tickets_per_user>,
         .rule = whole(1, 10'000),
         .help = "Unused tickets of one user; one more is refused with 429"},
        {.section = "Tokens",
         .env = {"CHATBOX_MAX_TICKETS"},
         .toml = {"chatbox.max_tickets"},
         .slot = at<&C::auth, &C::Auth::max_tickets>,
         .rule = whole(1, 10'000'000),
         .help = "Unused tickets of the whole process; one more is refused with 503"},
    };
}

}  // namespace

std::vector<Setting> auth_settings() {
    std::vector<Setting> table;
    for (auto* part : {secret_settings, key_settings, ticket_settings}) {
        for (Setting& setting : part()) table.push_back(std::move(setting));
    }
    return table;
}

}  // namespace chatbox::server
