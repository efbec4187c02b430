#include "timer_wheel.h"

#include <algorithm>

namespace chatbox::net {

void TimerWheel::schedule(TimerEntry& entry, base::Instant due) {
    entry.unlink();
    const auto ahead = due <= current_ ? std::int64_t{1} : (due - current_) / tick + 1;
    const auto steps = static_cast<std::size_t>(std::clamp<std::int64_t>(ahead, 1, slots - 1));
    wheel_[(position_ + steps) % slots].push_back(entry);
}

void TimerWheel::advance(base::Instant now) {
    while (current_ + tick <= now) {
        current_ += tick;
        position_ = (position_ + 1) % slots;
        List due;
        due.swap(wheel_[position_]);
        while (!due.empty()) {
            TimerEntry& entry = due.front();
            due.pop_front();
            entry.on_due(now);
        }
    }
}

}  // namespace chatbox::net
