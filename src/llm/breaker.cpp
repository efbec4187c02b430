#include "llm/breaker.h"

namespace chatbox::llm {

using base::Instant;

Breaker::Permit Breaker::ask(Instant now) {
    const std::lock_guard lock(mutex_);
    if (!open_) return {.granted = true};
    if (probing_ || now < opened_ + rules_.pause) return {};
    probing_ = true;
    return {.granted = true, .probe = true};
}

void Breaker::report(Permit permit, Outcome outcome, Instant now) {
    if (!permit.granted) return;
    const std::lock_guard lock(mutex_);
    if (permit.probe) probing_ = false;
    switch (outcome) {
        case Outcome::unknown:
            return;  // after a probe it is the next one's turn
        case Outcome::good:
            // A request from before it opened says nothing about now.
            if (open_ && !permit.probe) return;
            open_ = false;
            failures_ = 0;
            return;
        case Outcome::bad:
            ++failures_;
            if (permit.probe || (!open_ && rules_.failures != 0 && failures_ >= rules_.failures)) {
                open_ = true;
                opened_ = now;
            }
            return;
    }
}

Breaker::State Breaker::state(Instant now) const {
    const std::lock_guard lock(mutex_);
    if (!open_) return State::closed;
    return now < opened_ + rules_.pause ? State::open : State::half_open;
}

}  // namespace chatbox::llm
