#include <algorithm>
#include <thread>

#include "addresses.h"
#include "auth/jwks/key_keeper.h"
#include "model_rules.h"
#include "server/config_load.h"
#include "server/config_table.h"
#include "server/secrets.h"
#include "values.h"

namespace chatbox::server {

namespace {

// --- what this version does not have
// ----------------------------------------------------------------------------

enum class Policy {
    refuse,  // going on would do something else than what was asked for
    warn,    // going on leaves something out
};

// An issue that brings the feature removes its line.
struct MissingFeature {
    std::string_view setting;
    bool (*asked_for)(const Config&);
    Policy policy;
    std::string_view text;
};

const std::vector<MissingFeature>& missing_features() {
    static const std::vector<MissingFeature> all{
        {"MONGO_URI", [](const Config& c) { return !c.mongo.uri.empty(); }, Policy::refuse,
         "MongoDB is not in this version, which stores in the data folder (CHATBOX_DATA_DIR) only; remove "
         "the setting "
         "to start with that"},
        {"REDIS_URL", [](const Config& c) { return !c.redis.url.empty(); }, Policy::refuse,
         "Redis is not in this version, and without it several processes do not know of each other; remove "
         "the setting "
         "to run a single process"},
        {"ENCRYPTION_KEY", [](const Config& c) { return c.storage.encryption_key.has_value(); }, Policy::warn,
         "encryption at rest is not in this version: messages are stored as plain text"},
        {"S3_ENDPOINT",
         [](const Config& c) {
             return !c.uploads.env_s3.endpoint.empty() || !c.uploads.env_s3.bucket.empty() ||
                    !c.uploads.s3.empty() || !c.uploads.types.empty();
         },
         Policy::warn, "uploads are not in this version: files cannot be sent"},
        {"ADMIN_EMAILS",
         [](const Config& c) {
             return !c.notify.admin_emails.empty() || !c.notify.admin_phones.empty() ||
                    !c.notify.mail_admin.empty();
         },
         Policy::warn, "notifications are not in this version: nobody is told by mail or SMS"},
    };
    return all;
}

// --- the rules
// --------------------------------------------------------------------------------------------------

class Checker {
public:
    explicit Checker(Loaded& loaded) : loaded_(loaded), config_(loaded.config) {}

    void run() {
        check_server();
        check_web();
        check_secret();
        check_more_secrets();
        check_keys();
        check_providers();
        check_log();
        check_missing_features();
        warn_of_settings_without_effect();
    }

private:
    // The first thing that is wrong with a setting hides what follows from it.
    void mistake(const std::string& setting, std::string text) {
        const auto same = [&](const Problem& problem) { return problem.setting == setting; };
        if (std::ranges::any_of(loaded_.mistakes, same)) return;
        const auto origin = loaded_.origins.find(setting);
        if (origin != loaded_.origins.end() && !origin->second.starts_with("env "))
            text += " (" + origin->second + ")";
        loaded_.mistakes.push_back({setting, std::move(text)});
    }
    void mistake_unless_empty(const std::string& setting, std::string text) {
        if (!text.empty()) mistake(setting, std::move(text));
    }
    void warning(std::string setting, std::string text) {
        loaded_.warnings.push_back({std::move(setting), std::move(text)});
    }

    void check_server() {
        auto& server = config_.server;
        if (server.threads == 0) server.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 64U);
        if (server.host.empty() || server.host.find_first_of(" /\t") != std::string::npos) {
            mistake("CHATBOX_HOST", "must be an IP address or a host name, not " + in_quotes(server.host));
        }
        mistake_unless_empty("CHATBOX_PATH_PREFIX", path_prefix_mistake(server.path_prefix));
        if (server.path_prefix.ends_with('/')) server.path_prefix.pop_back();
        if (config_.storage.data_dir.empty()) mistake("CHATBOX_DATA_DIR", "must name a folder");
        if (config_.websocket.ping_period >= config_.websocket.pong_wait) {
            mistake("WS_PING_PERIOD", "must be less than WS_PONG_WAIT (" +
                                          show_duration(config_.websocket.pong_wait) + "), not " +
                                          show_duration(config_.websocket.ping_period));
        }
    }

    template <class Rule>
    void check_each(const std::string& setting, const std::vector<std::string>& items, Rule rule) {
        for (const std::string& item : items) mistake_unless_empty(setting, rule(item));
    }

