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

bool between(char32_t letter, char32_t first, char32_t last) {
    return letter >= first && letter <= last;
}

// In these blocks a capital letter and its small one lie side by side.
bool small_follows_even(char32_t letter) {
    return between(letter, 0x0100, 0x012F) || between(letter, 0x0132, 0x0137) ||
           between(letter, 0x014A, 0x0177) || between(letter, 0x0460, 0x0481) ||
           between(letter, 0x048A, 0x04BF) || between(letter, 0x04D0, 0x052F);
}
bool small_follows_odd(char32_t letter) {
    return between(letter, 0x0139, 0x0148) || between(letter, 0x0179, 0x017E) ||
           between(letter, 0x04C1, 0x04CE);
}

// Letters that take two bytes in UTF-8; so does what comes out.
char32_t small_letter(char32_t letter) {
    if (between(letter, 0x00C0, 0x00DE) && letter != 0x00D7) return letter + 0x20;
    if (small_follows_even(letter)) return letter | 1U;
    if (small_follows_odd(letter)) return letter + (letter & 1U);
    if (letter == 0x0178) return 0x00FF;                        // Y with diaeresis
    if (letter == 0x0386) return 0x03AC;                        // alpha with tonos
    if (between(letter, 0x0388, 0x038A)) return letter + 0x25;  // epsilon, eta, iota
    if (letter == 0x038C) return 0x03CC;                        // omicron
    if (between(letter, 0x038E, 0x038F)) return letter + 0x3F;  // upsilon, omega
    if (between(letter, 0x0391, 0x03AB) && letter != 0x03A2) return letter + 0x20;
    if (letter == 0x03C2) return 0x03C3;  // sigma at the end of a word
    if (between(letter, 0x0410, 0x042F)) return letter + 0x20;
    if (between(letter, 0x0400, 0x040F)) return letter + 0x50;
    return letter;
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

std::string fold_case(std::string_view text) {
    std::string folded(text);
    for (std::size_t i = 0; i < folded.size(); ++i) {
        const auto lead = static_cast<unsigned char>(folded[i]);
        if (lead >= 'A' && lead <= 'Z') folded[i] = static_cast<char>(lead | 0x20U);
        if (lead < 0xC2 || lead > 0xDF || i + 1 == folded.size()) continue;
        const auto next = static_cast<unsigned char>(folded[i + 1]);
        if ((next & 0xC0U) != 0x80U) continue;
        const char32_t small = small_letter(((lead & 0x1FU) << 6U) | (next & 0x3FU));
        folded[i] = static_cast<char>(0xC0U | (small >> 6U));
        folded[++i] = static_cast<char>(0x80U | (small & 0x3FU));
    }
    return folded;
}

}  // namespace chatbox::model
