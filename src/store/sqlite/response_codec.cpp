#include "response_codec.h"

namespace chatbox::store::sqlite {

std::string encode_times(const std::vector<std::uint64_t>& times) {
    std::string bytes;
    for (std::uint64_t rest : times) {
        for (; rest >= 0x80U; rest >>= 7U) bytes.push_back(static_cast<char>(0x80U | (rest & 0x7FU)));
        bytes.push_back(static_cast<char>(rest));
    }
    return bytes;
}

std::optional<std::vector<std::uint64_t>> decode_times(std::string_view bytes) {
    std::vector<std::uint64_t> times;
    std::uint64_t time = 0;
    unsigned shift = 0;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (shift > 63 || (shift == 63 && (byte & 0x7FU) > 1)) return std::nullopt;  // more than 64 bits
        time |= std::uint64_t{byte & 0x7FU} << shift;
        shift += 7;
        if ((byte & 0x80U) != 0) continue;
        times.push_back(time);
        time = 0;
        shift = 0;
    }
    if (shift != 0) return std::nullopt;
    return times;
}

}  // namespace chatbox::store::sqlite
