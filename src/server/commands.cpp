#include "commands.h"

#include <algorithm>
#include <ostream>
#include <system_error>

#include "auth/token.h"
#include "base/text.h"
#include "ops/json_log.h"
#include "server/config_load.h"
#include "server/dev_setup.h"
#include "server/secrets.h"
#include "values.h"
#include "version_info.h"

namespace chatbox::server {

namespace {

constexpr std::chrono::days dev_link_lifetime{7};
constexpr std::chrono::days longest_token_lifetime{3660};

Sources sources_of(const Surroundings& world, const CommonOptions& options) {
    Sources sources;
    sources.environment = world.environment;
    sources.files = options.config_files;
    if (!options.host.empty()) sources.command_line["CHATBOX_HOST"] = options.host;
    if (!options.port.empty()) sources.command_line["SERVER_PORT"] = options.port;
    if (!options.data_dir.empty()) sources.command_line["CHATBOX_DATA_DIR"] = options.data_dir;
    return sources;
}

base::LogLevel level_of(const std::string& name) {
    if (name == "debug") return base::LogLevel::debug;
    if (name == "warn" || name == "warning") return base::LogLevel::warn;
    if (name == "error" || name == "fatal") return base::LogLevel::error;
    return base::LogLevel::info;
}

std::unique_ptr<base::Log> open_log(const Config::Log& config) {
    ops::JsonLogOptions options;
    options.level = level_of(config.level);
    options.console = config.console;
    options.directory = config.dir;
    options.info_file = config.info_file;
    options.warn_file = config.warn_file;
    options.error_file = config.error_file;
    return ops::make_json_log(options);
}

// What serve and dev have in common, once their configuration stands.
int run_checked(const Surroundings& world, const Loaded& loaded,
                const std::function<void(std::uint16_t)>& on_ready) {
    if (!loaded.mistakes.empty()) {
        print_warnings(loaded, world.err);
        print_mistakes(loaded, world.err);
        return exit_configuration;
    }
    std::unique_ptr<base::Log> log;
    try {
        log = open_log(loaded.config.log);
    } catch (const std::system_error& error) {
        world.err << "chatbox: LOG_DIR: log files cannot be written: " << error.what() << '\n';
        return exit_configuration;
    }
    for (const Problem& problem : loaded.warnings)
        log->warn("config", problem.text, {{"setting", problem.setting}});
    return world.run(loaded.config, *log, on_ready);
}

// What our own tokens say of where they are from, so that we accept them.
auth::TokenOrigin token_origin(const Config::Auth& config) {
    auth::TokenOrigin origin;
    if (!config.issuers.empty()) origin.issuer = config.issuers.front();
    if (!config.audiences.empty()) origin.audience = config.audiences.front();
    return origin;
}

std::string dev_link(const Config& config, std::uint16_t port, std::string_view page,
                     const std::string& token) {
    return "http://127.0.0.1:" + std::to_string(port) + config.server.path_prefix + "/" + std::string(page) +
           "#token=" + token;
}

void print_dev_links(const Surroundings& world, const Config& config, std::uint16_t port) {
    const base::Time now = world.clock.now();
    const auto token = [&](const char* user, const char* name, std::vector<std::string> roles) {
        const auth::Identity identity{model::UserId(user), name, std::move(roles), now + dev_link_lifetime};
        return auth::sign_token(identity, now, config.auth.jwt_secret, token_origin(config.auth));
    };
    world.out << "Visitor: " << dev_link(config, port, "", token("visitor-1", "Visitor", {})) << '\n'
              << "Administrator: "
              << dev_link(config, port, "admin.html", token("admin-1", "Administrator", {"admin"}))
              << std::endl;
}

// The secret that a token is signed with, and a line that says which one it is.
struct TokenSecret {
    std::string secret, note;
};

base::Result<TokenSecret> secret_for_tokens(Loaded& loaded) {
    const auto wrong = [](std::string text) { return base::Error{base::Errc::invalid, std::move(text)}; };
    for (const Problem& problem : loaded.mistakes) {
        if (problem.setting == "JWT_SECRET" || !loaded.complete)
            return wrong(problem.setting + ": " + problem.text);
    }
    const std::string& secret = loaded.config.auth.jwt_secret;
    if (!secret.empty()) {
        if (const std::string mistake = jwt_secret_mistake(secret); !mistake.empty())
            return wrong("JWT_SECRET: " + mistake);
        return TokenSecret{secret, "signed with JWT_SECRET (" + loaded.origins["JWT_SECRET"] + ")"};
    }
    const std::string& folder = loaded.config.storage.data_dir;
    const auto dev = read_dev_secret(folder);
    if (dev) return TokenSecret{*dev, "signed with the secret of the development server in " + folder};
    if (dev.error().code != base::Errc::not_found) return wrong("CHATBOX_DATA_DIR: " + dev.error().detail);
    return wrong("JWT_SECRET: is not set, and " + folder +
                 " is not the data folder of a development server; set it to the "
                 "secret of your server, or name the folder with --data-dir");
}

std::string user_mistake(const std::string& user) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (user.empty()) return "must not be empty";
    if (user.size() > 255) return "must have at most 255 bytes";
    if (!base::is_valid_utf8(user) || std::ranges::any_of(user, is_control)) return "must be plain text";
    return {};
}

}  // namespace

