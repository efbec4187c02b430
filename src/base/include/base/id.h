#pragma once
// Identifiers as types: a SessionId is never passed where a UserId is meant.
#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

#include "base/clock.h"

namespace chatbox::base {

// A string that names something. Opaque; compares bytewise; empty means "none".
template <class Tag>
class Id {
public:
    Id() = default;
    explicit Id(std::string value) : value_(std::move(value)) {}
    const std::string& str() const { return value_; }
    bool empty() const { return value_.empty(); }
    friend auto operator<=>(const Id&, const Id&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.value_; }

private:
    std::string value_;
};

// 32 lower-case hex digits from the kernel's generator. Any thread. Throws std::system_error if the
// kernel has no randomness, which is a start that must not succeed.
std::string random_hex_id();

// 32 lower-case hex digits: the time in milliseconds, then 80 random bits. Ids that are made one after the
// other lie side by side in an index, so that many appends touch few of its pages. Any thread.
std::string ordered_hex_id(Time now);

// Fills `size` bytes with randomness from the kernel. Any thread.
void random_bytes(void* out, std::size_t size);

}  // namespace chatbox::base

template <class Tag>
struct std::hash<chatbox::base::Id<Tag>> {
    std::size_t operator()(const chatbox::base::Id<Tag>& id) const noexcept {
        return std::hash<std::string>{}(id.str());
    }
};
