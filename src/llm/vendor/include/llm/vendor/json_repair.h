#pragma once
// For JSON text whose strings hold what a strict parser refuses: bytes that are not UTF-8, and halves of
// surrogate pairs. Servers that cut their text by bytes or by UTF-16 units send both, in the middle of an
// emoji.
#include <optional>
#include <string>
#include <string_view>

namespace chatbox::llm::vendor {

// The text with each byte that is not part of well-formed UTF-8 replaced by U+FFFD, and each lone surrogate
// escape by a mark that a parser lets through and SurrogateJoiner understands. Empty if there was nothing to
// repair.
std::optional<std::string> repair_json(std::string_view json);

// Puts the halves back together, which may lie in two strings that follow one another. A half that stays
// alone becomes U+FFFD.
class SurrogateJoiner {
public:
    // The text of the next string, with whatever an earlier one left over. `marked`: it comes from repaired
    // JSON.
    std::string join(std::string_view text, bool marked);
    bool waits() const { return high_ != 0; }
    // What is left at the end.
    std::string rest();

private:
    char32_t high_ = 0;
};

}  // namespace chatbox::llm::vendor
