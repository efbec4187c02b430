#include "provider/script.h"

#include <cstdlib>

namespace chatbox::bench {
namespace {

void set_word(Script& script, std::string_view word) {
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) return;
    const auto name = word.substr(0, equals);
    const double value = std::strtod(std::string(word.substr(equals + 1)).c_str(), nullptr);
    if (value < 0) return;
    const auto count = static_cast<std::uint64_t>(value);
    if (name == "tokens") script.tokens = count;
    if (name == "rate") script.rate = value;
    if (name == "stamp") script.stamp = count != 0;
    if (name == "stall") script.stall = count != 0;
    if (name == "size") script.size = count;
    if (name == "delay") script.delay = count;
}

Script parse_words(std::string_view words, char separator) {
    Script script;
    while (!words.empty()) {
        const auto end = words.find(separator);
        set_word(script, words.substr(0, end));
        if (end == std::string_view::npos) break;
        words.remove_prefix(end + 1);
    }
    return script;
}

}  // namespace

Script parse_script(std::string_view text) {
    constexpr std::string_view kMark = "bench ";
    const auto begin = text.rfind(kMark);
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin + kMark.size());
    return parse_words(text.substr(0, text.find_first_of("\"\\\n")), ' ');
}

Script parse_script_query(std::string_view query) {
    return parse_words(query, '&');
}

}  // namespace chatbox::bench
