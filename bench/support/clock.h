#pragma once
// One clock for everybody: CLOCK_MONOTONIC is the same in all processes of a machine, so that a time written
// by the provider can be compared with one read by a viewer.
#include <time.h>

#include <cstdint>

namespace chatbox::bench {

using Nanoseconds = std::int64_t;
inline constexpr Nanoseconds kSecond = 1'000'000'000;
inline constexpr Nanoseconds kMillisecond = 1'000'000;

inline Nanoseconds now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<Nanoseconds>(now.tv_sec) * kSecond + now.tv_nsec;
}

}  // namespace chatbox::bench
