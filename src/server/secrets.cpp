#include "server/secrets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "base/id.h"
#include "base/text.h"
#include "values.h"

namespace chatbox::server {

namespace {

constexpr std::string_view how_to_make_one = "make one with: openssl rand -base64 32";

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
    return is_upper(c) || is_lower(c);
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// People write a word as test, TEST or Test; random letters seldom do.
bool is_cased_like_a_word(std::string_view text) {
    const auto upper = static_cast<std::size_t>(std::ranges::count_if(text, is_upper));
    return upper == 0 || upper == text.size() || (upper == 1 && is_upper(text.front()));
}

bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
    return (at == 0 || !is_letter(text[at - 1])) && (at + size == text.size() || !is_letter(text[at + size]));
}

bool has_word(std::string_view text, std::string_view low_text, std::string_view word, bool anywhere) {
    for (std::size_t at = low_text.find(word); at != std::string_view::npos;
         at = low_text.find(word, at + 1)) {
        if (is_cased_like_a_word(text.substr(at, word.size())) &&
            (anywhere || stands_alone(text, at, word.size()))) {
            return true;
        }
    }
    return false;
}

// The length of the longest piece at `at` that stands earlier in `text`, too.
std::size_t repeated_length(std::string_view text, std::size_t at) {
    std::size_t best = 0;
    for (std::size_t from = 0; from < at; ++from) {
        std::size_t n = 0;
        while (at + n < text.size() && text[from + n] == text[at + n]) ++n;
        best = std::max(best, n);
    }
    return best;
}

std::optional<std::string> from_hex(std::string_view text) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
    if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
        return std::nullopt;
    }
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1])));
    }
    return bytes;
}

// RFC 4648 section 4, padding optional, unused bits zero.
std::optional<std::string> from_base64(std::string_view text) {
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<char>(bits >> count & 0xFF));
        }
    }
    if (count >= 6 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return bytes;
}

// What `openssl rand -base64 32` prints. One in a million of these has a short word between two digits or
// signs, which takes nothing from its strength.
bool is_as_advised(std::string_view secret) {
    constexpr std::size_t encoded_size = 44;  // of 32 bytes, the last character is padding
    return secret.size() == encoded_size && secret.ends_with('=') && !secret.ends_with("==") &&
           std::ranges::any_of(secret, is_upper) && std::ranges::any_of(secret, is_lower) &&
           std::ranges::any_of(secret, is_digit) && from_base64(secret).has_value();
}

}  // namespace

bool has_placeholder(std::string_view value) {
    const std::string low = lower(value);
    return std::ranges::any_of(
        std::array<std::string_view, 5>{"replace_with", "placeholder", "change-me", "change_me", "your-"},
        [&](std::string_view mark) { return low.find(mark) != std::string::npos; });
}

bool has_weak_word(std::string_view secret) {
    const std::string low = lower(secret);
    // A random base64 text has one of the long words once in 10^8, so they are looked for inside other words
    // as well.
    for (const std::string_view word : {"secret", "password", "changeme", "default", "example"}) {
        if (has_word(secret, low, word, true)) return true;
    }
    if (is_as_advised(secret)) return false;
    for (const std::string_view word : {"test", "admin", "demo"}) {
        if (has_word(secret, low, word, false)) return true;
    }
    return false;
}

double secret_bits(std::string_view secret) {
    constexpr std::size_t shortest_repeat = 3;
    constexpr std::size_t enough = 256;  // bytes; the search for repeats takes their cube
    secret = secret.substr(0, enough);
    const std::set<char> alphabet(secret.begin(), secret.end());
    std::size_t surprises = 0;
    for (std::size_t i = 0; i < secret.size();) {
        const int step = i == 0 ? 99 : secret[i] - secret[i - 1];
        const bool goes_on = i >= 2 && std::abs(step) <= 1 && step == secret[i - 1] - secret[i - 2];
        const std::size_t repeat = repeated_length(secret, i);
        if (!goes_on) ++surprises;  // to name a repeated piece costs one character
        i += repeat >= shortest_repeat ? repeat : 1;
    }
    return static_cast<double>(surprises) * std::log2(static_cast<double>(alphabet.size()) + 1e-9);
}

std::string jwt_secret_mistake(std::string_view secret) {
    const std::string advice = "; " + std::string(how_to_make_one);
    if (secret.empty()) return "is required: it signs the tokens of your users" + advice;
    if (has_placeholder(secret)) return "still holds a placeholder" + advice;
    if (secret.size() < min_jwt_secret_bytes) {
        return "has " + std::to_string(secret.size()) + " bytes, but needs at least " +
               std::to_string(min_jwt_secret_bytes) + advice;
    }
    if (has_weak_word(secret)) return "contains a word that attackers try first" + advice;
    if (secret_bits(secret) < min_secret_bits) return "is too easy to guess: it repeats itself" + advice;
    return {};
}

base::Result<std::string> decode_encryption_key(std::string_view text) {
    const auto wrong = [](std::string detail) { return base::Error{base::Errc::invalid, std::move(detail)}; };
    if (has_placeholder(text))
        return wrong("still holds a placeholder; make a key with: openssl rand -hex 16");
    // Comes first: a text of this length always was the key itself, and what it encrypted must stay readable.
    if (text.size() == encryption_key_bytes) return std::string(text);
    std::optional<std::string> bytes;
    if (text.starts_with("hex:")) {
        bytes = from_hex(text.substr(4));
        if (!bytes) return wrong("has something behind hex: that is not hexadecimal");
    } else if (text.starts_with("base64:")) {
        bytes = from_base64(text.substr(7));
        if (!bytes) return wrong("has something behind base64: that is not base64");
    } else {
        return wrong("has " + std::to_string(text.size()) +
                     " bytes, but must have exactly 32; make one with: openssl " +
                     "rand -hex 16, or put hex: or base64: before the encoding of 32 bytes");
    }
    if (bytes->size() != encryption_key_bytes) {
        return wrong("decodes to " + std::to_string(bytes->size()) + " bytes, but must be exactly 32");
    }
    return std::move(*bytes);
}

std::string generate_secret() {
    std::array<char, 32> bytes{};
    base::random_bytes(bytes.data(), bytes.size());
    return base::base64_encode({bytes.data(), bytes.size()});
}

}  // namespace chatbox::server
