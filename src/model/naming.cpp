#include "model/naming.h"

#include "base/text.h"

namespace chatbox::model {

namespace {

constexpr std::size_t name_limit = 50;

bool starts_with_space_or_ends(std::string_view text) {
    // No white space character is longer than three bytes; a view this short keeps a text of full stops
    // cheap.
    const std::string_view front = text.substr(0, 3);
    return front.empty() || base::trim_unicode(front).data() != front.data();
}

// The first sentence, with its mark. ? and ! always end one; a full stop only before a space or the end.
std::string_view first_sentence(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool ends = text[i] == '?' || text[i] == '!' ||
                          (text[i] == '.' && starts_with_space_or_ends(text.substr(i + 1)));
        if (ends) return text.substr(0, i + 1);
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
