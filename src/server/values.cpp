#include "values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "server/secrets.h"

namespace chatbox::server {

namespace {

std::string_view trim(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> decimal_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

struct Unit {
    std::string_view name;
    std::int64_t factor;
};
constexpr Unit units[] = {{"kib", 1LL << 10},
                          {"mib", 1LL << 20},
                          {"gib", 1LL << 30},
                          {"kb", 1'000},
                          {"mb", 1'000'000},
                          {"gb", 1'000'000'000},
                          {"b", 1}};

std::optional<std::int64_t> byte_count(std::string_view text) {
    const std::string low = lower(text);
    for (const Unit& unit : units) {
        if (!low.ends_with(unit.name)) continue;
        const auto number =
            whole_number(trim(std::string_view(low).substr(0, low.size() - unit.name.size())));
        const std::int64_t most = (1LL << 50) / unit.factor;
        if (!number || *number < -most || *number > most) return std::nullopt;
        return *number * unit.factor;
    }
    return whole_number(low);
}

std::optional<bool> truth(std::string_view text) {
    const std::string low = lower(text);
    for (const std::string_view yes : {"true", "t", "yes", "on", "1"}) {
        if (low == yes) return true;
    }
    for (const std::string_view no : {"false", "f", "no", "off", "0"}) {
        if (low == no) return false;
    }
    return std::nullopt;
}

std::optional<Millis> duration_of(std::string_view text) {
    // Go's notation only; base's reader would also take exponents.
    if (text.find_first_not_of("0123456789.hms") != std::string_view::npos) return std::nullopt;
    return base::parse_duration(text);
}

std::string as_text(const RawValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return std::string(trim(*text));
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<double>(&value)) {
        char out[32];
        const int n = std::snprintf(out, sizeof out, "%g", *number);
        return {out, static_cast<std::size_t>(n)};
    }
    return std::holds_alternative<std::monostate>(value) ? "a value of another type" : "a list";
}

std::string not_but(std::string_view wanted, const ValueRule& rule, const RawValue& value) {
    std::string text = "must be " + std::string(wanted);
    if (rule.secrecy == Secrecy::open) {
        text += std::holds_alternative<std::string>(value) ? ", not " + in_quotes(as_text(value))
                                                           : ", not " + as_text(value);
    }
    return text;
}

void store_number(Slot slot, double value) {
    if (auto* const* to = std::get_if<std::uint16_t*>(&slot)) **to = static_cast<std::uint16_t>(value);
    if (auto* const* to = std::get_if<std::size_t*>(&slot)) **to = static_cast<std::size_t>(value);
    if (auto* const* to = std::get_if<double*>(&slot)) **to = value;
}

std::string range_text(const ValueRule& rule) {
    const auto end = [&](std::int64_t bound) {
        if (rule.kind == Kind::duration) return show_duration(Millis(bound));
        return rule.kind == Kind::bytes ? show_bytes(static_cast<std::uint64_t>(bound))
                                        : std::to_string(bound);
    };
    return "between " + end(rule.min) + " and " + end(rule.max);
}

std::string assign_number(Slot slot, const ValueRule& rule, const RawValue& value) {
    std::optional<double> number;
    std::string_view wanted;
    const std::string text = as_text(value);
    const bool from_text =
        std::holds_alternative<std::string>(value) || std::holds_alternative<std::int64_t>(value);
    if (rule.kind == Kind::decimal) {
        wanted = "a number";
        if (from_text || std::holds_alternative<double>(value)) number = decimal_number(text);
    } else if (rule.kind == Kind::bytes) {
        wanted = "a number of bytes, such as 65536, 64KiB or 1MiB";
        if (const auto n = from_text ? byte_count(text) : std::nullopt) number = static_cast<double>(*n);
    } else {
        wanted = "a whole number";
        if (const auto n = from_text ? whole_number(text) : std::nullopt) number = static_cast<double>(*n);
    }
    if (!number) return not_but(wanted, rule, value);
    if (*number < static_cast<double>(rule.min) || *number > static_cast<double>(rule.max)) {
        return not_but(range_text(rule), rule, value);
    }
    store_number(slot, *number);
    return {};
}

std::string assign_duration(Slot slot, const ValueRule& rule, const RawValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    const auto parsed = text != nullptr ? duration_of(trim(*text)) : std::nullopt;
    if (!parsed) return not_but("a duration with its unit, such as 500ms, 30s, 15m or 1h30m", rule, value);
    if (parsed->count() < rule.min || parsed->count() > rule.max)
        return not_but(range_text(rule), rule, value);
    *std::get<Millis*>(slot) = *parsed;
    return {};
}

std::string assign_boolean(Slot slot, const ValueRule& rule, const RawValue& value) {
    std::optional<bool> flag;
    if (const auto* given = std::get_if<bool>(&value)) flag = *given;
    if (const auto* text = std::get_if<std::string>(&value)) flag = truth(trim(*text));
    if (!flag) return not_but("true or false", rule, value);
    *std::get<bool*>(slot) = *flag;
    return {};
}

std::string assign_list(Slot slot, const ValueRule& rule, const RawValue& value) {
    auto& to = *std::get<std::vector<std::string>*>(slot);
    if (const auto* text = std::get_if<std::string>(&value)) {
        to = split_list(*text);
    } else if (const auto* items = std::get_if<std::vector<std::string>>(&value)) {
        std::vector<std::string> trimmed;
        for (const std::string& item : *items) {
            if (!trim(item).empty()) trimmed.emplace_back(trim(item));
        }
        to = std::move(trimmed);
    } else {
        return not_but("a comma separated text or a list of texts", rule, value);
    }
    return {};
}

std::string assign_choice(Slot slot, const ValueRule& rule, const RawValue& value) {
    const std::string given = lower(as_text(value));
    if (std::holds_alternative<std::string>(value) && std::ranges::count(rule.choices, given) != 0) {
        *std::get<std::string*>(slot) = given;
        return {};
    }
    std::string wanted;
    for (const std::string_view choice : rule.choices) {
        if (!wanted.empty()) wanted += choice == rule.choices.back() ? " or " : ", ";
        wanted += choice;
    }
    return not_but(wanted, rule, value);
}

std::string assign_key(Slot slot, const std::string& text) {
    auto& key = *std::get<std::optional<std::string>*>(slot);
    if (text.empty()) {
        key.reset();
        return {};
    }
    auto decoded = decode_encryption_key(text);
    if (!decoded) return decoded.error().detail;
    key = std::move(*decoded);
    return {};
}

std::string assign_text(Slot slot, const ValueRule& rule, const RawValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return not_but("a text in quotes", rule, value);
    if (rule.kind == Kind::key) return assign_key(slot, *text);
    if (text->find('\0') != std::string::npos) return "must not have a NUL character";
    *std::get<std::string*>(slot) = *text;
    return {};
}

bool breaks_placeholder_rule(const ValueRule& rule, const RawValue& value) {
    if (rule.secrecy == Secrecy::open && rule.placeholders == Placeholders::allowed) return false;
    if (const auto* text = std::get_if<std::string>(&value)) return has_placeholder(*text);
    const auto* items = std::get_if<std::vector<std::string>>(&value);
    return items != nullptr && std::ranges::any_of(*items, has_placeholder);
}

}  // namespace

std::string assign(Slot slot, const ValueRule& rule, const RawValue& value) {
    if (breaks_placeholder_rule(rule, value)) return "still holds a placeholder; put the real value there";
    switch (rule.kind) {
        case Kind::integer:
        case Kind::decimal:
        case Kind::bytes:
            return assign_number(slot, rule, value);
        case Kind::duration:
            return assign_duration(slot, rule, value);
        case Kind::boolean:
            return assign_boolean(slot, rule, value);
        case Kind::list:
            return assign_list(slot, rule, value);
        case Kind::choice:
            return assign_choice(slot, rule, value);
        case Kind::text:
        case Kind::key:
            break;
    }
    return assign_text(slot, rule, value);
}

std::string show(Slot slot, const ValueRule& rule) {
    struct Shower {
        const ValueRule& rule;
        std::string operator()(const std::string* v) const { return *v; }
        std::string operator()(const std::uint16_t* v) const { return std::to_string(*v); }
        std::string operator()(const std::size_t* v) const {
            if (is_unset(static_cast<double>(*v))) return "";
            return rule.kind == Kind::bytes ? show_bytes(*v) : std::to_string(*v);
        }
        std::string operator()(const double* v) const { return is_unset(*v) ? "" : as_text(RawValue(*v)); }
        // A default below what may be set means that nothing was.
        bool is_unset(double v) const { return v < static_cast<double>(rule.min); }
        std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
        std::string operator()(const Millis* v) const { return show_duration(*v); }
        std::string operator()(const std::vector<std::string>* v) const {
            std::string text;
            for (const std::string& item : *v) text += (text.empty() ? "" : ",") + item;
            return text;
        }
        std::string operator()(const std::optional<std::string>* v) const { return v->value_or(""); }
    };
    std::string text = std::visit(Shower{rule}, slot);
    if (rule.secrecy == Secrecy::secret && !text.empty()) return "(set)";
    return text;
}

std::string show_bytes(std::uint64_t count) {
    if (count == 0) return "0";
    for (const Unit& unit : {units[2], units[1], units[0]}) {
        const auto factor = static_cast<std::uint64_t>(unit.factor);
        if (count % factor == 0) {
            return std::to_string(count / factor) + (unit.name == "gib"   ? "GiB"
                                                     : unit.name == "mib" ? "MiB"
                                                                          : "KiB");
        }
    }
    return std::to_string(count);
}

std::string show_duration(Millis duration) {
    std::string text = base::format_duration(duration);  // 2m0s
    if (text.ends_with("m0s")) text.resize(text.size() - 2);
    if (text.ends_with("h0m")) text.resize(text.size() - 2);
    return text;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 80;
    const bool cut = text.size() > longest;
    if (cut) text = text.substr(0, base::utf8_floor(text, longest));
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            char code[8];
            std::snprintf(code, sizeof code, "\\x%02x", byte);
            out += code;
        } else {
            out += c;
        }
    }
    return out + (cut ? "...\"" : "\"");
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> items;
    while (true) {
        const std::size_t comma = text.find(',');
        const std::string_view item = trim(text.substr(0, comma));
        if (!item.empty()) items.emplace_back(item);
        if (comma == std::string_view::npos) return items;
        text.remove_prefix(comma + 1);
    }
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

}  // namespace chatbox::server
