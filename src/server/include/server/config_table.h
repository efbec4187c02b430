#pragma once
// One table of every setting. Loading, `chatbox check-config`, docs/configuration.md and the search for
// misspelt names all read it, so a setting that is not here does not exist.
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/config.h"

namespace chatbox::server {

enum class Kind {
    text,
    choice,    // one of ValueRule::choices
    integer,   // whole number
    decimal,   // number, may have a fraction
    boolean,   // true/false, yes/no, on/off, 1/0
    duration,  // 15m, 120s, 1h30m, 100ms
    bytes,     // a whole number, or with KiB, MiB, GiB, kB, MB, GB
    list,      // a comma separated string or a TOML array of strings
    key,       // 32 bytes, or hex: or base64: and their encoding
};

enum class Secrecy { open, secret };  // the value of a secret is never shown

// What setting it does.
enum class Effect {
    now,
    later,  // accepted and checked; this version does not have what it is for
    never,  // accepted because the original had it; does nothing
};

enum class Placeholders { allowed, refused };

// What a value may be.
struct ValueRule {
    Kind kind = Kind::text;
    std::int64_t min = 0;  // integer, decimal, bytes; milliseconds of a duration
    std::int64_t max = std::numeric_limits<std::int32_t>::max();
    std::vector<std::string_view> choices = {};
    Secrecy secrecy = Secrecy::open;
    Placeholders placeholders = Placeholders::allowed;  // secrets refuse them in any case
};

// Where a value goes: a place inside a Config, valid as long as that.
using Slot = std::variant<std::string*, std::uint16_t*, std::size_t*, double*, bool*, Millis*,
                          std::vector<std::string>*, std::optional<std::string>*>;

struct Setting {
    std::string_view section;
    std::vector<std::string_view> env = {};   // all its names, the first one leads
    std::vector<std::string_view> toml = {};  // dotted keys
    Slot (*slot)(Config&) = nullptr;
    ValueRule rule = {};
    Effect effect = Effect::now;
    std::string_view help = {};          // one line
    std::string_view default_text = {};  // when the value itself does not tell

    std::string_view name() const { return env.empty() ? toml.front() : env.front(); }
};

struct GroupField {
    std::string_view toml;
    std::string_view env_suffix = {};
    Slot (*slot)(Config&, std::size_t row) = nullptr;
    ValueRule rule = {};
    std::string_view help = {};
};

// A list of tables, such as [[llm.providers]].
struct Group {
    std::string_view section;
    std::vector<std::string_view> places;  // dotted keys; the first one that is there counts
    std::string_view env_prefix = {};      // <prefix><n>_<suffix>, n from 1 to max_env_rows; empty: TOML only
    void (*resize)(Config&, std::size_t rows) = nullptr;
    std::vector<GroupField> fields = {};
    Effect effect = Effect::now;
    std::string_view help = {};
};

constexpr std::size_t max_env_rows = 10;

// Constant, made at first use. Any thread.
const std::vector<Setting>& settings();
const std::vector<Group>& groups();

// Every dotted TOML key; rows of a group as place[].field.
std::vector<std::string> known_toml_keys();
// Every environment variable, those of groups for each n.
std::vector<std::string> known_env_names();

// docs/configuration.md.
std::string configuration_document();

}  // namespace chatbox::server
