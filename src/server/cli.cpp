#include "server/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "commands.h"
#include "server/config_table.h"

namespace chatbox::server {

namespace {

constexpr const char* main_footer = R"(Try it:
  chatbox dev                                  a server on this machine, with links that are signed in
  chatbox check-config --config chatbox.toml   is everything right? all mistakes at once
  chatbox serve --config chatbox.toml          the real thing

Settings are read from the environment, then from TOML files; docs/configuration.md lists them all.

Exit codes: 0 done or stopped by a signal, 1 failed while running, 2 a setting is wrong or missing,
3 the address or port cannot be had, 64 the command line cannot be understood.)";

constexpr const char* serve_footer = R"(Examples:
  chatbox serve --config /etc/chatbox/chatbox.toml
  JWT_SECRET=$(openssl rand -base64 32) LLM_PROVIDER_1_TYPE=demo chatbox serve
  SERVER_PORT=0 chatbox serve                  a free port; the first line on stdout tells which

Once it is ready, the first line on stdout is `listening on http://HOST:PORT/PREFIX/`. The log goes to stderr as
JSON lines, and to files when LOG_DIR is set. SIGTERM or SIGINT stops it within SHUTDOWN_TIMEOUT.)";

constexpr const char* dev_footer = R"(Examples:
  chatbox dev                                  port 8080, data in ./data
  chatbox dev --port 0 --data-dir /tmp/chat    a free port, other data
  OPENAI_API_KEY=... chatbox dev               a real model; also OPENAI_MODEL and OPENAI_BASE_URL

Listens on 127.0.0.1 only, lets pages of any origin connect, and keeps a generated secret in the data folder.
Without a configured model it takes OPENAI_API_KEY, else the Ollama on its usual port, else a built-in demo.)";

constexpr const char* token_footer = R"txt(Examples:
  chatbox token --user ada --name "Ada L." --ttl 1h
  chatbox token --user boss --role admin       roles admin and chat_admin may see everything
  curl -H "Authorization: Bearer $(chatbox token --user ada)" http://127.0.0.1:8080/chatbox/sessions

Only the token goes to stdout. It is signed with JWT_SECRET or the TOML file's secret; if there is none, with the
secret of the development server whose data folder is --data-dir (./data).)txt";

constexpr const char* check_footer = R"(Examples:
  chatbox check-config --config chatbox.toml
  chatbox check-config > /dev/null && echo fine

Prints every setting with its value and where it is from; secrets are shown as (set). Mistakes go to stderr, one line
each, and make the exit code 2.)";

constexpr const char* version_footer = R"(Example:
  chatbox version                              chatbox 0.1.0 (revision, compiler, build type)

Mention this line when you report a problem.)";

void add_config_option(CLI::App& command, CommonOptions& options) {
    command
        .add_option("--config", options.config_files,
                    "TOML file with settings; may be repeated, later ones win")
        ->type_name("FILE")
        ->allow_extra_args(false);
}

void add_data_dir_option(CLI::App& command, CommonOptions& options) {
    command.add_option("--data-dir", options.data_dir, "folder of the database (CHATBOX_DATA_DIR)")
        ->type_name("DIR");
}

// What was chosen on the command line.
struct Choice {
    CommonOptions common;
    TokenOptions token;
    std::string document;
};

void add_commands(CLI::App& app, Choice& choice) {
    CLI::App& serve = *app.add_subcommand("serve", "Run the server");
    add_config_option(serve, choice.common);
    add_data_dir_option(serve, choice.common);
    serve.add_option("--host", choice.common.host, "address to listen on (CHATBOX_HOST)")
        ->type_name("ADDRESS");
    serve.add_option("--port", choice.common.port, "port to listen on (SERVER_PORT); 0 takes a free one")
        ->type_name("N");
    serve.footer(serve_footer);

    CLI::App& dev = *app.add_subcommand("dev", "Run a development server on this machine, ready to be used");
    add_config_option(dev, choice.common);
    add_data_dir_option(dev, choice.common);
    dev.add_option("--port", choice.common.port, "port to listen on; 0 takes a free one")->type_name("N");
    dev.footer(dev_footer);

    CLI::App& token = *app.add_subcommand("token", "Make a token that signs a user in");
    token.add_option("--user", choice.token.user, "id of the user")->required()->type_name("ID");
    token.add_option("--name", choice.token.name, "name that people see")->type_name("NAME");
    token.add_option("--role", choice.token.roles, "a role; may be repeated")
        ->type_name("ROLE")
        ->allow_extra_args(false);
    token.add_option("--ttl", choice.token.ttl, "how long it is good, such as 30m, 24h")
        ->type_name("DURATION")
        ->capture_default_str();
    add_config_option(token, choice.token.common);
    add_data_dir_option(token, choice.token.common);
    token.footer(token_footer);

    CLI::App& check =
        *app.add_subcommand("check-config", "Show the settings in effect, and every mistake in them");
    add_config_option(check, choice.common);
    check.footer(check_footer);

    app.add_subcommand("version", "Say what this is")->footer(version_footer);

    CLI::App& docs = *app.add_subcommand("docs", "Print a generated document");
    docs.add_option("document", choice.document, "configuration")
        ->required()
        ->check(CLI::IsMember({"configuration"}));
    docs.group("");  // for the repository, not for people
}

std::string command_of(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? std::string() : chosen.front()->get_name();
}

int not_understood(const Surroundings& world, const CLI::App& app, std::string text) {
    std::ranges::replace(text, '\n', ' ');
    const std::string command = command_of(app);
    world.err << "chatbox: " << text << "; see: chatbox " << command << (command.empty() ? "" : " ")
              << "--help\n";
    return exit_usage;
}

}  // namespace

int run_command_line(const Surroundings& world) {
    CLI::App app("Chatbox: a self-hosted real-time support chat.", "chatbox");
    Choice choice;
    app.set_version_flag("--version", version_text(), "Say what this is");
    app.footer(main_footer);
    app.require_subcommand(0, 1);
    add_commands(app, choice);
    try {
        std::vector<std::string> reversed(world.arguments.rbegin(),
                                          world.arguments.rend());  // as CLI11 wants it
        app.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
        world.out << app.help() << std::flush;
        return exit_ok;
    } catch (const CLI::CallForVersion&) {
        world.out << version_text() << std::endl;
        return exit_ok;
    } catch (const CLI::ParseError& error) {
        return not_understood(world, app, error.what());
    }
    const std::string command = command_of(app);
    if (command == "serve") return serve_command(world, choice.common);
    if (command == "dev") return dev_command(world, choice.common);
    if (command == "token") return token_command(world, choice.token);
    if (command == "check-config") return check_config_command(world, choice.common);
    if (command == "docs") {
        world.out << configuration_document() << std::flush;
        return exit_ok;
    }
    if (command == "version") {
        world.out << version_text() << std::endl;
        return exit_ok;
    }
    world.err << app.help() << std::flush;
    return exit_usage;
}

}  // namespace chatbox::server
