#include "model/naming.h"

#include "base/text.h"

namespace chatbox::model {

namespace {

constexpr std::size_t name_limit = 50;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The first sentence, with its mark. ? and ! always end one; a full stop only before a space or the end.
std::string_view first_sentence(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool last = i + 1 == text.size();
        if (text[i] == '?' || text[i] == '!' || (text[i] == '.' && (last || is_space(text[i + 1])))) {
            return text.substr(0, i + 1);
        }
    }
    return text;
}

}  // namespace

std::string session_name(std::string_view message) {
    std::string_view text = base::trim_unicode(message);
    if (text.empty()) return "New Chat";
    if (const auto line_end = text.find_first_of("\r\n"); line_end != std::string_view::npos) {
        text = base::trim_unicode(text.substr(0, line_end));
    } else {
        text = base::trim_unicode(first_sentence(text));
    }
    if (text.size() <= name_limit) return std::string(text);
    std::string_view cut = text.substr(0, base::utf8_floor(text, name_limit - 3));
    if (const auto space = cut.rfind(' '); space != std::string_view::npos && space > 0) {
        cut = base::trim_unicode(cut.substr(0, space));
    }
    return std::string(cut) + "...";
}

}  // namespace chatbox::model
