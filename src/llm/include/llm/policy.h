#pragma once
// What is done when a model fails: one policy for retry, failover, circuit breaking and deadlines, around the
// adapters, which do none of it. All of it happens before the first piece of text. After that an answer is
// never begun anew, because two texts would be glued together: it ends with the error, and what came is kept.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "llm/breaker.h"
#include "llm/provider.h"
#include "llm/timers.h"

namespace chatbox::llm {

// A model that may answer.
struct Candidate {
    std::string id;                      // ours
    std::shared_ptr<Provider> provider;  // of the same loop
    std::shared_ptr<Breaker> breaker;    // of its endpoint; null: none
    // False: it sends the whole answer at once, which the deadline for the first token is not meant for.
    bool streams = true;
};

// Waits double from first_wait to max_wait and are spread by a quarter in both directions.
struct RetryRules {
    std::size_t attempts = 3;  // of one model for one answer, the first included
    base::Millis first_wait{1'000};
    base::Millis max_wait{30'000};
    // A vendor that asks for more than this (Retry-After) is not waited for: the next model is asked, or the
    // answer fails.
    base::Millis max_retry_after{30'000};
};

// Zero: no such limit.
struct PolicyDeadlines {
    base::Millis first_token{30'000};  // of each attempt
    base::Millis silence{60'000};      // between two pieces of text
    base::Millis total{120'000};       // of everything, waits included
};

// One request that was made, or refused by a breaker.
struct Attempt {
    std::string_view model;  // id
    std::size_t number = 1;  // of that model for this answer
    bool sent = true;        // false: the breaker is open
    bool failed = false;     // before the first piece of text; else the answer began
    base::Error error;       // if it failed
    FailureDetails details;
    base::Millis took{0};              // to the first piece of text, the end or the failure
    base::Millis wait{0};              // until the same model is asked again; 0: it is not
    std::string_view next_model = {};  // that is asked instead; empty: none
};

struct PolicyParts {
    std::vector<Candidate> candidates;  // at least one; the ones behind the first stand in for it, in order
    RetryRules retry;
    PolicyDeadlines deadlines;
    Timers& timers;                                       // outlives the provider
    std::function<double()> random;                       // 0 <= x < 1
    std::function<void(const Attempt&)> on_attempt = {};  // for logs and metrics; must not touch the answer
};

// What is tried again with the same model: unavailable (408, 429, 5xx, connections that fail), and timeout
// when the connection was not made in time. What is tried with the next model: every failure before the first
// piece of text. `answered_by` is always set. A failure is the last attempt's, except that the deadline for
// all is reported as such.
std::unique_ptr<Provider> make_policy_provider(PolicyParts parts);

}  // namespace chatbox::llm
