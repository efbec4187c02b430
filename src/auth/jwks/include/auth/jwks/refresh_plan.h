#pragma once
// When the keys are fetched. Pure: it is told the time and what happened.
#include "base/clock.h"

namespace chatbox::auth::jwks {

class RefreshPlan {
public:
    // Every `period` after a success, every `interval` after a failure, and never two within `interval`.
    RefreshPlan(base::Millis period, base::Millis interval) : period_(period), interval_(interval) {}

    // A key is missing. True: wait for the fetch that runs or begins now (running() tells which). False: one
    // was made a moment ago; the next one comes as soon as the interval allows it.
    bool wants(base::Instant now);

    bool is_due(base::Instant now) const { return !running_ && now >= due_; }
    void began(base::Instant now);
    enum class Outcome { success, failure };
    void ended(base::Instant now, Outcome outcome);

    bool running() const { return running_; }
    // When the next fetch begins if nothing else happens. Not while one runs.
    base::Instant due() const { return due_; }

private:
    const base::Millis period_;
    const base::Millis interval_;
    base::Instant due_ = base::Instant::min();
    base::Instant earliest_ = base::Instant::min();  // of the next one
    bool running_ = false;
};

}  // namespace chatbox::auth::jwks
