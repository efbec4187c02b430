// The WebSocket decoder: what it finds depends on the bytes, not on how they were cut, and nothing exceeds
// the limit.
#include "../src/net/ws_codec.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace chatbox::net;

constexpr std::size_t limit = 4096;

void require(bool condition) {
    if (!condition) std::abort();
}

struct Found {
    WsKind kind;
    std::string payload;
    std::uint16_t code;
    friend bool operator==(const Found&, const Found&) = default;
};

// Feeds `bytes` in pieces of 1 to `widest` bytes; `seed` chooses their sizes.
std::vector<Found> decode(std::string bytes, std::size_t widest, unsigned seed) {
    WsDecoder decoder(limit);
    std::vector<Found> found;
    std::size_t at = 0;
    while (at < bytes.size()) {
        seed = seed * 1103515245U + 12345U;
        const std::size_t piece = std::min(bytes.size() - at, 1 + (seed >> 16) % widest);
        decoder.feed(std::span<char>(bytes.data() + at, piece), [&](const WsItem& item) {
            require(item.payload.size() <= limit);
            found.push_back({item.kind, std::string(item.payload), item.code});
            return true;
        });
        at += piece;
        require(decoder.held() <= 3 * (limit + 16) + widest);
    }
    return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = decode(bytes, std::max<std::size_t>(1, bytes.size()), 1);
    require(decode(bytes, 1 + data[0] % 16, data[0]) == whole);
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
        require(whole[i].kind != WsKind::close && whole[i].kind != WsKind::failure);
    }
    return 0;
}
