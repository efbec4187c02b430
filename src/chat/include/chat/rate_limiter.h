#pragma once
// A sliding window: at most `limit` events of one key in any `window`. Refused events do not count.
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace chatbox::chat {

// One thread. Memory is bounded: at most `max_keys` keys (an unseen key is refused when all are in use) and,
// for one key, at most 256 entries, because events closer together than a 256th of the window share one.
class RateLimiter {
public:
    RateLimiter(std::size_t limit, base::Millis window, std::size_t max_keys = 100'000)
        : limit_(limit), window_(window), max_keys_(max_keys) {}

    // Zero: admitted and counted. Otherwise how long to wait until one more would be admitted.
    base::Millis admit(const std::string& key, base::Instant now);

    // Forgets keys without an event in the window. admit() calls it once per window by itself.
    void purge(base::Instant now);

    std::size_t key_count() const { return logs_.size(); }

private:
    struct Entry {
        base::Instant first;  // of the events that it stands for
        base::Instant last;
        std::size_t count;
    };
    struct Log {
        std::deque<Entry> entries;
        std::size_t total = 0;
    };
    void forget_old(Log& log, base::Instant now) const;

    std::size_t limit_;
    base::Millis window_;
    std::size_t max_keys_;
    base::Instant last_purge_{};
    std::unordered_map<std::string, Log> logs_;
};

}  // namespace chatbox::chat