    void check_web() {
        auto& web = config_.web;
        check_each("WS_ALLOWED_ORIGINS", web.allowed_origins, origin_mistake);
        if (web.require_origins && web.allowed_origins.empty() && loaded_.complete && !config_.development) {
            mistake("WS_ALLOWED_ORIGINS",
                    "is empty, and CHATBOX_REQUIRE_ORIGINS wants the sites named that may connect, such as "
                    "https://www.example.com");
        }
        if (web.cors_allowed_origins != std::vector<std::string>{"*"}) {
            check_each("CORS_ALLOWED_ORIGINS", web.cors_allowed_origins, origin_mistake);
        }
        for (auto* origins : {&web.allowed_origins, &web.cors_allowed_origins}) {
            std::ranges::transform(*origins, origins->begin(), normal_origin);
        }
        check_each("CHATBOX_FRAME_ANCESTORS", web.frame_ancestors, frame_ancestor_mistake);
        if (web.frame_ancestors.size() > 1 && std::ranges::count(web.frame_ancestors, "'none'") != 0) {
            mistake("CHATBOX_FRAME_ANCESTORS", "'none' excludes everything else; remove it or the others");
        }
        check_each("CHATBOX_TRUSTED_PROXIES", web.trusted_proxies, network_mistake);
        check_each("CHATBOX_METRICS_ALLOWED_NETWORKS", web.metrics_allowed_networks, network_mistake);
        if (!config_.notify.admin_panel_url.empty()) {
            mistake_unless_empty("ADMIN_PANEL_URL", web_url_mistake(config_.notify.admin_panel_url));
        }
    }

    void check_secret() {
        const std::string& secret = config_.auth.jwt_secret;
        const bool needed = !config_.auth.has_public_keys() || !config_.auth.more_secrets.empty();
        if (secret.empty() && (!loaded_.complete || !needed)) return;
        mistake_unless_empty("JWT_SECRET", jwt_secret_mistake(secret));
        const std::string_view space = " \t\r\n";
        if (!secret.empty() &&
            (space.find(secret.front()) != space.npos || space.find(secret.back()) != space.npos)) {
            warning("JWT_SECRET", "begins or ends with white space, which counts as a part of the secret");
        }
    }

    void check_more_secrets() {
        std::size_t number = 0;
        for (const std::string& secret : config_.auth.more_secrets) {
            ++number;
            const std::string wrong = jwt_secret_mistake(secret);
            if (!wrong.empty())
                mistake("CHATBOX_JWT_MORE_SECRETS", "number " + std::to_string(number) + ": " + wrong);
        }
    }

    void check_keys() {
        const Config::Auth& auth = config_.auth;
        if (!auth.jwks_url.empty()) mistake_unless_empty("CHATBOX_JWKS_URL", key_url_mistake(auth.jwks_url));
        if (!auth.jwks_file.empty()) {
            const auto keys = auth::jwks::read_file(auth.jwks_file, auth.jwks_max_size);
            if (!keys) mistake("CHATBOX_JWKS_FILE", in_quotes(auth.jwks_file) + ": " + keys.error().detail);
        }
        if (auth.jwks_min_interval > auth.jwks_refresh) {
            mistake("CHATBOX_JWKS_MIN_INTERVAL", "must not be more than CHATBOX_JWKS_REFRESH (" +
                                                     show_duration(auth.jwks_refresh) + "), but is " +
                                                     show_duration(auth.jwks_min_interval));
        }
    }

    std::string provider_setting(std::size_t row, std::string_view suffix) const {
        const std::size_t n = row < loaded_.provider_numbers.size() ? loaded_.provider_numbers[row] : row + 1;
        return "LLM_PROVIDER_" + std::to_string(n) + "_" + std::string(suffix);
    }

    void check_providers() {
        auto& providers = config_.llm.providers;
        if (providers.empty() && loaded_.complete) {
            mistake(
                "LLM_PROVIDER_1_TYPE",
                "no model is configured: set LLM_PROVIDER_1_ID, _NAME, _TYPE, _ENDPOINT, _API_KEY and "
                "_MODEL, or add "
                "[[llm.providers]] to the TOML file; LLM_PROVIDER_1_TYPE=demo is the built-in demo model");
        }
        auto& internal = config_.llm.internal_hosts;
        std::ranges::transform(internal, internal.begin(), lower);
        check_each("CHATBOX_INTERNAL_HOSTS", internal, host_mistake);
        for (std::size_t row = 0; row < providers.size(); ++row) check_provider(providers[row], row);
        drop_doubles();
        for (std::size_t row = 0; row < providers.size(); ++row) check_fallback(providers[row], row);
    }

    void check_provider(ProviderConfig& provider, std::size_t row) {
        const auto setting = [&](std::string_view suffix) { return provider_setting(row, suffix); };
        const bool demo = provider.type == "demo";
        if (demo && provider.id.empty()) provider.id = "demo";
        if (demo && provider.name.empty()) provider.name = "Demo";
        if (provider.type.empty()) mistake(setting("TYPE"), "is missing: openai, anthropic, dify or demo");
        if (provider.id.empty()) mistake(setting("ID"), "is missing: what clients choose the model by");
        constexpr std::size_t max_id_bytes = 100;  // docs/protocol.md, model_id
        if (provider.id.size() > max_id_bytes) mistake(setting("ID"), "must have at most 100 bytes");
        if (provider.name.empty()) mistake(setting("NAME"), "is missing: what people see");
        if (demo) return;
        if (provider.endpoint.empty() && provider.type.empty()) return;
        if (provider.endpoint.empty()) {
            mistake(setting("ENDPOINT"), "is missing: the base URL, such as https://api.openai.com/v1");
        } else {
            mistake_unless_empty(setting("ENDPOINT"),
                                 endpoint_mistake(provider.endpoint, config_.llm.internal_hosts));
        }
        if (!provider.type.empty()) check_api_key(provider, setting("API_KEY"));
        check_extras(provider, row);
    }

