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

std::string random_hex_id() {
    std::array<unsigned char, 16> raw{};
    random_bytes(raw.data(), raw.size());
    static constexpr char digits[] = "0123456789abcdef";
    std::string id;
    id.reserve(32);
    for (const unsigned char byte : raw) {
        id.push_back(digits[byte >> 4]);
        id.push_back(digits[byte & 15]);
    }
    return id;
}

}  // namespace chatbox::base
