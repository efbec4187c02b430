#pragma once
// A token bucket in eight bytes, for what every connection has one of: `limit` events at once, then one every
// `window / limit`. (It is the generic cell rate algorithm of ITU-T I.371, which keeps the time at which the
// bucket will be full in place of how full it is.)
#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "limits/rate_limiter.h"

namespace chatbox::limits {

// One thread.
class TokenBucket {
public:
    // Zero: admitted and counted. Otherwise how long to wait until one more would be admitted. `rate` is the
    // same at every call.
    base::Millis admit(const Rate& rate, base::Instant now) {
        if (rate.limit == 0) return std::max(base::Millis(1), rate.window);
        const std::chrono::nanoseconds window = rate.window;
        const auto one = window / static_cast<std::int64_t>(rate.limit);
        const base::Instant full_after = std::max(full_at_, now) + one;
        if (full_after - now > window) {
            return std::max(base::Millis(1), std::chrono::ceil<base::Millis>(full_after - now - window));
        }
        full_at_ = full_after;
        return base::Millis(0);
    }

private:
    base::Instant full_at_{};
};

}  // namespace chatbox::limits