    void check_extras(const ProviderConfig& provider, std::size_t row) {
        const auto setting = [&](std::string_view suffix) { return provider_setting(row, suffix); };
        if (!provider.extra_body.empty())
            mistake_unless_empty(setting("EXTRA_BODY"), extra_body_mistake(provider.extra_body));
        for (const std::string& header : provider.extra_headers)
            mistake_unless_empty(setting("EXTRA_HEADERS"), header_mistake(header));
        if (!provider.auth_header.empty() && !is_header_name(provider.auth_header))
            mistake(setting("AUTH_HEADER"),
                    "must be the name of a header, such as api-key, not " + in_quotes(provider.auth_header));
    }

    void check_fallback(const ProviderConfig& provider, std::size_t row) {
        const auto& providers = config_.llm.providers;
        for (const std::string& id : provider.fallback) {
            if (id == provider.id) {
                mistake(provider_setting(row, "FALLBACK"), "must not name the model itself");
            } else if (std::ranges::count(providers, id, &ProviderConfig::id) == 0) {
                mistake(provider_setting(row, "FALLBACK"),
                        "must be ids of configured models, and " + in_quotes(id) + " is none");
            }
        }
    }

    void check_api_key(const ProviderConfig& provider, const std::string& setting) {
        const bool needed = provider.type != "openai" || !is_plain_http(provider.endpoint);
        if (provider.api_key.empty() && needed) mistake(setting, "is missing: the key for the endpoint");
        const auto is_unsendable = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; };
        if (std::ranges::any_of(provider.api_key, is_unsendable)) {
            mistake(
                setting,
                "has white space or control characters in it, such as a line feed at its end; remove them");
        }
    }

    // As in the original, the later one of two with the same id wins.
    void drop_doubles() {
        auto& providers = config_.llm.providers;
        for (std::size_t row = providers.size(); row-- > 0;) {
            const auto later =
                std::find_if(providers.begin() + static_cast<std::ptrdiff_t>(row) + 1, providers.end(),
                             [&](const ProviderConfig& p) { return p.id == providers[row].id; });
            if (later == providers.end() || providers[row].id.empty()) continue;
            warning(provider_setting(row, "ID"),
                    "is not used, because a later provider has the same id " + in_quotes(later->id));
            providers.erase(providers.begin() + static_cast<std::ptrdiff_t>(row));
            if (row < loaded_.provider_numbers.size()) {
                loaded_.provider_numbers.erase(loaded_.provider_numbers.begin() +
                                               static_cast<std::ptrdiff_t>(row));
            }
        }
    }

    void check_log() {
        const auto& log = config_.log;
        for (const auto& [setting, file] : {std::pair{"LOG_INFO_FILE", &log.info_file},
                                            {"LOG_WARN_FILE", &log.warn_file},
                                            {"LOG_ERROR_FILE", &log.error_file}}) {
            if (file->empty() || *file == "." || *file == ".." || file->find('/') != std::string::npos) {
                mistake(setting,
                        "must be a file name without a folder, which is LOG_DIR; not " + in_quotes(*file));
            }
        }
        if (!log.console && log.dir.empty()) {
            warning("LOG_STANDARD_OUTPUT", "is off and LOG_DIR is not set: nothing is logged");
        }
    }

    void check_missing_features() {
        for (const MissingFeature& feature : missing_features()) {
            if (!feature.asked_for(config_)) continue;
            const std::string setting(feature.setting);
            if (feature.policy == Policy::refuse) {
                mistake(setting, std::string(feature.text));
            } else {
                warning(setting, std::string(feature.text));
            }
        }
    }

    // One line for all: manifests of the original set dozens of them.
    void warn_of_settings_without_effect() {
        std::string names;
        for (const Setting& setting : settings()) {
            if (setting.effect == Effect::now || !loaded_.origins.contains(std::string(setting.name())))
                continue;
            names += (names.empty() ? "" : ", ") + std::string(setting.name());
        }
        if (!names.empty())
            warning("settings without effect", "these are set, but do nothing in this version: " + names);
    }

    Loaded& loaded_;
    Config& config_;
};

}  // namespace

void check_config(Loaded& loaded) {
    Checker(loaded).run();
}

}  // namespace chatbox::server