std::string listen_failure(const Config& config, const std::string& reason) {
    const bool v6 = config.server.host.find(':') != std::string::npos;
    std::string text = "chatbox: SERVER_PORT: cannot listen on " +
                       (v6 ? "[" + config.server.host + "]" : config.server.host) + ":" +
                       std::to_string(config.server.port) + ": " + reason + "; ";
    text += config.development
                ? "choose another port with --port (`chatbox dev --port 0` takes a free one)"
                : "stop what uses it, or choose another address with CHATBOX_HOST and SERVER_PORT";
    return text;
}

int serve_command(const Surroundings& world, const CommonOptions& options) {
    Loaded loaded = load_config(sources_of(world, options));
    check_config(loaded);
    return run_checked(world, loaded, {});
}

int dev_command(const Surroundings& world, const CommonOptions& options) {
    Loaded loaded = load_config(sources_of(world, options));
    const auto lines = prepare_dev(loaded, world.environment, world.find_ollama_model);
    check_config(loaded);
    if (loaded.mistakes.empty()) {
        for (const std::string& line : lines) world.err << "chatbox dev: " << line << '\n';
        world.err.flush();
    }
    return run_checked(world, loaded,
                       [&](std::uint16_t port) { print_dev_links(world, loaded.config, port); });
}

int token_command(const Surroundings& world, const TokenOptions& options) {
    const auto usage = [&](const std::string& text) {
        world.err << "chatbox: " << text << "; see: chatbox token --help\n";
        return exit_usage;
    };
    if (const std::string wrong = user_mistake(options.user); !wrong.empty()) return usage("--user " + wrong);
    if (!base::is_valid_utf8(options.name)) return usage("--name must be plain text");
    if (!std::ranges::all_of(options.roles, base::is_valid_utf8)) return usage("--role must be plain text");
    Millis lifetime{};
    const ValueRule rule{.kind = Kind::duration, .min = 1000, .max = Millis(longest_token_lifetime).count()};
    if (const std::string wrong = assign(&lifetime, rule, options.ttl); !wrong.empty())
        return usage("--ttl " + wrong);

    Loaded loaded = load_config(sources_of(world, options.common));
    const auto secret = secret_for_tokens(loaded);
    if (!secret) {
        world.err << "chatbox: " << secret.error().detail << '\n';
        return exit_configuration;
    }
    const base::Time now = world.clock.now();
    const auth::Identity identity{model::UserId(options.user), options.name, options.roles, now + lifetime};
    world.err << "chatbox: " << secret->note << ", good for " << show_duration(lifetime) << '\n';
    world.out << auth::sign_token(identity, now, secret->secret, token_origin(loaded.config.auth))
              << std::endl;
    if (world.out) return exit_ok;
    world.err << "chatbox: stdout: cannot be written\n";
    return exit_failure;
}

int check_config_command(const Surroundings& world, const CommonOptions& options) {
    Loaded loaded = load_config(sources_of(world, options));
    check_config(loaded);
    print_config(loaded, world.out);
    world.out.flush();
    print_warnings(loaded, world.err);
    print_mistakes(loaded, world.err);
    return loaded.mistakes.empty() ? exit_ok : exit_configuration;
}

std::string version_text() {
    std::string text = "chatbox " CHATBOX_VERSION " (";
    if (const std::string_view revision = source_revision(); !revision.empty())
        text += std::string(revision) + ", ";
    return text + CHATBOX_COMPILER ", " CHATBOX_BUILD_TYPE ")";
}

}  // namespace chatbox::server
