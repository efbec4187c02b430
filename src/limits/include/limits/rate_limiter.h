#pragma once
// A sliding window: at most `limit` events of one key in any `window`. Refused events do not count.
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace chatbox::limits {

struct Rate {
    std::size_t limit = 0;  // zero admits nothing
    base::Millis window{60'000};
};

// One thread. Memory is bounded: at most `max_keys` keys, and for one key at most 257 entries, because with a
// limit above 256 events closer together than a 256th of the window share one. When all keys are in use an
// unseen key is refused, for a second at first, and those that are known go on; keys without an event in the
// window are forgotten by and by. Callers bound the length of a key.
class RateLimiter {
public:
    static constexpr std::size_t default_max_keys = 100'000;

    explicit RateLimiter(Rate rate, std::size_t max_keys = default_max_keys)
        : rate_(rate), max_keys_(max_keys) {}
    RateLimiter(std::size_t limit, base::Millis window, std::size_t max_keys = default_max_keys)
        : RateLimiter(Rate{limit, window}, max_keys) {}
    RateLimiter(const RateLimiter&) = delete;
    RateLimiter& operator=(const RateLimiter&) = delete;

    // Zero: admitted and counted. Otherwise how long to wait until one more would be admitted.
    base::Millis admit(std::string_view key, base::Instant now);

    // The same without counting.
    base::Millis wait(std::string_view key, base::Instant now);

    // Forgets at most `most` keys without an event in the window. admit() forgets a few each time by itself.
    void purge(base::Instant now, std::size_t most = default_max_keys);

    std::size_t key_count() const { return logs_.size(); }
    // Entries held for all keys.
    std::size_t entry_count() const;

private:
    // Events that are counted together; they leave the window when the last of them does.
    struct Entry {
        base::Instant last;
        std::uint32_t spread_ms;  // from the first of them to the last
        std::uint32_t count;
    };
    struct Log : boost::intrusive::list_base_hook<> {
        std::vector<Entry> entries;  // oldest first; never empty between calls
        std::size_t total = 0;
        const std::string* key = nullptr;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
    };

    void forget_old(Log& log, base::Instant now) const;
    base::Millis wait_of(const Log& log, base::Instant now) const;
    void count(Log& log, base::Instant now) const;

    Rate rate_;
    std::size_t max_keys_;
    std::unordered_map<std::string, Log, Hash, std::equal_to<>> logs_;
    boost::intrusive::list<Log, boost::intrusive::constant_time_size<false>> by_age_;  // of the last event
};

// The same for several threads. Meant for what happens once per request, not for each byte: one lock.
class SharedRateLimiter {
public:
    explicit SharedRateLimiter(Rate rate, std::size_t max_keys = RateLimiter::default_max_keys)
        : limiter_(rate, max_keys) {}

    base::Millis admit(std::string_view key, base::Instant now) {
        const std::lock_guard lock(mutex_);
        return limiter_.admit(key, now);
    }
    base::Millis wait(std::string_view key, base::Instant now) {
        const std::lock_guard lock(mutex_);
        return limiter_.wait(key, now);
    }
    void purge(base::Instant now, std::size_t most) {
        const std::lock_guard lock(mutex_);
        limiter_.purge(now, most);
    }
    std::size_t key_count() const {
        const std::lock_guard lock(mutex_);
        return limiter_.key_count();
    }

private:
    mutable std::mutex mutex_;
    RateLimiter limiter_;
};

}  // namespace chatbox::limits
