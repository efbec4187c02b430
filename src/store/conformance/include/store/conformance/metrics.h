#pragma once
// Figures over the sessions of a period.
#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

class MetricsOfAPeriod : public StoreConformance {
protected:
    Session begin(const UserId& user, Time at) {
        OpenSession request = open_for(user);
        request.at = at;
        return call().open(request).value().session;
    }
    void lasts(const UserId& user, Time from, Time to) {
        ASSERT_TRUE(call().end(begin(user, from).id, user, to));
    }
    void answer(const UserId& user, std::uint64_t tokens, std::uint64_t ms, std::string text = "text") {
        const AcceptMessage question = question_of(user);
        ASSERT_TRUE(call().accept(question).value().turn_started);
        FinishTurn finish = finish_of(question.turn, std::move(text));
        finish.tokens = tokens;
        finish.response_ms = ms;
        ASSERT_TRUE(call().finish(finish));
    }
    Metrics metrics(Time from, Time to) { return call().metrics(from, to, noon + 1000h); }
};

TEST_P(MetricsOfAPeriod, AreZeroWhereNothingIs) {
    const auto expect_nothing = [](const Metrics& nothing) {
        EXPECT_EQ(nothing.total_sessions, 0U);
        EXPECT_EQ(nothing.active_sessions, 0U);
        EXPECT_EQ(nothing.admin_assisted, 0U);
        EXPECT_EQ(nothing.total_tokens, 0U);
        EXPECT_EQ(nothing.avg_response_ms, 0U);
        EXPECT_EQ(nothing.max_response_ms, 0U);
        EXPECT_EQ(nothing.avg_concurrent, 0.0);
        EXPECT_EQ(nothing.max_concurrent, 0U);
    };
    expect_nothing(metrics(noon, noon + 1h));
    lasts(alice, noon - 2h, noon - 1h);
    lasts(bob, noon + 2h, noon + 3h);
    expect_nothing(metrics(noon, noon + 1h));
    expect_nothing(metrics(noon + 1h, noon));                       // reversed
    expect_nothing(call().metrics(noon + 1h, noon + 90min, noon));  // has not happened
}

TEST_P(MetricsOfAPeriod, CountTheSessionsThatStartedInIt) {
    lasts(alice, noon - 1ms, noon + 1h);
    lasts(alice, noon, noon + 1h);
    begin(alice, noon + 1h);
    begin(bob, noon + 1h + 1ms);
    const Metrics found = metrics(noon, noon + 1h);
    EXPECT_EQ(found.total_sessions, 2U);
    EXPECT_EQ(found.active_sessions, 1U);
}

TEST_P(MetricsOfAPeriod, CountWhereAnAdminHelpedAlsoAfterwards) {
    const Session session = begin(alice, noon);
    begin(bob, noon);
    ASSERT_TRUE(call().change(takeover_of(session.id, UserId("adm"))));
    ASSERT_TRUE(call().change(release_of(session.id, UserId("adm"))));
    EXPECT_EQ(metrics(noon, noon).admin_assisted, 1U);
}

