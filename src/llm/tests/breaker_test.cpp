#include "llm/breaker.h"

#include <gtest/gtest.h>

namespace chatbox::llm {

using namespace std::chrono_literals;
using Outcome = Breaker::Outcome;
using State = Breaker::State;

namespace {

class BreakerOfThree : public ::testing::Test {
protected:
    // One request with that outcome; false if it was not let through.
    bool request(Outcome outcome) {
        const auto permit = breaker.ask(now);
        if (permit.granted) breaker.report(permit, outcome, now);
        return permit.granted;
    }
    void open() {
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(request(Outcome::bad));
        ASSERT_EQ(breaker.state(now), State::open);
    }

    Breaker breaker{{.failures = 3, .pause = 10s}};
    base::Instant now{};
};

}  // namespace

TEST_F(BreakerOfThree, OpensAfterThreeFailuresInARow) {
    EXPECT_TRUE(request(Outcome::bad));
    EXPECT_TRUE(request(Outcome::bad));
    EXPECT_EQ(breaker.state(now), State::closed);
    EXPECT_TRUE(request(Outcome::bad));
    EXPECT_EQ(breaker.state(now), State::open);
    EXPECT_FALSE(request(Outcome::good));
}

TEST_F(BreakerOfThree, ForgetsFailuresWhenOneRequestGoesWell) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(request(Outcome::bad));
        EXPECT_TRUE(request(Outcome::bad));
        EXPECT_TRUE(request(Outcome::good));
    }
    EXPECT_EQ(breaker.state(now), State::closed);
}

TEST_F(BreakerOfThree, LearnsNothingFromARequestThatWasGivenUp) {
    request(Outcome::bad);
    request(Outcome::bad);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(request(Outcome::unknown));
    EXPECT_EQ(breaker.state(now), State::closed);
    request(Outcome::bad);
    EXPECT_EQ(breaker.state(now), State::open);
}

TEST_F(BreakerOfThree, LetsOneProbeThroughAfterThePause) {
    open();
    now += 10s - 1ms;
    EXPECT_FALSE(breaker.ask(now).granted);
    now += 1ms;
    EXPECT_EQ(breaker.state(now), State::half_open);
    const auto probe = breaker.ask(now);
    EXPECT_TRUE(probe.granted);
    EXPECT_TRUE(probe.probe);
    EXPECT_FALSE(breaker.ask(now).granted);
    breaker.report(probe, Outcome::good, now);
    EXPECT_EQ(breaker.state(now), State::closed);
    EXPECT_TRUE(breaker.ask(now).granted);
}

TEST_F(BreakerOfThree, StaysOpenForAnotherPauseWhenTheProbeFails) {
    open();
    now += 10s;
    EXPECT_TRUE(request(Outcome::bad));
    EXPECT_FALSE(request(Outcome::good));
    now += 10s;
    EXPECT_TRUE(request(Outcome::good));
    EXPECT_EQ(breaker.state(now), State::closed);
}

TEST_F(BreakerOfThree, LetsTheNextOneProbeWhenAProbeIsGivenUp) {
    open();
    now += 10s;
    EXPECT_TRUE(request(Outcome::unknown));
    EXPECT_TRUE(request(Outcome::good));
    EXPECT_EQ(breaker.state(now), State::closed);
}

TEST_F(BreakerOfThree, IsNotClosedByARequestFromBeforeItOpened) {
    const auto early = breaker.ask(now);
    open();
    breaker.report(early, Outcome::good, now);
    EXPECT_EQ(breaker.state(now), State::open);
}

TEST(BreakerThatIsOff, NeverOpens) {
    Breaker breaker({.failures = 0, .pause = 10s});
    for (int i = 0; i < 1000; ++i) breaker.report(breaker.ask({}), Outcome::bad, {});
    EXPECT_TRUE(breaker.ask({}).granted);
}

}  // namespace chatbox::llm
