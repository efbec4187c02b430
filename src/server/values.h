#pragma once
// Values of settings: from what the environment or a file says to what Config holds, and back to text.
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/config_table.h"

namespace chatbox::server {

// As it was written. The environment knows strings only; std::monostate is a TOML value that no setting takes
// (a date, a table, an array of other things than strings).
using RawValue =
    std::variant<std::monostate, std::string, std::int64_t, double, bool, std::vector<std::string>>;

// Stores `value` at `slot`. Returns an empty text, or what is wrong (`must be a whole number, not "abc"`),
// which never quotes a secret; the slot is then unchanged.
std::string assign(Slot slot, const ValueRule& rule, const RawValue& value);

// As assign() would read it; empty for an empty text, list or key. Of a secret: `(set)` or nothing.
std::string show(Slot slot, const ValueRule& rule);

std::string show_bytes(std::uint64_t count);  // 64KiB
std::string show_duration(Millis duration);   // 1m30s

// For messages: in quotes, control characters escaped, cut when long.
std::string in_quotes(std::string_view text);

// Items of a comma separated list, trimmed, empty ones left out.
std::vector<std::string> split_list(std::string_view text);

std::string lower(std::string_view text);  // ASCII

}  // namespace chatbox::server
