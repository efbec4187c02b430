#include "base/id.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace chatbox::base {

void random_bytes(void* out, std::size_t size) {
    auto* at = static_cast<unsigned char*>(out);
    while (size > 0) {
        const ssize_t got = ::getrandom(at, size, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        at += got;
        size -= static_cast<std::size_t>(got);
    }
}

namespace {

using RawId = std::array<unsigned char, 16>;

std::string to_hex(const RawId& raw) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string id;
    id.reserve(2 * raw.size());
    for (const unsigned char byte : raw) {
        id.push_back(digits[byte >> 4]);
        id.push_back(digits[byte & 15]);
    }
    return id;
}

}  // namespace

std::string random_hex_id() {
    RawId raw{};
    random_bytes(raw.data(), raw.size());
    return to_hex(raw);
}

std::string ordered_hex_id(Time now) {
    constexpr std::size_t time_bytes = 6;  // enough for nine thousand years
    RawId raw{};
    auto millis = static_cast<std::uint64_t>(now.time_since_epoch().count());
    for (std::size_t i = time_bytes; i-- > 0; millis >>= 8)
        raw[i] = static_cast<unsigned char>(millis & 0xFF);
    random_bytes(raw.data() + time_bytes, raw.size() - time_bytes);
    return to_hex(raw);
}

}  // namespace chatbox::base
