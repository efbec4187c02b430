#include "limits/rate_limiter.h"

#include <algorithm>

namespace chatbox::limits {

using base::Millis;

namespace {
// Up to here every event has an entry of its own and waits are exact.
constexpr std::size_t exact_limit = 256;
constexpr int entries_per_window = 256;
constexpr std::size_t forgotten_per_call = 4;  // more than one new key adds: the map shrinks in use
constexpr Millis wait_when_full{1000};
}  // namespace

void RateLimiter::forget_old(Log& log, base::Instant now) const {
    std::size_t old = 0;
    while (old < log.entries.size() && log.entries[old].last + rate_.window <= now) {
        log.total -= log.entries[old].count;
        ++old;
    }
    log.entries.erase(log.entries.begin(), log.entries.begin() + static_cast<std::ptrdiff_t>(old));
}

Millis RateLimiter::wait_of(const Log& log, base::Instant now) const {
    if (log.total < rate_.limit) return Millis(0);
    return std::max(Millis(1), std::chrono::ceil<Millis>(log.entries.front().last + rate_.window - now));
}

void RateLimiter::count(Log& log, base::Instant now) const {
    ++log.total;
    if (rate_.limit > exact_limit && !log.entries.empty()) {
        Entry& newest = log.entries.back();
        const auto spread = std::chrono::duration_cast<Millis>(now - newest.last) + Millis(newest.spread_ms);
        if (spread < rate_.window / entries_per_window) {
            newest.last = now;
            newest.spread_ms = static_cast<std::uint32_t>(spread.count());
            ++newest.count;
            return;
        }
    }
    log.entries.push_back({now, 0, 1});
}

Millis RateLimiter::admit(std::string_view key, base::Instant now) {
    purge(now, forgotten_per_call);
    if (rate_.limit == 0) return std::max(Millis(1), rate_.window);
    auto found = logs_.find(key);
    if (found == logs_.end()) {
        if (logs_.size() >= max_keys_) return wait_when_full;
        found = logs_.try_emplace(std::string(key)).first;
        found->second.key = &found->first;
        by_age_.push_back(found->second);
    }
    Log& log = found->second;
    forget_old(log, now);
    if (const Millis wait = wait_of(log, now); wait.count() > 0) return wait;
    count(log, now);
    by_age_.splice(by_age_.end(), by_age_, by_age_.iterator_to(log));
    return Millis(0);
}

Millis RateLimiter::wait(std::string_view key, base::Instant now) {
    if (rate_.limit == 0) return std::max(Millis(1), rate_.window);
    const auto found = logs_.find(key);
    if (found == logs_.end()) return Millis(0);
    Log& log = found->second;
    if (log.entries.back().last + rate_.window <= now) return Millis(0);  // purge() will forget it
    forget_old(log, now);
    return wait_of(log, now);
}

void RateLimiter::purge(base::Instant now, std::size_t most) {
    for (; most > 0 && !by_age_.empty(); --most) {
        Log& oldest = by_age_.front();
        if (oldest.entries.back().last + rate_.window > now) return;
        by_age_.pop_front();
        logs_.erase(logs_.find(*oldest.key));
    }
}

std::size_t RateLimiter::entry_count() const {
    std::size_t all = 0;
    for (const auto& [key, log] : logs_) all += log.entries.capacity();
    return all;
}

}  // namespace chatbox::limits
