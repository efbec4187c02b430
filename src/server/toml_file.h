#pragma once
// TOML files as flat lists of values. toml++ is used in the .cpp and nowhere else.
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "values.h"

namespace chatbox::server {

struct TomlValue {
    RawValue value;
    std::string place;  // file:line:column
};

struct TomlData {
    // By dotted key; the rows of an array of tables are place[0].key, place[1].key ...
    std::map<std::string, TomlValue> values;
    // Arrays of tables: how many rows.
    std::map<std::string, std::size_t> rows;
};

// Reads the file and lays it over `data` key by key; a list or an array of tables replaces the older one as a
// whole. Returns what is wrong, if anything (then `data` is unchanged): unreadable, longer than 1 MiB, or not
// TOML, with line and column. Never quotes a value from the file.
std::optional<std::string> overlay_toml_file(const std::string& path, TomlData& data);
std::optional<std::string> overlay_toml_text(std::string_view text, const std::string& path, TomlData& data);

}  // namespace chatbox::server
