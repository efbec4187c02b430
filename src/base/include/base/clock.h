#pragma once
// Time as a dependency: whoever needs the time is given a Clock.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace chatbox::base {

using Millis = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Millis>;             // wall clock, UTC
using Instant = std::chrono::steady_clock::time_point;  // for durations and deadlines

// Any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    virtual Instant steady() const = 0;
};

class SystemClock final : public Clock {
public:
    Time now() const override;
    Instant steady() const override;
};

// Stands still until it is told to move. Tests only; one thread.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Time start) : now_(start) {}
    Time now() const override { return now_; }
    Instant steady() const override { return steady_; }
    void advance(Millis by) {
        now_ += by;
        steady_ += by;
    }

private:
    Time now_;
    Instant steady_{};
};

// RFC 3339 in UTC. Whole seconds: 2026-02-22T10:00:00Z. With fraction: up to milliseconds, no trailing zeros.
std::string format_rfc3339_seconds(Time time);
std::string format_rfc3339(Time time);
// Any RFC 3339 date-time: zone required, fraction of any length (cut to milliseconds).
std::optional<Time> parse_rfc3339(std::string_view text);

// Durations as the original's settings write them: 15m, 120s, 1h30m, 100ms. A bare number is refused.
std::optional<Millis> parse_duration(std::string_view text);
// The reverse, in the same notation: 30s, 1m30s, 2m0s, 500ms.
std::string format_duration(Millis duration);

}  // namespace chatbox::base
