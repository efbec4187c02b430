#include "llm/vendor/json_repair.h"

#include <charconv>

#include "base/text.h"

namespace chatbox::llm::vendor {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
// U+FDD0, which is no character and never will be, so that nobody's text holds it. Four hex digits follow.
constexpr std::string_view mark = "\xEF\xB7\x90";

bool is_high(char32_t unit) {
    return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low(char32_t unit) {
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

std::optional<char32_t> four_hex_digits(std::string_view text) {
    if (text.size() < 4) return std::nullopt;
    text = text.substr(0, 4);
    std::uint32_t unit = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), unit, 16);
    if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return static_cast<char32_t>(unit);
}

// The UTF-16 unit of an escape \uXXXX at the front.
std::optional<char32_t> escaped_unit(std::string_view text) {
    if (!text.starts_with("\\u")) return std::nullopt;
    return four_hex_digits(text.substr(2));
}

void append_utf8_of_pair(std::string& out, char32_t high, char32_t low) {
    const char32_t c = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
}

// Copies the escape at the front of `json` and returns its length: of a pair both, of a lone surrogate the
// mark.
std::size_t repair_escape(std::string_view json, std::string& out, bool& changed) {
    const auto unit = escaped_unit(json);
    if (!unit) {  // another escape: its two characters belong together
        out.append(json.substr(0, 2));
        return std::min<std::size_t>(2, json.size());
    }
    const auto next = escaped_unit(json.substr(6));
    if (is_high(*unit) && next && is_low(*next)) {
        out.append(json.substr(0, 12));
        return 12;
    }
    if (is_high(*unit) || is_low(*unit)) {
        changed = true;
        out.append(mark).append(json.substr(2, 4));
    } else {
        out.append(json.substr(0, 6));
    }
    return 6;
}

// Copies one character that is not ASCII, or U+FFFD for a byte that begins none, and returns its length in
// `json`.
std::size_t repair_character(std::string_view json, std::string& out, bool& changed) {
    for (std::size_t size = 2; size <= 4 && size <= json.size(); ++size) {
        if (!base::is_valid_utf8(json.substr(0, size))) continue;
        // Valid at this size but not at a smaller one: one whole character.
        out.append(json.substr(0, size));
        return size;
    }
    changed = true;
    out.append(replacement);
    return 1;
}

}  // namespace

std::optional<std::string> repair_json(std::string_view json) {
    std::string out;
    bool changed = false;
    while (!json.empty()) {
        std::size_t taken = 1;
        if (json.front() == '\\')
            taken = repair_escape(json, out, changed);
        else if (static_cast<unsigned char>(json.front()) >= 0x80)
            taken = repair_character(json, out, changed);
        else
            out.push_back(json.front());
        json.remove_prefix(taken);
    }
    if (!changed) return std::nullopt;
    return out;
}

std::string SurrogateJoiner::join(std::string_view text, bool marked) {
    std::string out;
    while (!text.empty()) {
        const bool at_mark = marked && text.starts_with(mark);
        const auto unit = at_mark ? four_hex_digits(text.substr(mark.size())) : std::nullopt;
        if (unit && is_low(*unit) && high_ != 0) {
            append_utf8_of_pair(out, high_, *unit);
            high_ = 0;
        } else {
            out += rest();
            if (!unit) {
                // Up to the next mark everything is text.
                const std::size_t end = marked ? text.find(mark, 1) : text.npos;
                out.append(text.substr(0, end));
                text.remove_prefix(std::min(end, text.size()));
                continue;
            }
            if (is_high(*unit))
                high_ = *unit;
            else
                out.append(replacement);
        }
        text.remove_prefix(mark.size() + 4);
    }
    return out;
}

std::string SurrogateJoiner::rest() {
    const bool waits = high_ != 0;
    high_ = 0;
    return waits ? std::string(replacement) : std::string();
}

}  // namespace chatbox::llm::vendor
