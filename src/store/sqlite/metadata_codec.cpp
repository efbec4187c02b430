#include "metadata_codec.h"

#include <cstdint>

namespace chatbox::store::sqlite {

namespace {

void put(std::string& out, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(size >> shift & 0xFF));
    out += text;
}

std::optional<std::string_view> take(std::string_view& in) {
    if (in.size() < 4) return std::nullopt;
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        size |= static_cast<std::uint32_t>(static_cast<unsigned char>(in[i])) << (8 * i);
    }
    in.remove_prefix(4);
    if (in.size() < size) return std::nullopt;
    const std::string_view text = in.substr(0, size);
    in.remove_prefix(size);
    return text;
}

}  // namespace

std::string encode_metadata(const model::Metadata& metadata) {
    std::string out;
    for (const auto& [key, value] : metadata) {
        put(out, key);
        put(out, value);
    }
    return out;
}

std::optional<model::Metadata> decode_metadata(std::string_view bytes) {
    model::Metadata metadata;
    while (!bytes.empty()) {
        const auto key = take(bytes);
        const auto value = key ? take(bytes) : std::nullopt;
        if (!value) return std::nullopt;
        if (!metadata.empty() && *key <= metadata.rbegin()->first) return std::nullopt;
        metadata.emplace_hint(metadata.end(), *key, *value);
    }
    return metadata;
}

}  // namespace chatbox::store::sqlite
