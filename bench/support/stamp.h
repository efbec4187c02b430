#pragma once
// A token that carries the time at which the provider sent it: " ~" and 16 hexadecimal digits. It passes
// unchanged through JSON and Markdown, so that a viewer finds it in whatever a peer makes of the stream.
#include <array>
#include <string_view>

#include "support/clock.h"

namespace chatbox::bench {

inline constexpr std::size_t kStampDigits = 16;

inline std::array<char, kStampDigits + 2> make_stamp(Nanoseconds time) {
    std::array<char, kStampDigits + 2> stamp{' ', '~'};
    for (std::size_t i = 0; i < kStampDigits; ++i) {
        stamp[stamp.size() - 1 - i] = "0123456789abcdef"[(time >> (4 * i)) & 15];
    }
    return stamp;
}

// Calls found(time) for each stamp in `bytes`, and returns what may be the beginning of one more.
template <class Found>
std::string_view scan_stamps(std::string_view bytes, Found&& found) {
    for (;;) {
        const auto at = bytes.find('~');
        if (at == std::string_view::npos) return {};
        bytes.remove_prefix(at);
        if (bytes.size() <= kStampDigits) return bytes;
        Nanoseconds time = 0;
        for (std::size_t i = 1; i <= kStampDigits; ++i) {
            const char digit = bytes[i];
            time = time << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
        }
        found(time);
        bytes.remove_prefix(kStampDigits + 1);
    }
}

}  // namespace chatbox::bench
