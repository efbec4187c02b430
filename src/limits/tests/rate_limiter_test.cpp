#include "limits/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace chatbox::limits {
namespace {

using base::Millis;

const base::Instant start{};

TEST(RateLimiter, AdmitsAsManyAsAllowedInAnyWindowAndSaysHowLongToWait) {
    RateLimiter limiter(3, Millis(60'000));
    EXPECT_EQ(limiter.admit("u", start), Millis(0));
    EXPECT_EQ(limiter.admit("u", start + Millis(10'000)), Millis(0));
    EXPECT_EQ(limiter.admit("u", start + Millis(20'000)), Millis(0));
    EXPECT_EQ(limiter.admit("u", start + Millis(30'000)), Millis(30'000));
    EXPECT_EQ(limiter.admit("other", start + Millis(30'000)), Millis(0));
    EXPECT_EQ(limiter.admit("u", start + Millis(59'999)), Millis(1));
    EXPECT_EQ(limiter.admit("u", start + Millis(60'000)), Millis(0));
    EXPECT_EQ(limiter.admit("u", start + Millis(60'001)), Millis(9'999));
}

TEST(RateLimiter, NeverAdmitsMoreThanTheLimitInAWindowHoweverTheyCome) {
    RateLimiter limiter(500, Millis(60'000));
    std::vector<Millis> admitted;
    for (Millis at{0}; at < Millis(300'000); at += Millis(37)) {
        if (limiter.admit("u", start + at).count() == 0) admitted.push_back(at);
    }
    for (std::size_t i = 500; i < admitted.size(); ++i) {
        EXPECT_GE(admitted[i] - admitted[i - 500], Millis(60'000)) << i;
    }
    EXPECT_GT(admitted.size(), 2400u) << "and not much less";
}

TEST(RateLimiter, MemoryIsBoundedInKeysAndPurgedByItself) {
    RateLimiter limiter(10, Millis(60'000), 100);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(limiter.admit(std::to_string(i), start), Millis(0));
    EXPECT_GT(limiter.admit("one more", start), Millis(0));
    EXPECT_EQ(limiter.admit("7", start), Millis(0)) << "known keys still work";
    EXPECT_EQ(limiter.admit("one more", start + Millis(60'001)), Millis(0)) << "old keys made room";
    for (int i = 0; i < 30; ++i) limiter.admit("one more", start + Millis(60'001));
    EXPECT_EQ(limiter.key_count(), 1u) << "and are forgotten by and by";
}

TEST(RateLimiter, AKeyThatIsUsedAgainStays) {
    RateLimiter limiter(2, Millis(1000));
    limiter.admit("old", start);
    limiter.admit("young", start + Millis(500));
    limiter.admit("old", start + Millis(900));
    limiter.purge(start + Millis(1600));
    EXPECT_EQ(limiter.key_count(), 1u);
    EXPECT_EQ(limiter.admit("old", start + Millis(1600)), Millis(0));
    EXPECT_EQ(limiter.admit("old", start + Millis(1600)), Millis(300));
}

TEST(RateLimiter, AHundredThousandKeysAreForgottenAfterTheirWindow) {
    RateLimiter limiter(10, Millis(60'000));
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_EQ(limiter.admit("key " + std::to_string(i), start + Millis(i / 100)), Millis(0));
    }
    EXPECT_EQ(limiter.key_count(), 100'000u);
    EXPECT_EQ(limiter.admit("unseen", start + Millis(1000)), Millis(1000)) << "full: refused, with a hint";
    EXPECT_EQ(limiter.admit("key 5", start + Millis(1000)), Millis(0));
    limiter.purge(start + Millis(61'001));
    EXPECT_EQ(limiter.key_count(), 0u);
    EXPECT_EQ(limiter.entry_count(), 0u);
}

TEST(RateLimiter, AMillionEventsOfOneKeyTakeBoundedMemory) {
    RateLimiter exact(200, Millis(60'000));
    RateLimiter coarse(10'000'000, Millis(60'000));
    std::size_t most = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        const base::Instant now = start + std::chrono::microseconds(100 * i);  // 100 s in all
        exact.admit("u", now);
        EXPECT_EQ(coarse.admit("u", now), Millis(0));
        if (i % 1000 == 0) most = std::max({most, exact.entry_count(), coarse.entry_count()});
    }
    EXPECT_LE(most, 512u);
}

TEST(RateLimiter, AskingDoesNotCount) {
    RateLimiter limiter(1, Millis(1000));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.wait("u", start), Millis(0));
    EXPECT_EQ(limiter.key_count(), 0u);
    EXPECT_EQ(limiter.admit("u", start), Millis(0));
    EXPECT_EQ(limiter.wait("u", start + Millis(400)), Millis(600));
    EXPECT_EQ(limiter.wait("u", start + Millis(1000)), Millis(0));
}

TEST(RateLimiter, ALimitOfZeroAdmitsNothing) {
    RateLimiter limiter(0, Millis(60'000));
    EXPECT_EQ(limiter.admit("u", start), Millis(60'000));
    EXPECT_EQ(limiter.wait("u", start), Millis(60'000));
}

TEST(SharedRateLimiter, ThreadsTogetherGetNoMoreThanTheLimit) {
    SharedRateLimiter limiter(Rate{1000, Millis(60'000)});
    std::atomic<int> admitted = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) {
                if (limiter.admit("u", start).count() == 0) ++admitted;
                limiter.wait("u", start);
                limiter.purge(start, 10);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(admitted, 1000);
    EXPECT_EQ(limiter.key_count(), 1u);
}

}  // namespace
}  // namespace chatbox::limits
