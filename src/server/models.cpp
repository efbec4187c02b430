#include "models.h"

#include <random>
#include <utility>

#include "addresses.h"
#include "llm/anthropic/anthropic_provider.h"
#include "llm/demo/demo_provider.h"
#include "llm/dify/dify_provider.h"
#include "llm/openai/openai_provider.h"
#include "llm/policy.h"
#include "llm/session_states.h"
#include "model_rules.h"
#include "pseudonym.h"

namespace chatbox::server {

namespace {

// An answer that is too long is ended by the chat, which then still learns what it cost; the adapter's own
// bound is behind that one.
constexpr std::size_t answer_reserve = 1024 * 1024;

llm::vendor::ModelSettings settings_of(const ProviderConfig& provider, const Config& config) {
    llm::vendor::ModelSettings settings;
    settings.id = provider.id;
    settings.endpoint = provider.endpoint;
    settings.api_key = provider.api_key;
    settings.auth_header = provider.auth_header;
    settings.model = provider.model;
    settings.system_prompt = provider.system_prompt;
    if (provider.temperature >= 0) settings.temperature = provider.temperature;
    if (provider.max_tokens > 0) settings.max_tokens = provider.max_tokens;
    settings.extra_body = parse_extra_body(provider.extra_body);
    for (const std::string& header : provider.extra_headers)
        settings.extra_headers.push_back(split_header(header));
    settings.stream = provider.stream;
    const Config::Llm& llm = config.llm;
    settings.deadlines = {llm.connect_timeout, llm.first_token_timeout, llm.silence_timeout,
                          llm.stream_timeout};
    settings.drain = {llm.drain_timeout, llm.drain_bytes};
    settings.max_answer_bytes = config.chat.max_answer_bytes + answer_reserve;
    return settings;
}

std::unique_ptr<llm::Provider> make_adapter(const ProviderConfig& provider, const Config& config,
                                            const ModelParts& parts) {
    if (provider.type == "demo") {
        llm::demo::Options options;
        options.tokens_per_second = config.llm.demo_tokens_per_second;
        return llm::demo::make_demo_provider(parts.loop, options);
    }
    if (provider.type == "anthropic")
        return llm::anthropic::make_anthropic_provider(parts.http, settings_of(provider, config));
    if (provider.type == "dify") {
        llm::dify::Options options{settings_of(provider, config), {}};
        // A server that checks tokens with public keys only has no secret of its own but this one.
        const std::string& key = config.auth.jwt_secret.empty() ? provider.api_key : config.auth.jwt_secret;
        options.pseudonym = [key](std::string_view user) { return "user-" + pseudonym(key, user); };
        return llm::make_remembering_provider(llm::dify::make_dify_provider(parts.http, std::move(options)),
                                              provider.id);
    }
    return llm::openai::make_openai_provider(parts.http, {settings_of(provider, config)});
}

std::function<void(const llm::Attempt&)> log_failures(base::Log& log) {
    return [&log](const llm::Attempt& attempt) {
        if (!attempt.failed) return;
        log.warn("llm", "attempt failed",
                 {{"model_id", attempt.model},
                  {"attempt", attempt.number},
                  {"error", base::to_string(attempt.error.code)},
                  {"status", attempt.details.status},
                  {"took_ms", attempt.took.count()},
                  {"wait_ms", attempt.wait.count()},
                  {"next_model_id", attempt.next_model},
                  {"detail", attempt.error.detail}});
    };
}

std::function<double()> random_numbers() {
    return [engine = std::mt19937(std::random_device()())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(engine);
    };
}

}  // namespace

http_client::Options outbound_options(const Config& config) {
    http_client::Options options;
    options.internal_hosts = config.llm.internal_hosts;
    const auto allow = [&](std::string_view url) {
        std::string host = host_of(url);
        if (!host.empty() && is_internal_host(host)) options.internal_hosts.push_back(std::move(host));
    };
    for (const ProviderConfig& provider : config.llm.providers) allow(provider.endpoint);
    allow(config.auth.jwks_url);
    const Config::Outbound& outbound = config.outbound;
    options.http_proxy = outbound.http_proxy.empty() ? outbound.all_proxy : outbound.http_proxy;
    options.https_proxy = outbound.https_proxy.empty() ? outbound.all_proxy : outbound.https_proxy;
    options.no_proxy = outbound.no_proxy;
    return options;
}

Breakers make_breakers(const Config& config) {
    const llm::BreakerRules rules{.failures = config.llm.breaker_failures, .pause = config.llm.breaker_pause};
    Breakers breakers;
    for (const ProviderConfig& provider : config.llm.providers) {
        auto& breaker = breakers[provider.endpoint];
        if (!breaker) breaker = std::make_shared<llm::Breaker>(rules);
    }
    return breakers;
}

std::vector<chat::Model> make_models(const Config& config, const Breakers& breakers,
                                     const ModelParts& parts) {
    std::map<std::string, llm::Candidate> candidates;
    for (const ProviderConfig& provider : config.llm.providers) {
        candidates[provider.id] = {provider.id, make_adapter(provider, config, parts),
                                   breakers.at(provider.endpoint), provider.stream};
    }
    const Config::Llm& llm = config.llm;
    std::vector<chat::Model> models;
    for (const ProviderConfig& provider : config.llm.providers) {
        llm::PolicyParts policy{
            .candidates = {candidates.at(provider.id)},
            .retry = {llm.retry_attempts, llm.retry_delay, llm.retry_max_delay, llm.retry_after_max},
            .deadlines = {llm.first_token_timeout, llm.silence_timeout, llm.stream_timeout},
            .timers = parts.timers,
            .random = random_numbers(),
            .on_attempt = log_failures(parts.log)};
        for (const std::string& id : provider.fallback) policy.candidates.push_back(candidates.at(id));
        models.push_back(
            {{model::ModelId(provider.id), provider.name}, llm::make_policy_provider(std::move(policy))});
    }
    return models;
}

}  // namespace chatbox::server
