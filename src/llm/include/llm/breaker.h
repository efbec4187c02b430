#pragma once
// A circuit breaker: keeps requests away from an endpoint that has failed many times in a row.
#include <cstddef>
#include <mutex>

#include "base/clock.h"

namespace chatbox::llm {

struct BreakerRules {
    std::size_t failures = 20;   // in a row that open it; 0: it never opens
    base::Millis pause{10'000};  // how long it stays open before one request may try again
};

// Closed: everybody may. Open: nobody, for the pause. Half-open: one may, the probe; if that goes well the
// breaker closes, else it opens for another pause.
//
// Any thread: the models of all event loops that use one endpoint share one breaker. It is asked once per
// request, never per token.
class Breaker {
public:
    enum class State { closed, open, half_open };
    enum class Outcome {
        good,     // the endpoint works, even if it refused the request
        bad,      // it cannot be reached, does not answer in time, or answers that it is broken
        unknown,  // nothing was learnt: the request was given up, or the endpoint asked to slow down
    };

    explicit Breaker(BreakerRules rules) : rules_(rules) {}

    // Whether a request may be sent now. If so, the caller owes one report(), with what this returned.
    struct Permit {
        bool granted = false;
        bool probe = false;
    };
    Permit ask(base::Instant now);
    void report(Permit permit, Outcome outcome, base::Instant now);
    State state(base::Instant now) const;

private:
    const BreakerRules rules_;
    mutable std::mutex mutex_;
    std::size_t failures_ = 0;  // in a row
    bool open_ = false;
    bool probing_ = false;
    base::Instant opened_{};
};

}  // namespace chatbox::llm
