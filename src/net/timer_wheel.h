#pragma once
// One timer for all connections of a thread: each is visited when something of it may be due.
#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "base/clock.h"

namespace chatbox::net {

// What is in the wheel derives from this. Unlinks itself when destroyed.
class TimerEntry
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~TimerEntry() = default;
    // Something may be due. The entry is not in the wheel during the call; it schedules itself again, or not.
    // It may be destroyed inside.
    virtual void on_due(base::Instant now) = 0;
};

// One thread. Precision is one tick, an entry is never visited early by more than one.
class TimerWheel {
public:
    static constexpr base::Millis tick{100};

    explicit TimerWheel(base::Instant start) : current_(start) {}

    // Visits the entry at `due` or, when that is further away than the wheel turns, after one turn (the entry
    // sees that it is early and schedules itself again). Scheduling again moves it.
    void schedule(TimerEntry& entry, base::Instant due);

    // Visits all that has come due.
    void advance(base::Instant now);

private:
    static constexpr std::size_t slots = 1024;
    using List = boost::intrusive::list<TimerEntry, boost::intrusive::constant_time_size<false>>;

    std::array<List, slots> wheel_;
    std::size_t position_ = 0;
    base::Instant current_;
};

}  // namespace chatbox::net
