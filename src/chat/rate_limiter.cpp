#include "chat/rate_limiter.h"

#include <algorithm>

namespace chatbox::chat {

namespace {
constexpr int entries_per_window = 256;
}

void RateLimiter::forget_old(Log& log, base::Instant now) const {
    while (!log.entries.empty() && log.entries.front().last + window_ <= now) {
        log.total -= log.entries.front().count;
        log.entries.pop_front();
    }
}

base::Millis RateLimiter::admit(const std::string& key, base::Instant now) {
    if (now - last_purge_ >= window_) purge(now);
    auto found = logs_.find(key);
    if (found == logs_.end()) {
        if (logs_.size() >= max_keys_) return std::max(base::Millis(1), window_ / entries_per_window);
        found = logs_.emplace(key, Log{}).first;
    }
    Log& log = found->second;
    forget_old(log, now);
    if (log.total >= limit_) {
        if (log.entries.empty()) return window_;  // the limit is zero
        const auto wait = std::chrono::ceil<base::Millis>(log.entries.front().last + window_ - now);
        return std::max(base::Millis(1), wait);
    }
    const bool shares = !log.entries.empty() && now - log.entries.back().first < window_ / entries_per_window;
    if (shares) {
        log.entries.back().last = now;
        ++log.entries.back().count;
    } else {
        log.entries.push_back({now, now, 1});
    }
    ++log.total;
    return base::Millis(0);
}

void RateLimiter::purge(base::Instant now) {
    last_purge_ = now;
    for (auto at = logs_.begin(); at != logs_.end();) {
        forget_old(at->second, now);
        at = at->second.entries.empty() ? logs_.erase(at) : std::next(at);
    }
}

}  // namespace chatbox::chat
