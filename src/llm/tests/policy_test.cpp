#include "llm/policy.h"

#include "scripted_provider.h"

namespace chatbox::llm {

using namespace std::chrono_literals;
using base::Errc;
using base::Millis;
using testing::RecordingSink;
using testing::ScriptedProvider;

namespace {

class Policy : public ::testing::Test {
protected:
    void ask(Prompt prompt = {}) {
        PolicyParts parts{.candidates = {},
                          .retry = {.attempts = 3, .first_wait = 1s, .max_wait = 30s, .max_retry_after = 30s},
                          .deadlines = {.first_token = 30s, .silence = 60s, .total = 120s},
                          .timers = timers,
                          .random = [this] { return random; },
                          .on_attempt = [this](const Attempt& attempt) { attempts.push_back(attempt); }};
        if (change) change(parts);
        parts.candidates.push_back({"a", first, first_breaker, true});
        if (with_second) parts.candidates.push_back({"b", second, nullptr, true});
        policy = make_policy_provider(std::move(parts));
        call = policy->answer(std::move(prompt), sink);
        EXPECT_EQ(sink.ends, 0);
    }
    static FailureDetails status(int code, std::optional<Millis> retry_after = {}) {
        FailureDetails details;
        details.status = code;
        details.retry_after = retry_after;
        return details;
    }

