#include "query_parameters.h"

#include <charconv>
#include <chrono>

namespace chatbox::net {

using namespace std::chrono_literals;

std::optional<std::int64_t> leading_number(std::string_view text) {
    const std::size_t start = text.find_first_not_of(" \t\n\r\v\f");
    if (start == std::string_view::npos) return std::nullopt;
    text.remove_prefix(start);
    if (text.front() == '+') {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;  // from_chars would take it
    }
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc()) return std::nullopt;
    return value;
}

std::size_t list_limit(std::string_view text, std::size_t fallback, std::size_t most) {
    const auto number = leading_number(text);
    if (!number || *number <= 0 || *number > static_cast<std::int64_t>(most)) return fallback;
    return static_cast<std::size_t>(*number);
}

std::size_t list_offset(std::string_view text) {
    const auto number = leading_number(text);
    return number && *number > 0 ? static_cast<std::size_t>(*number) : 0;
}

namespace {

// The offset at the end of a time that is known to be valid RFC 3339.
std::int32_t zone_of(std::string_view time) {
    if (time.back() == 'Z' || time.back() == 'z') return 0;
    const std::string_view zone = time.substr(time.size() - 6);  // +hh:mm
    const auto digits = [&](std::size_t at) { return (zone[at] - '0') * 10 + (zone[at + 1] - '0'); };
    const std::int32_t minutes = digits(1) * 60 + digits(4);
    return zone[0] == '-' ? -minutes : minutes;
}

}  // namespace

std::optional<TimeText> parse_time(std::string_view text, DayEdge edge) {
    if (const auto time = base::parse_rfc3339(text)) return TimeText{*time, zone_of(text)};
    constexpr std::size_t date_size = 10;
    if (text.size() != date_size) return std::nullopt;
    const auto midnight = base::parse_rfc3339(std::string(text) + "T00:00:00Z");
    if (!midnight) return std::nullopt;
    return TimeText{edge == DayEdge::start ? *midnight : *midnight + 24h - 1ms, 0};
}

std::string format_in_zone(const TimeText& time) {
    const std::chrono::minutes offset(time.offset_minutes);
    std::string text = base::format_rfc3339_seconds(time.time + offset);
    if (time.offset_minutes == 0) return text;
    text.pop_back();  // the Z
    const auto two_digits = [](std::int64_t number) {
        return std::string{static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
    };
    const std::int32_t distance = time.offset_minutes < 0 ? -time.offset_minutes : time.offset_minutes;
    return text + (time.offset_minutes < 0 ? '-' : '+') + two_digits(distance / 60) + ":" +
           two_digits(distance % 60);
}

}  // namespace chatbox::net
