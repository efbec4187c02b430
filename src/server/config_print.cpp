// The table of settings as people read it: `check-config` and docs/configuration.md.
#include <algorithm>
#include <ostream>

#include "server/config_load.h"
#include "server/config_table.h"
#include "values.h"

namespace chatbox::server {

namespace {

std::string shown(Slot slot, const ValueRule& rule, const std::string& when_empty) {
    const std::string text = show(slot, rule);
    if (text.empty()) return when_empty;
    if (rule.secrecy == Secrecy::secret) return text;
    const bool is_text = rule.kind == Kind::text || rule.kind == Kind::list || rule.kind == Kind::choice;
    return is_text ? in_quotes(text) : text;
}

// --- docs/configuration.md
// --------------------------------------------------------------------------------------

std::string code(std::string_view text) {
    return "`" + std::string(text) + "`";
}

std::string codes(const std::vector<std::string_view>& names) {
    std::string text;
    for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + code(name);
    return text;
}

std::string kind_text(const ValueRule& rule) {
    switch (rule.kind) {
        case Kind::text:
            return "text";
        case Kind::choice:
            return "choice";
        case Kind::decimal:
            return "number, " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
        case Kind::integer:
            return "whole number, " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
        case Kind::boolean:
            return "boolean";
        case Kind::duration:
            return "duration, " + show_duration(Millis(rule.min)) + " to " + show_duration(Millis(rule.max));
        case Kind::bytes:
            return "bytes, " + show_bytes(static_cast<std::uint64_t>(rule.min)) + " to " +
                   show_bytes(static_cast<std::uint64_t>(rule.max));
        case Kind::list:
            return "list";
        case Kind::key:
            return "key";
    }
    return {};
}

std::string effect_text(Effect effect) {
    switch (effect) {
        case Effect::now:
            return "";
        case Effect::later:
            return " *(not in effect in this version)*";
        case Effect::never:
            return " *(accepted, without effect)*";
    }
    return {};
}

std::string setting_row(const Setting& setting) {
    Config defaults;
    std::string value(setting.default_text);
    if (value.empty()) {
        value = show(setting.slot(defaults), setting.rule);
        value = value.empty() ? "none" : code(value);
    }
    std::string type = kind_text(setting.rule);
    if (setting.rule.secrecy == Secrecy::secret) type += ", secret";
    const std::string env = setting.env.empty() ? "–" : codes(setting.env);
    const std::string toml = setting.toml.empty() ? "–" : codes(setting.toml);
    return "| " + env + " | " + toml + " | " + value + " | " + type + " | " + std::string(setting.help) +
           effect_text(setting.effect) + " |\n";
}

std::string group_text(const Group& group) {
    std::string places;
    for (const std::string_view place : group.places) {
        places += (places.empty() ? "" : " or ") + code("[[" + std::string(place) + "]]");
    }
    std::string text = "\n" + places;
    if (!group.env_prefix.empty()) {
        const std::string prefix(group.env_prefix);
        text += ", or " + code(prefix + "<n>_…") + " with n from 1 to " + std::to_string(max_env_rows) +
                ", gaps allowed; " + code(prefix + "1_…") + " is laid over the first table, and so on";
    }
    text += ". " + std::string(group.help) + effect_text(group.effect) + "\n\n";
    text += group.env_prefix.empty() ? "| TOML | type | meaning |\n|---|---|---|\n"
                                     : "| environment | TOML | type | meaning |\n|---|---|---|---|\n";
    for (const GroupField& field : group.fields) {
        if (!group.env_prefix.empty())
            text += "| " + code(std::string(group.env_prefix) + "<n>_" + std::string(field.env_suffix)) + " ";
        std::string type = kind_text(field.rule);
        if (field.rule.secrecy == Secrecy::secret) type += ", secret";
        text += "| " + code(field.toml) + " | " + type + " | " + std::string(field.help) + " |\n";
    }
    return text;
}

constexpr std::string_view introduction = R"(# Configuration

<!-- Made from the table of settings by `chatbox docs configuration`. Do not edit. -->

A setting is read from the environment, else from a TOML file, else it has its default. An empty environment variable
counts as not set. `chatbox check-config` prints what is in effect and where it is from, and lists every mistake.

```toml
[server]
port = 8080

[chatbox]
jwt_secret = "…"                 # openssl rand -base64 32
allowed_origins = ["https://www.example.com"]
data_dir = "/var/lib/chatbox"

[[llm.providers]]
id = "gpt"
name = "GPT"
type = "openai"
endpoint = "https://api.openai.com/v1"
apiKey = "…"
model = "gpt-4o-mini"
```

The files, the first of these that is given: `--config FILE` (may be repeated); `CHATBOX_CONFIG`; `RMBASE_FILE_CFG`; the
`*.toml` files of the folder `RMBASE_FOLDER_CFG`, by name; `config.toml` in the working folder, if it is there. The
variables may name several files with commas between them. Of several files the later one wins, key by key.

A *duration* has a unit: `500ms`, `30s`, `15m`, `1h30m`. *Bytes* are a whole number, or one with `KiB`, `MiB`, `GiB`
(1024) or `kB`, `MB`, `GB` (1000). A *boolean* is `true` or `false` (also `yes`, `no`, `on`, `off`, `1`, `0`). A *list*
is a text with commas or a TOML array of texts.

Whatever is wrong is reported before anything starts, all at once, one line each on stderr
(`chatbox: SETTING: what is wrong and what to do`), never with the value of a secret, and the exit code is 2. A TOML
key that is not known is a warning that names the nearest one. Secrets are refused while they hold what templates put
there: `REPLACE_WITH`, `PLACEHOLDER`, `CHANGE-ME`, `CHANGE_ME`, `YOUR-`.
)";

constexpr std::string_view development = R"(
## Development server

`chatbox dev` reads the settings above, but listens on 127.0.0.1 only, lets pages of any origin connect, and without
`JWT_SECRET` keeps a generated one in the data folder. Without a configured model it looks for one by these variables,
which `chatbox serve` does not read:

| environment | default | meaning |
|---|---|---|
| `OPENAI_API_KEY` | none | Key for OpenAI, or for the server at `OPENAI_BASE_URL`; when it is set, that answers |
| `OPENAI_BASE_URL` | `https://api.openai.com/v1` | Base URL of a server that speaks OpenAI's chat completions |
| `OPENAI_MODEL` | `gpt-4o-mini` | The vendor's name of the model |
| `ANTHROPIC_API_KEY` | none | Key for Anthropic; when it is set and `OPENAI_API_KEY` is not, that answers |
| `ANTHROPIC_BASE_URL` | `https://api.anthropic.com` | Base URL of a server that speaks its Messages API |
| `ANTHROPIC_MODEL` | `claude-sonnet-4-5` | The vendor's name of the model |
| `OLLAMA_HOST` | `127.0.0.1:11434` | Where an Ollama is looked for when there is no key |

If there is none of these, the built-in demo model answers.
)";

}  // namespace

