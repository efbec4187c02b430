#include "auth/jwks/refresh_plan.h"

#include <algorithm>

namespace chatbox::auth::jwks {

bool RefreshPlan::wants(base::Instant now) {
    if (running_) return true;
    due_ = std::min(due_, std::max(earliest_, now));
    return due_ <= now;
}

void RefreshPlan::began(base::Instant now) {
    running_ = true;
    earliest_ = now + interval_;
}

void RefreshPlan::ended(base::Instant now, Outcome outcome) {
    running_ = false;
    due_ = std::max(earliest_, now + (outcome == Outcome::success ? period_ : interval_));
}

}  // namespace chatbox::auth::jwks
