#include "base/clock.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace chatbox::base {

using namespace std::chrono;

Time SystemClock::now() const {
    return time_point_cast<Millis>(system_clock::now());
}
Instant SystemClock::steady() const {
    return steady_clock::now();
}

namespace {

std::string format_date_time(Time time) {
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(time - day)};
    std::array<char, 48> out{};
    const int n =
        std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()));
    return {out.data(), static_cast<std::size_t>(n)};
}

// Reads exactly `width` digits at the front of `text` and removes them.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(0, width)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

// Digits after the point, any number of them, cut to milliseconds.
std::optional<Millis> take_fraction(std::string_view& text) {
    std::size_t digits = 0;
    int value = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        if (digits < 3) value = value * 10 + (text[digits] - '0');
        ++digits;
    }
    if (digits == 0) return std::nullopt;
    for (std::size_t i = digits; i < 3; ++i) value *= 10;
    text.remove_prefix(digits);
    return Millis(value);
}

// The rest of an RFC 3339 time: Z or an offset, and nothing behind it.
std::optional<minutes> take_zone(std::string_view text) {
    if (text == "Z" || text == "z") return minutes(0);
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto h = take_digits(text, 2);
    if (!h || !take(text, ':')) return std::nullopt;
    const auto m = take_digits(text, 2);
    if (!m || *h > 23 || *m > 59) return std::nullopt;
    return minutes(sign * (*h * 60 + *m));
}

constexpr std::int64_t longest_duration = 1'000'000'000'000'000;  // 31 000 years: more is a mistake

// A number without sign or exponent. In integers, because 1.001 * 1000 is not 1001 in floating point.
struct Decimal {
    std::int64_t whole = 0;
    std::int64_t billionths = 0;  // further digits are cut
};

std::optional<Decimal> take_decimal(std::string_view& text) {
    Decimal out;
    std::size_t digits = 0;
    const auto next_digit = [&]() -> std::optional<int> {
        const auto digit = take_digits(text, 1);
        if (digit) ++digits;
        return digit;
    };
    while (const auto digit = next_digit()) {
        out.whole = out.whole * 10 + *digit;
        if (out.whole > longest_duration) return std::nullopt;
    }
    if (take(text, '.')) {
        std::int64_t worth = 100'000'000;
        for (; const auto digit = next_digit(); worth /= 10) out.billionths += worth * *digit;
    }
    if (digits == 0) return std::nullopt;
    return out;
}

// The unit at the front of `text`, in milliseconds.
std::optional<std::int64_t> take_unit(std::string_view& text) {
    if (text.starts_with("ms")) {
        text.remove_prefix(2);
        return 1;
    }
    if (take(text, 'h')) return 3600'000;
    if (take(text, 'm')) return 60'000;
    if (take(text, 's')) return 1000;
    return std::nullopt;
}

}  // namespace

std::string format_rfc3339_seconds(Time time) {
    return format_date_time(time) + "Z";
}

std::string format_rfc3339(Time time) {
    std::string out = format_date_time(time);
    const auto part = (time - floor<seconds>(time)).count();
    if (part != 0) {
        std::array<char, 8> digits{};
        std::snprintf(digits.data(), digits.size(), ".%03d", static_cast<int>(part));
        out += digits.data();
        while (out.back() == '0') out.pop_back();
    }
    return out + "Z";
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    const auto y = take_digits(text, 4);
    if (!y || !take(text, '-')) return std::nullopt;
    const auto mo = take_digits(text, 2);
    if (!mo || !take(text, '-')) return std::nullopt;
    const auto d = take_digits(text, 2);
    if (!d || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
    const auto h = take_digits(text, 2);
    if (!h || !take(text, ':')) return std::nullopt;
    const auto mi = take_digits(text, 2);
    if (!mi || !take(text, ':')) return std::nullopt;
    const auto s = take_digits(text, 2);
    if (!s) return std::nullopt;
    Millis fraction{0};
    if (take(text, '.')) {
        const auto f = take_fraction(text);
        if (!f) return std::nullopt;
        fraction = *f;
    }
    const auto zone = take_zone(text);
    const year_month_day date{year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d))};
    if (!zone || !date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
    return Time(sys_days(date)) + hours(*h) + minutes(*mi) + seconds(*s) + fraction - *zone;
}

std::optional<Millis> parse_duration(std::string_view text) {
    if (text.empty()) return std::nullopt;
    std::int64_t total = 0;
    while (!text.empty()) {
        const auto amount = take_decimal(text);
        const auto unit = take_unit(text);
        if (!amount || !unit || amount->whole > longest_duration / *unit) return std::nullopt;
        total += amount->whole * *unit + amount->billionths * *unit / 1'000'000'000;
        if (total > longest_duration) return std::nullopt;
    }
    return Millis(total);
}

std::string format_duration(Millis duration) {
    const auto ms = duration.count();
    if (ms < 1000) return std::to_string(ms) + "ms";
    std::string out;
    if (ms >= 3600'000) out += std::to_string(ms / 3600'000) + "h";
    if (ms >= 60'000) out += std::to_string(ms / 60'000 % 60) + "m";
    out += std::to_string(ms / 1000 % 60);
    if (ms % 1000 != 0) {
        std::string part = std::to_string(1000 + ms % 1000).substr(1);
        while (part.back() == '0') part.pop_back();
        out += "." + part;
    }
    return out + "s";
}

}  // namespace chatbox::base