void print_config(const Loaded& loaded, std::ostream& out) {
    Config config = loaded.config;
    const auto line = [&](const std::string& name, const std::string& value) {
        const auto origin = loaded.origins.find(name);
        out << name << " = " << value << "  # "
            << (origin == loaded.origins.end() ? "default" : origin->second) << '\n';
    };
    std::string_view section;
    for (const Setting& setting : settings()) {
        if (setting.section != section)
            out << (section.empty() ? "" : "\n") << "# " << setting.section << '\n';
        section = setting.section;
        const std::string when_empty = setting.rule.kind == Kind::list ? "(empty)" : "(not set)";
        line(std::string(setting.name()), shown(setting.slot(config), setting.rule, when_empty));
    }
    for (const Group& group : groups()) {
        if (group.env_prefix.empty()) continue;
        out << "\n# " << group.section << '\n';
        for (std::size_t row = 0; row < loaded.provider_numbers.size(); ++row) {
            for (const GroupField& field : group.fields) {
                const std::string name = std::string(group.env_prefix) +
                                         std::to_string(loaded.provider_numbers[row]) + "_" +
                                         std::string(field.env_suffix);
                line(name, shown(field.slot(config, row), field.rule, "(not set)"));
            }
        }
    }
}

std::string configuration_document() {
    std::string text(introduction);
    std::vector<std::string_view> sections;
    for (const Setting& setting : settings()) {
        if (std::ranges::count(sections, setting.section) == 0) sections.push_back(setting.section);
    }
    for (const std::string_view section : sections) {
        text += "\n## " + std::string(section) + "\n\n";
        text += "| environment | TOML | default | type | meaning |\n|---|---|---|---|---|\n";
        for (const Setting& setting : settings()) {
            if (setting.section == section) text += setting_row(setting);
        }
        for (const Group& group : groups()) {
            if (group.section == section) text += group_text(group);
        }
    }
    text += development;
    return text;
}

}  // namespace chatbox::server
