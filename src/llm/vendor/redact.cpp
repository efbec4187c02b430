#include "llm/vendor/redact.h"

#include <algorithm>

#include "base/text.h"

namespace chatbox::llm::vendor {

namespace {

constexpr std::string_view removed = "[removed]";
constexpr std::size_t shortest_secret = 28;  // of a word of letters and digits; names of models are shorter

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// What keys, tokens and their masks are made of.
bool is_word(char c) {
    return is_digit(c) || is_letter(c) || std::string_view("-_.+/=*~").find(c) != std::string_view::npos;
}

bool looks_secret(std::string_view word) {
    if (word.find("sk-") != word.npos || word.find("***") != word.npos) return true;
    return word.size() >= shortest_secret && std::any_of(word.begin(), word.end(), is_digit) &&
           std::any_of(word.begin(), word.end(), is_letter);
}

std::string without(std::string text, std::string_view key) {
    if (key.empty()) return text;
    for (auto at = text.find(key); at != text.npos; at = text.find(key, at + removed.size()))
        text.replace(at, key.size(), removed);
    return text;
}

}  // namespace

std::string redact(std::string_view text, const std::vector<std::string>& secrets) {
    std::string known(text);
    for (const std::string& secret : secrets) known = without(std::move(known), secret);
    std::string out;
    for (std::size_t at = 0; at < known.size();) {
        const auto rest = std::string_view(known).substr(at);
        const auto word_end = std::find_if_not(rest.begin(), rest.end(), is_word);
        const auto word = rest.substr(0, static_cast<std::size_t>(word_end - rest.begin()));
        if (word.empty()) {
            const auto c = static_cast<unsigned char>(rest.front());
            out.push_back(c < 0x20 || c == 0x7F ? ' ' : rest.front());
            ++at;
            continue;
        }
        out.append(looks_secret(word) ? removed : word);
        at += word.size();
    }
    if (base::is_valid_utf8(out)) return out;
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return out;
}

std::string redact_cut(std::string_view text, const std::vector<std::string>& secrets) {
    const auto before_last_word = text.find_last_of(" \t\r\n\"',");
    return redact(text.substr(0, before_last_word == text.npos ? 0 : before_last_word), secrets);
}

}  // namespace chatbox::llm::vendor
