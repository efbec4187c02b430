#pragma once
// The response times of a session's last answers <-> bytes: each a varint, seven bits at a time, the lowest
// first; oldest first. A time below 16 s takes two bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatbox::store::sqlite {

std::string encode_times(const std::vector<std::uint64_t>& times);
std::optional<std::vector<std::uint64_t>> decode_times(std::string_view bytes);  // nothing: damaged

}  // namespace chatbox::store::sqlite