    ManualTimers timers;
    double random = 0.5;  // no spread
    std::function<void(PolicyParts&)> change;
    bool with_second = false;
    std::shared_ptr<ScriptedProvider> first = std::make_shared<ScriptedProvider>();
    std::shared_ptr<ScriptedProvider> second = std::make_shared<ScriptedProvider>();
    std::shared_ptr<Breaker> first_breaker;
    std::vector<Attempt> attempts;
    RecordingSink sink;
    std::unique_ptr<Provider> policy;
    std::unique_ptr<AnswerCall> call;
};

}  // namespace

TEST_F(Policy, PassesAnAnswerThatGoesWellAndSaysWhoGaveIt) {
    ask({.messages = {{Role::user, "Hello"}}});
    ASSERT_EQ(first->asked.size(), 1u);
    EXPECT_EQ(first->asked[0]->prompt.messages.at(0).content, "Hello");
    first->say("Hel");
    first->say("lo");
    AnswerEnd end;
    end.finish_reason = "stop";
    end.usage.total_tokens = 7;
    first->end(end);
    EXPECT_EQ(sink.text, "Hello");
    ASSERT_TRUE(sink.ok());
    EXPECT_EQ(sink.end->value().answered_by, "a");
    EXPECT_EQ(sink.end->value().finish_reason, "stop");
    EXPECT_EQ(sink.end->value().usage.total_tokens, 7u);
    EXPECT_FALSE(sink.details);
    EXPECT_EQ(timers.waiting(), 0u);
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_FALSE(attempts[0].failed);
}

TEST_F(Policy, AsksAgainAfterGrowingWaits) {
    ask();
    first->fail(Errc::unavailable, status(503));
    timers.advance(999ms);
    EXPECT_EQ(first->asked.size(), 1u);
    timers.advance(1ms);
    ASSERT_EQ(first->asked.size(), 2u);
    first->fail(Errc::unavailable, status(503));
    timers.advance(1999ms);
    EXPECT_EQ(first->asked.size(), 2u);
    timers.advance(1ms);
    ASSERT_EQ(first->asked.size(), 3u);
    first->say("At last");
    first->end();
    EXPECT_EQ(sink.text, "At last");
    EXPECT_TRUE(sink.ok());
}

TEST_F(Policy, GivesUpAfterTheLastAttempt) {
    ask();
    for (int i = 0; i < 3; ++i) {
        first->fail(Errc::unavailable, status(503));
        timers.advance(10s);
    }
    EXPECT_EQ(first->asked.size(), 3u);
    EXPECT_EQ(sink.ends, 1);
    EXPECT_EQ(sink.code(), Errc::unavailable);
    ASSERT_TRUE(sink.details);
    EXPECT_EQ(sink.details->status, 503);
    EXPECT_EQ(attempts.size(), 3u);
    EXPECT_EQ(attempts[0].wait, 1s);
    EXPECT_EQ(attempts[2].wait, 0s);
}

TEST_F(Policy, SpreadsTheWaits) {
    for (const auto& [value, wait] : {std::pair{0.0, 750ms}, {0.999999, 1249ms}}) {
        random = value;
        first = std::make_shared<ScriptedProvider>();
        ask();
        first->fail(Errc::unavailable);
        timers.advance(wait - 1ms);
        EXPECT_EQ(first->asked.size(), 1u);
        timers.advance(1ms);
        EXPECT_EQ(first->asked.size(), 2u);
    }
}

TEST_F(Policy, BoundsTheWaits) {
    change = [](PolicyParts& parts) {
        parts.retry.attempts = 10;
        parts.retry.max_wait = 4s;
        parts.deadlines.total = Millis(0);
    };
    ask();
    for (const Millis wait : {1s, 2s, 4s, 4s, 4s}) {
        const std::size_t before = first->asked.size();
        first->fail(Errc::unavailable);
        timers.advance(wait - 1ms);
        EXPECT_EQ(first->asked.size(), before);
        timers.advance(1ms);
        EXPECT_EQ(first->asked.size(), before + 1);
    }
}

TEST_F(Policy, WaitsAsLongAsTheVendorAsks) {
    ask();
    first->fail(Errc::unavailable, status(429, 7s));
    timers.advance(6999ms);
    EXPECT_EQ(first->asked.size(), 1u);
    timers.advance(1ms);
    EXPECT_EQ(first->asked.size(), 2u);
}

TEST_F(Policy, DoesNotAskEarlierBecauseTheVendorWouldAllowIt) {
    ask();
    first->fail(Errc::unavailable, status(429, 0s));
    timers.advance(999ms);
    EXPECT_EQ(first->asked.size(), 1u);
}

TEST_F(Policy, DoesNotWaitForAVendorThatAsksForTooMuch) {
    ask();
    first->fail(Errc::unavailable, status(429, 30s + 1ms));
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_EQ(timers.waiting(), 0u);
}

TEST_F(Policy, NeverWaitsPastTheDeadlineForAll) {
    change = [](PolicyParts& parts) { parts.deadlines.total = 2s; };
    ask();
    timers.advance(1s);
    first->fail(Errc::unavailable, status(503));
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_EQ(first->asked.size(), 1u);
}

TEST_F(Policy, DoesNotAskAgainWhenTheVendorRefused) {
    ask();
    first->fail(Errc::rejected, status(401));
    EXPECT_EQ(sink.code(), Errc::rejected);
    EXPECT_EQ(first->asked.size(), 1u);
}

TEST_F(Policy, AsksAgainWhenTheConnectionWasNotMadeInTime) {
    ask();
    FailureDetails details;
    details.deadline = DeadlineKind::connect;
    first->fail(Errc::timeout, details);
    timers.advance(1s);
    EXPECT_EQ(first->asked.size(), 2u);
}

TEST_F(Policy, NeverAsksAgainOnceTextHasCome) {
    with_second = true;
    ask();
    first->say("Half");
    first->fail(Errc::unavailable, status(0));
    timers.advance(100s);
    EXPECT_EQ(first->asked.size(), 1u);
    EXPECT_EQ(second->asked.size(), 0u);
    EXPECT_EQ(sink.text, "Half");
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_EQ(sink.details->answered_by, "a");
}

TEST_F(Policy, AsksTheNextModelWhenTheFirstOneHasFailed) {
    with_second = true;
    ask({.messages = {{Role::user, "Hello"}}});
    for (int i = 0; i < 3; ++i) {
        first->fail(Errc::unavailable);
        timers.advance(5s);
    }
    ASSERT_EQ(second->asked.size(), 1u);
    EXPECT_EQ(second->asked[0]->prompt.messages.at(0).content, "Hello");
    second->say("Hi");
    second->end();
    EXPECT_EQ(sink.text, "Hi");
    EXPECT_EQ(sink.end->value().answered_by, "b");
    EXPECT_EQ(attempts.at(2).next_model, "b");
}

TEST_F(Policy, AsksTheNextModelAtOnceWhenTheFirstOneRefuses) {
    with_second = true;
    ask();
    first->fail(Errc::rejected, status(404));
    timers.advance(0ms);
    EXPECT_EQ(second->asked.size(), 1u);
    second->fail(Errc::rejected, status(400));
    EXPECT_EQ(sink.details->status, 400);
}

TEST_F(Policy, AsksTheNextModelWhenTheFirstOneSaysNothing) {
    with_second = true;
    ask();
    timers.advance(30s);
    EXPECT_FALSE(first->waits());
    ASSERT_EQ(second->asked.size(), 1u);
    second->say("Hi");
    second->end();
    EXPECT_TRUE(sink.ok());
}

TEST_F(Policy, NamesTheDeadlineThatPassed) {
    ask();
    timers.advance(30s - 1ms);
    EXPECT_FALSE(sink.ended());
    timers.advance(1ms);
    EXPECT_EQ(sink.code(), Errc::timeout);
    EXPECT_EQ(sink.detail(), "first token deadline of 30s passed");
    EXPECT_EQ(sink.details->deadline, DeadlineKind::first_token);
    EXPECT_EQ(sink.details->deadline_limit, 30s);
    EXPECT_FALSE(first->waits());
}

TEST_F(Policy, EndsAnAnswerThatFallsSilent) {
    ask();
    first->say("a");
    timers.advance(59s);
    first->say("b");
    timers.advance(59s);
    EXPECT_FALSE(sink.ended());
    timers.advance(1s);
    EXPECT_EQ(sink.detail(), "silence deadline of 1m0s passed");
    EXPECT_EQ(sink.details->deadline, DeadlineKind::silence);
    EXPECT_EQ(sink.text, "ab");
    EXPECT_FALSE(first->waits());
}

TEST_F(Policy, EndsAnAnswerThatTakesTooLong) {
    ask();
    for (int i = 0; i < 119; ++i) {
        first->say("x");
        timers.advance(1s);
    }
    EXPECT_FALSE(sink.ended());
    first->say("x");
    timers.advance(1s);
    EXPECT_EQ(sink.detail(), "total deadline of 2m0s passed");
    EXPECT_EQ(sink.details->deadline, DeadlineKind::total);
    EXPECT_EQ(sink.text.size(), 120u);
}

TEST_F(Policy, CountsTheDeadlineForAllOverAllAttempts) {
    change = [](PolicyParts& parts) { parts.deadlines = {30s, 60s, 40s}; };
    with_second = true;
    ask();
    timers.advance(30s);
    EXPECT_EQ(second->asked.size(), 1u);
    timers.advance(10s);
    EXPECT_EQ(sink.details->deadline, DeadlineKind::total);
}

TEST_F(Policy, DoesNotExpectAFirstTokenOfAWholeAnswer) {
    ask({.delivery = Delivery::whole});
    timers.advance(31s);
    EXPECT_FALSE(sink.ended());
    first->say("All of it");
    first->end();
    EXPECT_TRUE(sink.ok());
}

TEST_F(Policy, LeavesAnEndpointAloneWhoseBreakerIsOpen) {
    first_breaker = std::make_shared<Breaker>(BreakerRules{.failures = 2, .pause = 10s});
    with_second = true;
    ask();
    first->fail(Errc::unavailable);
    timers.advance(1s);
    first->fail(Errc::unavailable);
    timers.advance(2s);  // the third attempt is refused, and the next model asked
    EXPECT_EQ(first->asked.size(), 2u);
    ASSERT_EQ(second->asked.size(), 1u);
    EXPECT_FALSE(attempts.at(2).sent);
    second->end();

    sink = {};
    call = policy->answer({}, sink);
    timers.advance(0ms);
    EXPECT_EQ(first->asked.size(), 2u);
    EXPECT_EQ(second->asked.size(), 2u);
    second->end();

    timers.advance(10s);
    sink = {};
    call = policy->answer({}, sink);
    EXPECT_EQ(first->asked.size(), 3u);  // the probe
    first->say("Back");
    EXPECT_EQ(first_breaker->state(timers.now()), Breaker::State::closed);
}

TEST_F(Policy, FailsAtOnceWhenTheBreakerIsOpenAndNobodyStandsIn) {
    first_breaker = std::make_shared<Breaker>(BreakerRules{.failures = 1, .pause = 10s});
    first_breaker->report(first_breaker->ask(timers.now()), Breaker::Outcome::bad, timers.now());
    ask();
    EXPECT_EQ(first->asked.size(), 0u);
    timers.advance(0ms);
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_NE(sink.detail().find("circuit breaker"), std::string::npos);
}

TEST_F(Policy, CountsForTheBreakerWhatSpeaksAgainstTheEndpointOnly) {
    const auto opens = [&](Errc code, int with_status) {
        first_breaker = std::make_shared<Breaker>(BreakerRules{.failures = 1, .pause = 10s});
        sink = {};
        ask();
        first->fail(code, status(with_status));
        call.reset();
        return first_breaker->state(timers.now()) == Breaker::State::open;
    };
    EXPECT_TRUE(opens(Errc::unavailable, 0));
    EXPECT_TRUE(opens(Errc::unavailable, 500));
    EXPECT_TRUE(opens(Errc::unavailable, 529));
    EXPECT_TRUE(opens(Errc::timeout, 0));
    EXPECT_FALSE(opens(Errc::unavailable, 429));
    EXPECT_FALSE(opens(Errc::rejected, 400));
    EXPECT_FALSE(opens(Errc::rejected, 0));
    EXPECT_FALSE(opens(Errc::limit, 200));
}

TEST_F(Policy, GivesAProbeBackThatWasGivenUp) {
    first_breaker = std::make_shared<Breaker>(BreakerRules{.failures = 1, .pause = 10s});
    first_breaker->report(first_breaker->ask(timers.now()), Breaker::Outcome::bad, timers.now());
    timers.advance(10s);
    ask();
    EXPECT_EQ(first->asked.size(), 1u);
    call.reset();
    call = policy->answer({}, sink);
    EXPECT_EQ(first->asked.size(), 2u);
}

TEST_F(Policy, MayBeGivenUpAtAnyTime) {
    ask();
    call.reset();
    EXPECT_FALSE(first->waits());
    ask();
    first->fail(Errc::unavailable);
    call.reset();  // while it waits
    timers.advance(100s);
    EXPECT_EQ(first->asked.size(), 2u);
    sink.then_on_delta = [&] { call.reset(); };
    ask();
    first->say("a");
    EXPECT_FALSE(first->waits());
    sink.then_on_details = [&] { call.reset(); };
    ask();
    first->fail(Errc::rejected);
    EXPECT_EQ(sink.ends, 0);
    EXPECT_EQ(timers.waiting(), 0u);
}

TEST_F(Policy, StopsTheModelThatAnswersAndTellsWhatItCost) {
    ask();
    first->say("a");
    std::optional<Usage> usage;
    call->stop([&](const Usage& known) { usage = known; });
    call.reset();
    ASSERT_TRUE(first->asked[0]->stopped);
    timers.advance(1000s);
    EXPECT_EQ(sink.ends, 0);
    Usage told;
    told.total_tokens = 12;
    first->asked[0]->on_usage(told);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->total_tokens, 12u);
}

TEST_F(Policy, HasNothingToTellWhenItIsStoppedWhileItWaits) {
    ask();
    first->fail(Errc::unavailable);
    std::optional<Usage> usage;
    call->stop([&](const Usage& known) { usage = known; });
    EXPECT_TRUE(usage);
    timers.advance(100s);
    EXPECT_EQ(first->asked.size(), 1u);
}

}  // namespace chatbox::llm
