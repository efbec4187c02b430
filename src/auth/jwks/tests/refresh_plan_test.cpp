#include "auth/jwks/refresh_plan.h"

#include <gtest/gtest.h>

namespace chatbox::auth::jwks {
namespace {

using namespace std::chrono_literals;
using Outcome = RefreshPlan::Outcome;

class Plan : public testing::Test {
protected:
    void fetch(Outcome outcome, base::Millis takes = 100ms) {
        plan_.began(now_);
        now_ += takes;
        plan_.ended(now_, outcome);
    }

    base::Instant now_{1h};
    RefreshPlan plan_{5min, 10s};
};

TEST_F(Plan, BeginsAtOnce) {
    EXPECT_TRUE(plan_.is_due(now_));
    EXPECT_TRUE(plan_.wants(now_));
}

TEST_F(Plan, RepeatsAfterThePeriod) {
    fetch(Outcome::success);
    EXPECT_FALSE(plan_.is_due(now_ + 5min - 1ms));
    EXPECT_TRUE(plan_.is_due(now_ + 5min));
}

TEST_F(Plan, RepeatsAFailureAfterTheInterval) {
    fetch(Outcome::failure);
    EXPECT_FALSE(plan_.is_due(now_ + 10s - 1ms));
    EXPECT_TRUE(plan_.is_due(now_ + 10s));
}

TEST_F(Plan, FetchesForAMissingKeyAtOnceWhenTheLastFetchIsLongAgo) {
    fetch(Outcome::success);
    now_ += 1min;
    EXPECT_TRUE(plan_.wants(now_));
    EXPECT_TRUE(plan_.is_due(now_));
}

TEST_F(Plan, HasEverybodyWaitForTheFetchThatRuns) {
    plan_.began(now_);
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(plan_.wants(now_ + 1ms));
    EXPECT_FALSE(plan_.is_due(now_ + 1h)) << "never two at a time";
}

TEST_F(Plan, FetchesOnceInAnIntervalHoweverManyKeysAreMissing) {
    fetch(Outcome::success);
    int fetches = 0;
    for (int i = 0; i < 3000; ++i) {
        now_ += 10ms;  // 30 s in all
        if (plan_.wants(now_)) {
            ++fetches;
            fetch(Outcome::success, 0ms);
        }
    }
    EXPECT_EQ(fetches, 3);
}

TEST_F(Plan, FetchesAtTheEndOfTheIntervalWhenAKeyWasMissingDuringIt) {
    plan_.began(now_);
    plan_.ended(now_ + 1s, Outcome::success);
    EXPECT_FALSE(plan_.wants(now_ + 2s)) << "the caller is not kept waiting";
    EXPECT_EQ(plan_.due(), now_ + 10s) << "but its next attempt will find the key";
}

TEST_F(Plan, WaitsForASlowServerNoLessThanForAQuickOne) {
    plan_.began(now_);
    plan_.ended(now_ + 30s, Outcome::failure);
    EXPECT_FALSE(plan_.is_due(now_ + 39s));
    EXPECT_TRUE(plan_.is_due(now_ + 40s));
}

}  // namespace
}  // namespace chatbox::auth::jwks
