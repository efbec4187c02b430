#include "limits/token_bucket.h"

#include <gtest/gtest.h>

namespace chatbox::limits {
namespace {

using base::Millis;

const base::Instant start{};

TEST(TokenBucket, AdmitsABurstAndThenOneByOne) {
    const Rate rate{4, Millis(1000)};
    TokenBucket bucket;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(bucket.admit(rate, start), Millis(0)) << i;
    EXPECT_EQ(bucket.admit(rate, start), Millis(250));
    EXPECT_EQ(bucket.admit(rate, start + Millis(249)), Millis(1));
    EXPECT_EQ(bucket.admit(rate, start + Millis(250)), Millis(0));
    EXPECT_EQ(bucket.admit(rate, start + Millis(250)), Millis(250)) << "refusals cost nothing";
}

TEST(TokenBucket, IsFullAgainAfterAWindowAndNeverFuller) {
    const Rate rate{3, Millis(1000)};
    TokenBucket bucket;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.admit(rate, start), Millis(0));
    const base::Instant later = start + Millis(100'000);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.admit(rate, later), Millis(0));
    EXPECT_GT(bucket.admit(rate, later), Millis(0));
}

TEST(TokenBucket, WhoWaitsAsLongAsToldIsAdmitted) {
    const Rate rate{7, Millis(1000)};
    TokenBucket bucket;
    base::Instant now = start;
    for (int i = 0; i < 100; ++i) {
        if (const Millis wait = bucket.admit(rate, now); wait.count() > 0) {
            now += wait;
            ASSERT_EQ(bucket.admit(rate, now), Millis(0)) << i;
        }
    }
}

TEST(TokenBucket, AMillionEventsAreAdmittedAtTheRate) {
    const Rate rate{100, Millis(10'000)};
    TokenBucket bucket;
    int admitted = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        if (bucket.admit(rate, start + std::chrono::microseconds(100 * i)).count() == 0) ++admitted;
    }
    EXPECT_GE(admitted, 100 + 990) << "100 s at 10/s behind a burst of 100";
    EXPECT_LE(admitted, 100 + 1000);
}

TEST(TokenBucket, ALimitOfZeroAdmitsNothing) {
    TokenBucket bucket;
    EXPECT_EQ(bucket.admit(Rate{0, Millis(500)}, start), Millis(500));
}

}  // namespace
}  // namespace chatbox::limits
