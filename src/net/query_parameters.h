#pragma once
// The rules by which query parameters are read (contract/http-api.md 7.7). Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace chatbox::net {

// The whole number that `text` begins with, white space and a sign allowed before it: 10abc is 10. Empty when
// it begins with something else, or with a number beyond 64 bits.
std::optional<std::int64_t> leading_number(std::string_view text);

// How many rows a list gives: the number at the start of `text`; `fallback` for what is no number, not
// positive, or greater than `most`.
std::size_t list_limit(std::string_view text, std::size_t fallback, std::size_t most);

// How many rows a list leaves out: 0 for what is no number, or negative.
std::size_t list_offset(std::string_view text);

// A point in time as somebody wrote it.
struct TimeText {
    base::Time time{};
    std::int32_t offset_minutes = 0;  // of the writer's zone from UTC
};

// What a date without a time stands for.
enum class DayEdge { start, end };

// RFC 3339, or a date alone (YYYY-MM-DD, in UTC): its first or its last millisecond.
std::optional<TimeText> parse_time(std::string_view text, DayEdge edge);

// RFC 3339 in whole seconds, in the zone that it was written in.
std::string format_in_zone(const TimeText& time);

}  // namespace chatbox::net
