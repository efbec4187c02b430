#include "server/dev_setup.h"

#include "addresses.h"
#include "server/secrets.h"
#include "values.h"

namespace chatbox::server {

namespace {

using Environment = std::map<std::string, std::string>;

std::string variable(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

bool has_mistake_about(const Loaded& loaded, std::string_view prefix) {
    for (const Problem& problem : loaded.mistakes) {
        if (problem.setting.starts_with(prefix)) return true;
    }
    return false;
}

void add_provider(Loaded& loaded, ProviderConfig provider, const std::string& origin) {
    loaded.config.llm.providers.push_back(std::move(provider));
    loaded.provider_numbers = {1};
    for (const char* suffix : {"ID", "NAME", "TYPE", "ENDPOINT", "API_KEY", "MODEL"}) {
        loaded.origins["LLM_PROVIDER_1_" + std::string(suffix)] = origin;
    }
}

void add_demo(Loaded& loaded) {
    ProviderConfig demo;
    demo.id = "demo";
    demo.name = "Demo";
    demo.type = "demo";
    add_provider(loaded, std::move(demo), "chatbox dev");
}

std::string use_openai(Loaded& loaded, const Environment& environment, const std::string& key) {
    std::string endpoint = variable(environment, "OPENAI_BASE_URL");
    if (endpoint.empty()) endpoint = "https://api.openai.com/v1";
    std::string model = variable(environment, "OPENAI_MODEL");
    if (model.empty()) model = "gpt-4o-mini";
    const std::string wrong = endpoint_mistake(endpoint);
    if (!wrong.empty()) loaded.mistakes.push_back({"OPENAI_BASE_URL", wrong});
    if (has_placeholder(key)) {
        loaded.mistakes.push_back(
            {"OPENAI_API_KEY", "still holds a placeholder; put the real key there, or unset it"});
    }
    if (!wrong.empty() || has_placeholder(key)) {
        add_demo(loaded);  // nothing will start; the check must not complain a second time
        return {};
    }
    add_provider(loaded,
                 {.id = "openai",
                  .name = model,
                  .type = "openai",
                  .endpoint = endpoint,
                  .api_key = key,
                  .model = model},
                 "env OPENAI_API_KEY");
    return "answers come from " + model + " at " + endpoint + ", because OPENAI_API_KEY is set";
}

std::string use_anthropic(Loaded& loaded, const Environment& environment, const std::string& key) {
    std::string endpoint = variable(environment, "ANTHROPIC_BASE_URL");
    while (endpoint.ends_with('/')) endpoint.pop_back();
    if (endpoint.empty()) endpoint = "https://api.anthropic.com";
    if (!endpoint.ends_with("/v1")) endpoint += "/v1";  // which the variable does not have by custom
    std::string model = variable(environment, "ANTHROPIC_MODEL");
    if (model.empty()) model = "claude-sonnet-4-5";
    const std::string wrong = endpoint_mistake(endpoint);
    if (!wrong.empty()) loaded.mistakes.push_back({"ANTHROPIC_BASE_URL", wrong});
    if (has_placeholder(key)) {
        loaded.mistakes.push_back(
            {"ANTHROPIC_API_KEY", "still holds a placeholder; put the real key there, or unset it"});
    }
    if (!wrong.empty() || has_placeholder(key)) {
        add_demo(loaded);  // nothing will start; the check must not complain a second time
        return {};
    }
    add_provider(loaded,
                 {.id = "anthropic",
                  .name = model,
                  .type = "anthropic",
                  .endpoint = endpoint,
                  .api_key = key,
                  .model = model},
                 "env ANTHROPIC_API_KEY");
    return "answers come from " + model + " at " + endpoint + ", because ANTHROPIC_API_KEY is set";
}

std::string choose_model(Loaded& loaded, const Environment& environment, const FindOllamaModel& find_model) {
    auto& providers = loaded.config.llm.providers;
    if (!providers.empty()) {
        const ProviderConfig& first = providers.front();
        return "answers come from the configured model " +
               in_quotes(first.name.empty() ? first.id : first.name) + " (" +
               (first.endpoint.empty() ? "built in" : first.endpoint) + ")";
    }
    if (has_mistake_about(loaded, "LLM_PROVIDER_")) return {};
    if (const std::string key = variable(environment, "OPENAI_API_KEY"); !key.empty()) {
        return use_openai(loaded, environment, key);
    }
    if (const std::string key = variable(environment, "ANTHROPIC_API_KEY"); !key.empty()) {
        return use_anthropic(loaded, environment, key);
    }
    const std::string ollama = ollama_base_url(environment);
    if (const auto model = find_model(ollama)) {
        add_provider(loaded,
                     {.id = "ollama",
                      .name = *model,
                      .type = "openai",
                      .endpoint = ollama + "/v1",
                      .api_key = "",
                      .model = *model},
                     "Ollama");
        return "answers come from " + *model + " of the Ollama at " + ollama;
    }
    add_demo(loaded);
    return "answers come from the built-in demo model; set OPENAI_API_KEY or ANTHROPIC_API_KEY, or start "
           "Ollama, for a real one";
}

void provide_secret(Loaded& loaded) {
    Config& config = loaded.config;
    if (!config.auth.jwt_secret.empty() || has_mistake_about(loaded, "JWT_SECRET")) return;
    if (!loaded.mistakes.empty()) {
        config.auth.jwt_secret = generate_secret();  // nothing will start, so nothing is left on the disk
        return;
    }
    auto secret = load_or_create_dev_secret(config.storage.data_dir);
    if (!secret) {
        loaded.mistakes.push_back({"CHATBOX_DATA_DIR", secret.error().detail});
        config.auth.jwt_secret = generate_secret();
        return;
    }
    config.auth.jwt_secret = std::move(*secret);
    loaded.origins["JWT_SECRET"] = (config.storage.data_dir + "/").append(dev_secrets_file);
}

}  // namespace

std::string ollama_base_url(const Environment& environment) {
    const std::string usual = "http://127.0.0.1:11434";
    std::string host = variable(environment, "OLLAMA_HOST");
    while (host.ends_with('/')) host.pop_back();
    if (host.empty()) return usual;
    if (host.find("://") == std::string::npos) host = "http://" + host;
    // Where it listens on every address, it is reached on this one.
    for (const std::string_view any : {"http://0.0.0.0", "http://[::]"}) {
        if (host.starts_with(any)) host = "http://127.0.0.1" + host.substr(any.size());
    }
    if (host.starts_with("http://") &&
        host.find(':', host.rfind(']') == std::string::npos ? 7 : host.rfind(']')) == std::string::npos) {
        host += ":11434";
    }
    return endpoint_mistake(host).empty() ? host : usual;
}

std::vector<std::string> prepare_dev(Loaded& loaded, const Environment& environment,
                                     const FindOllamaModel& find_model) {
    Config& config = loaded.config;
    std::vector<std::string> lines;
    lines.emplace_back(
        "THIS IS A DEVELOPMENT SERVER. Pages of any origin may connect, and the secret is generated. Only "
        "this machine "
        "can reach it. Use `chatbox serve` for everything else");
    const bool host_is_set = loaded.origins.contains("CHATBOX_HOST");
    if (host_is_set && config.server.host != "127.0.0.1" && config.server.host != "localhost") {
        lines.push_back("CHATBOX_HOST " + in_quotes(config.server.host) +
                        " is not used: a development server listens on 127.0.0.1 only");
    }
    config.development = true;
    config.server.host = "127.0.0.1";
    loaded.origins["CHATBOX_HOST"] = "chatbox dev";
    // The console is for people here; the links must not scroll away.
    if (!loaded.origins.contains("LOG_LEVEL")) config.log.level = "warn";
    if (std::string line = choose_model(loaded, environment, find_model); !line.empty())
        lines.push_back(std::move(line));
    provide_secret(loaded);
    lines.push_back("data is kept in " + config.storage.data_dir);
    return lines;
}

}  // namespace chatbox::server