TEST_P(MetricsOfAPeriod, AverageOverAnswersNotOverSessions) {
    begin(alice, noon);
    begin(bob, noon);
    begin(UserId("asked nothing"), noon);
    answer(alice, 10, 100);
    answer(alice, 5, 200);
    answer(alice, 5, 300);
    answer(bob, 7, 1000);
    answer(bob, 3, 90'000, "");  // without text: nobody waited for its end
    const Metrics found = metrics(noon, noon);
    EXPECT_EQ(found.total_tokens, 30U);
    EXPECT_EQ(found.avg_response_ms, 400U);
    EXPECT_EQ(found.max_response_ms, 1000U);
}

TEST_P(MetricsOfAPeriod, DoNotWrapAround) {
    const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
    answer(alice, huge, huge);
    answer(bob, huge, huge);
    const std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(metrics(noon, noon).total_tokens, largest);
    EXPECT_EQ(metrics(noon, noon).max_response_ms, largest);
}

TEST_P(MetricsOfAPeriod, WeighHowManyAreOpenAtOnceByTime) {
    //  minutes   -10    0    10    20    30    40    50    60    70
    //  a           |-------------|                                     from before
    //  b                      |-----------|                            inside
    //  c                            |------------------------|         beyond the end
    //  d                                              |------->        still open
    lasts(UserId("a"), noon - 10min, noon + 20min);
    lasts(UserId("b"), noon + 15min, noon + 30min);
    lasts(UserId("c"), noon + 25min, noon + 70min);
    begin(UserId("d"), noon + 50min);
    lasts(UserId("before"), noon - 2h, noon);
    lasts(UserId("after"), noon + 61min, noon + 62min);
    const Metrics found = metrics(noon, noon + 1h);
    EXPECT_EQ(found.max_concurrent, 2U);
    EXPECT_NEAR(found.avg_concurrent, (20 + 15 + 35 + 10) / 60.0, 1e-9);
    EXPECT_EQ(found.total_sessions, 3U);  // b, c and d

    const Metrics all = metrics(noon - 3h, noon + 3h);
    EXPECT_EQ(all.max_concurrent, 3U);  // c, d and after
}

TEST_P(MetricsOfAPeriod, EndWithNow) {
    begin(alice, noon);
    const Metrics found = call().metrics(noon - 30min, noon + 100h, noon + 30min);
    EXPECT_EQ(found.max_concurrent, 1U);
    EXPECT_NEAR(found.avg_concurrent, 0.5, 1e-9);
    // What has just begun is there, also when no time has passed.
    EXPECT_EQ(call().metrics(noon - 1h, noon, noon).max_concurrent, 1U);
    EXPECT_EQ(call().metrics(noon, noon, noon).avg_concurrent, 1.0);
}

TEST_P(MetricsOfAPeriod, DoNotTakeSessionsThatFollowEachOtherForConcurrent) {
    for (int i = 0; i < 5; ++i) lasts(alice, noon + i * 1s, noon + (i + 1) * 1s);
    Metrics found = metrics(noon, noon + 5s);
    EXPECT_EQ(found.max_concurrent, 1U);
    EXPECT_NEAR(found.avg_concurrent, 1.0, 1e-9);

    lasts(bob, noon + 2500ms, noon + 2500ms);  // as short as can be, and yet it was there
    found = metrics(noon, noon + 5s);
    EXPECT_EQ(found.max_concurrent, 2U);
    EXPECT_EQ(metrics(noon + 2500ms, noon + 2500ms).max_concurrent, 2U);
}

TEST_P(MetricsOfAPeriod, AreTheSameAsCountedOneByOne) {
    std::uint32_t random = 7;  // a fixed schedule: a failure can be repeated
    const auto next = [&random](std::uint32_t below) {
        random = random * 1664525U + 1013904223U;
        return (random >> 8U) % below;
    };
    struct Span {
        std::int64_t from, to;
    };
    std::vector<Span> spans;
    for (int i = 0; i < 60; ++i) {
        const std::int64_t from = next(100);
        spans.push_back({from, from + next(40)});
        lasts(UserId("u" + std::to_string(i)), noon + base::Millis(from),
              noon + base::Millis(spans.back().to));
    }
    for (int round = 0; round < 20; ++round) {
        const std::int64_t from = next(120);
        const std::int64_t to = from + next(60);
        std::uint64_t most = 0;
        double sum = 0;
        for (std::int64_t at = from; at <= to; ++at) {
            std::uint64_t open = 0;
            for (const Span& span : spans) open += span.from <= at && at < std::max(span.to, span.from + 1);
            most = std::max(most, open);
            if (at < to) sum += static_cast<double>(open);
        }
        const Metrics found = metrics(noon + base::Millis(from), noon + base::Millis(to));
        EXPECT_EQ(found.max_concurrent, most) << from << " to " << to;
        EXPECT_NEAR(found.avg_concurrent,
                    from == to ? static_cast<double>(most) : sum / static_cast<double>(to - from), 1e-9)
            << from << " to " << to;
    }
}

}  // namespace chatbox::store::conformance
