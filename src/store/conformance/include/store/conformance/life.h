#pragma once
// How long a session lives without its user: idle sessions end, ended ones are continued within a window.
#include <set>
#include <thread>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

class LifeOfASession : public StoreConformance {
protected:
    // A session of alice that was active at noon.
    Session begin() { return call().accept(message_of(alice, "first")).value().session; }
    Session begin_and_end() {
        const Session session = begin();
        return call().end(session.id, alice, noon).value();
    }

    AcceptMessage message_to(const SessionId& session, Time at, base::Millis window = 15min) {
        AcceptMessage request = message_of(alice, "later");
        request.session = session;
        request.message.at = at;
        request.lifetime.reconnect_window = window;
        return request;
    }
    OpenSession open_to(const SessionId& session, Time at, bool create, base::Millis window = 15min) {
        OpenSession request = open_for(alice, create);
        request.session = session;
        request.at = at;
        request.lifetime.reconnect_window = window;
        return request;
    }
};

// --- continuing what has ended ---

TEST_P(LifeOfASession, AMessageWithinTheWindowMakesItActiveAgain) {
    const Session ended = begin_and_end();
    const Time late = noon + 15min - 1ms;
    const Accepted accepted = call().accept(message_to(ended.id, late)).value();
    EXPECT_TRUE(accepted.reopened);
    EXPECT_FALSE(accepted.created);
    EXPECT_EQ(accepted.event.seq, 2U);
    Session expected = ended;
    expected.end.reset();
    expected.last_activity = late;
    expected.last_seen = late;
    expected.last_seq = 2;
    expected.message_count = 2;
    EXPECT_EQ(accepted.session, expected);
    EXPECT_EQ(call().session(ended.id).value(), expected);
    EXPECT_EQ(session_of(alice).id, ended.id);
    EXPECT_FALSE(call().accept(message_to(ended.id, late)).value().reopened);
}

TEST_P(LifeOfASession, AMessageAfterTheWindowMakesANewOne) {
    const Session ended = begin_and_end();
    const Accepted accepted = call().accept(message_to(ended.id, noon + 15min)).value();
    EXPECT_TRUE(accepted.created);
    EXPECT_FALSE(accepted.reopened);
    EXPECT_NE(accepted.session.id, ended.id);
    EXPECT_EQ(call().session(ended.id).value(), ended);
}

TEST_P(LifeOfASession, WithoutAWindowNothingIsContinued) {
    const Session ended = begin_and_end();
    EXPECT_TRUE(call().accept(message_to(ended.id, noon, 0ms)).value().created);
}

TEST_P(LifeOfASession, OnlyANamedSessionIsContinued) {
    const Session ended = begin_and_end();
    EXPECT_TRUE(call().accept(message_to(SessionId(), noon)).value().created);
    EXPECT_EQ(call().session(ended.id).value(), ended);
}

TEST_P(LifeOfASession, BesideAnActiveOneNothingIsContinued) {
    const Session ended = begin_and_end();
    const Session current = begin();
    const Accepted accepted = call().accept(message_to(ended.id, noon + 1s)).value();
    EXPECT_FALSE(accepted.reopened);
    EXPECT_EQ(accepted.session.id, current.id);
    EXPECT_EQ(call().open(open_to(ended.id, noon + 1s, true)).value().session.id, current.id);
    EXPECT_EQ(call().session(ended.id).value(), ended);
}

TEST_P(LifeOfASession, ASessionOfSomeoneElseIsNotContinued) {
    const Session ended = begin_and_end();
    AcceptMessage request = message_to(ended.id, noon);
    request.user = bob;
    EXPECT_EQ(refusal(call().accept(request)), Errc::forbidden);
    EXPECT_EQ(call().session(ended.id).value(), ended);
}

TEST_P(LifeOfASession, ContinuingNeedsNoLeaveToMakeOne) {
    const Session ended = begin_and_end();
    AcceptMessage request = message_to(ended.id, noon);
    request.create = false;
    EXPECT_TRUE(call().accept(request).value().reopened);
}

TEST_P(LifeOfASession, OpeningToLookFindsItAndLeavesItEnded) {
    const Session ended = begin_and_end();
    const Opened opened = call().open(open_to(ended.id, noon + 14min, false)).value();
    EXPECT_FALSE(opened.reopened);
    EXPECT_FALSE(opened.created);
    EXPECT_EQ(opened.session, ended);
    EXPECT_EQ(call().session(ended.id).value(), ended);
    EXPECT_EQ(refusal(call().open(open_to(ended.id, noon + 15min, false))), Errc::not_found);
    EXPECT_EQ(refusal(call().open(open_to(ended.id, noon, false, 0ms))), Errc::not_found);
}

TEST_P(LifeOfASession, OpeningToWorkInItMakesItActiveAgain) {
    const Session ended = begin_and_end();
    const Opened opened = call().open(open_to(ended.id, noon + 14min, true)).value();
    EXPECT_TRUE(opened.reopened);
    Session expected = ended;
    expected.end.reset();
    expected.last_activity = noon + 14min;
    expected.last_seen = noon + 14min;
    EXPECT_EQ(opened.session, expected);
    EXPECT_EQ(call().session(ended.id).value(), expected);
}

TEST_P(LifeOfASession, ARefusedMessageContinuesNothing) {
    const Session ended = begin_and_end();
    AcceptMessage request = message_to(ended.id, noon + 1s);
    request.message.id = call().accept(message_of(bob)).value().event.message.id;
    EXPECT_EQ(refusal(call().accept(request)), Errc::conflict);
    EXPECT_EQ(call().session(ended.id).value(), ended);
}

TEST_P(LifeOfASession, SendingAgainWhatWasSentBeforeTheEndContinuesNothing) {
    AcceptMessage first = message_of(alice);
    first.message.client_id = model::ClientId("c1");
    const Session session = call().accept(first).value().session;
    const Session ended = call().end(session.id, alice, noon).value();
    AcceptMessage again = message_to(session.id, noon + 1s);
    again.message.client_id = model::ClientId("c1");
    const Accepted accepted = call().accept(again).value();
    EXPECT_TRUE(accepted.duplicate);
    EXPECT_FALSE(accepted.reopened);
    EXPECT_EQ(call().session(session.id).value(), ended);
}

TEST_P(LifeOfASession, ContinuedByManyAtOnceItIsContinuedOnce) {
    const Session ended = begin_and_end();
    std::vector<std::future<Result<Accepted>>> answers;
    std::vector<std::thread> senders;
    std::mutex mutex;
    for (int t = 0; t < 4; ++t) {
        senders.emplace_back([&] {
            for (int i = 0; i < 10; ++i) {
                auto answer = call().send(message_to(ended.id, noon + 1s));
                const std::lock_guard lock(mutex);
                answers.push_back(std::move(answer));
            }
        });
    }
    for (auto& sender : senders) sender.join();
    int reopened = 0;
    for (auto& answer : answers) {
        const Accepted accepted = Caller::wait(std::move(answer)).value();
        EXPECT_EQ(accepted.session.id, ended.id);
        reopened += accepted.reopened ? 1 : 0;
    }
    EXPECT_EQ(reopened, 1);
    EXPECT_EQ(call().session(ended.id).value().last_seq, 41U);
}

TEST_P(LifeOfASession, ATurnStartsInWhatIsContinued) {
    const Session ended = begin_and_end();
    AcceptMessage request = question_of(alice);
    request.session = ended.id;
    request.lifetime.reconnect_window = 1min;
    const Accepted accepted = call().accept(request).value();
    EXPECT_TRUE(accepted.reopened);
    EXPECT_TRUE(accepted.turn_started);
    EXPECT_TRUE(call().finish(finish_of(request.turn)));
}

// --- ending what is idle ---

TEST_P(LifeOfASession, ADeviceThatIsThereMovesTheLastSignOfLifeForward) {
    const Session session = begin();
    const Session other = call().accept(message_of(bob)).value().session;
    ASSERT_TRUE(call().seen({session.id, fresh<SessionId>(), other.id, session.id}, noon + 5min));
    Session expected = session;
    expected.last_seen = noon + 5min;
    EXPECT_EQ(call().session(session.id).value(), expected);
    EXPECT_EQ(call().session(other.id).value().last_seen, noon + 5min);
    ASSERT_TRUE(call().seen({session.id}, noon + 4min));  // never back
    EXPECT_EQ(call().session(session.id).value(), expected);
    ASSERT_TRUE(call().seen({}, noon + 9min));
    EXPECT_EQ(call().session(session.id).value(), expected);

    AcceptMessage request = message_of(alice);
    request.message.at = noon + 1min;
    const Session after = call().accept(request).value().session;
    EXPECT_EQ(after.last_activity, noon + 1min);
    EXPECT_EQ(after.last_seen, noon + 5min);
}

TEST_P(LifeOfASession, ADeviceDoesNotSeeWhatHasEnded) {
    const Session ended = begin_and_end();
    ASSERT_TRUE(call().seen({ended.id}, noon + 5min));
    EXPECT_EQ(call().session(ended.id).value(), ended);
}

TEST_P(LifeOfASession, WhatIsIdleEndsWithItsLastActivity) {
    const Session session = begin();
    const Session other = call().accept(message_of(bob)).value().session;
    ASSERT_TRUE(call().seen({session.id}, noon + 5min));
    ASSERT_TRUE(call().seen({other.id}, noon + 5min + 1ms));
    EXPECT_TRUE(call().expire(noon + 5min - 1ms).empty());
    Session expected = session;
    expected.last_seen = noon + 5min;
    expected.end = noon;
    EXPECT_EQ(call().expire(noon + 5min), std::vector<Session>{expected});
    EXPECT_EQ(call().session(session.id).value(), expected);
    EXPECT_TRUE(call().expire(noon + 5min).empty());
    EXPECT_FALSE(call().session(other.id).value().end);
    EXPECT_NE(session_of(alice).id, session.id);
}

TEST_P(LifeOfASession, WhatAnswersOrIsHelpedIsNotIdle) {
    const AcceptMessage question = question_of(alice);
    const Session answers = call().accept(question).value().session;
    const Session helped = call().accept(message_of(bob)).value().session;
    const Session waits = call().accept(message_of(UserId("carol"))).value().session;
    ASSERT_TRUE(call().change(takeover_of(helped.id, UserId("adm"))));
    ASSERT_TRUE(call().change(help_in(waits.id)));
    EXPECT_TRUE(call().expire(noon + 24h).empty());

    ASSERT_TRUE(call().finish(finish_of(question.turn)));
    ASSERT_TRUE(call().change(release_of(helped.id, UserId("adm"))));
    const auto ended = ids_of(call().expire(noon + 24h));
    EXPECT_EQ(std::set<SessionId>(ended.begin(), ended.end()), (std::set<SessionId>{answers.id, helped.id}));
    EXPECT_FALSE(call().session(waits.id).value().end);
}

TEST_P(LifeOfASession, ManyIdleOnesEndInPortionsTheLongestIdleFirst) {
    std::vector<SessionId> sessions;
    for (int i = 0; i < 10; ++i) {
        AcceptMessage request = message_of(UserId("user-" + std::to_string(i)));
        request.message.at = noon + std::chrono::minutes((i * 7) % 10);
        sessions.push_back(call().accept(request).value().session.id);
    }
    std::vector<SessionId> ended;
    for (const std::size_t expected : {4U, 4U, 2U, 0U}) {
        const auto portion = ids_of(call().expire(noon + 1h, 4));
        EXPECT_EQ(portion.size(), expected);
        ended.insert(ended.end(), portion.begin(), portion.end());
    }
    ASSERT_EQ(ended.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(ended[(i * 7) % 10], sessions[i]);
    EXPECT_TRUE(call().expire(noon + 1h, 0).empty());
}

TEST_P(LifeOfASession, BeforeItIsUsedWhatIsIdleEnds) {
    const Session session = begin();
    AcceptMessage request = message_to(session.id, noon + 20min);
    request.lifetime.idle_since = noon - 1ms;
    EXPECT_FALSE(call().accept(request).value().expired);  // it is not idle

    request = message_to(session.id, noon + 1h);
    request.lifetime.idle_since = noon + 45min;
    const Accepted accepted = call().accept(request).value();
    EXPECT_TRUE(accepted.created);
    ASSERT_TRUE(accepted.expired);
    EXPECT_EQ(accepted.expired->id, session.id);
    EXPECT_EQ(accepted.expired->end, noon + 20min);
    EXPECT_EQ(call().session(session.id).value(), *accepted.expired);
    EXPECT_EQ(call().session(session.id).value().last_seq, 2U);
    EXPECT_EQ(session_of(alice).id, accepted.session.id);
}

TEST_P(LifeOfASession, AnIdleOneEndsAlsoWhenItWasNotNamed) {
    const Session session = begin();
    OpenSession request = open_for(alice);
    request.at = noon + 1h;
    request.lifetime.idle_since = noon + 45min;
    const Opened opened = call().open(request).value();
    EXPECT_TRUE(opened.created);
    ASSERT_TRUE(opened.expired);
    EXPECT_EQ(opened.expired->id, session.id);
    EXPECT_EQ(call().session(session.id).value().end, noon);
}

// As if expire_sessions had run just before: the window counts from the last activity.
TEST_P(LifeOfASession, AnIdleOneIsContinuedWhereTheWindowIsLonger) {
    const Session session = begin();
    AcceptMessage request = message_to(session.id, noon + 1h, 2h);
    request.lifetime.idle_since = noon + 45min;
    const Accepted accepted = call().accept(request).value();
    EXPECT_TRUE(accepted.reopened);
    EXPECT_EQ(accepted.session.id, session.id);
    EXPECT_FALSE(accepted.session.end);
}

TEST_P(LifeOfASession, WhatAnswersOrIsHelpedDoesNotEndBeforeItIsUsed) {
    const AcceptMessage question = question_of(alice);
    const Session session = call().accept(question).value().session;
    AcceptMessage request = message_to(session.id, noon + 1h);
    request.lifetime.idle_since = noon + 45min;
    EXPECT_EQ(call().accept(request).value().session.id, session.id);
    ASSERT_TRUE(call().finish(finish_of(question.turn)));
    ASSERT_TRUE(call().change(takeover_of(session.id, UserId("adm"))));
    request = message_to(SessionId(), noon + 9h);
    request.lifetime.idle_since = noon + 8h;
    EXPECT_EQ(call().accept(request).value().session.id, session.id);
}

TEST_P(LifeOfASession, ARefusedRequestEndsNothing) {
    const Session session = begin();
    AcceptMessage request = message_to(session.id, noon + 1h);
    request.lifetime.idle_since = noon + 45min;
    request.create = false;
    EXPECT_EQ(refusal(call().accept(request)), Errc::not_found);
    EXPECT_EQ(call().session(session.id).value(), session);
    OpenSession open = open_to(session.id, noon + 1h, false);
    open.lifetime.idle_since = noon + 45min;
    EXPECT_EQ(refusal(call().open(open)), Errc::not_found);
    EXPECT_EQ(call().session(session.id).value(), session);
}

TEST_P(LifeOfASession, SendingAgainFindsTheMessageInWhatIsIdle) {
    AcceptMessage first = message_of(alice);
    first.message.client_id = model::ClientId("c1");
    const Session session = call().accept(first).value().session;
    AcceptMessage again = message_to(session.id, noon + 1h);
    again.lifetime.idle_since = noon + 45min;
    again.message.client_id = model::ClientId("c1");
    EXPECT_TRUE(call().accept(again).value().duplicate);
    EXPECT_EQ(call().sessions_of(alice, 10).size(), 1U);
}

TEST_P(LifeOfASession, TheEndIsNeverBeforeTheStart) {
    const Session session = begin();
    EXPECT_EQ(call().end(session.id, alice, noon - 1h).value().end, noon);
    EXPECT_EQ(model::duration(call().session(session.id).value(), noon + 1h), 0ms);
}

TEST_P(LifeOfASession, AMessageAndTheSweeperDoNotBothWin) {
    for (int round = 0; round < 20; ++round) {
        const UserId user("user-" + std::to_string(round));
        const Session session = call().accept(message_of(user)).value().session;
        AcceptMessage request = message_of(user);
        request.session = session.id;
        request.message.at = noon + 1h;
        std::vector<Session> swept;
        std::thread sweeper([&] { swept = call().expire(noon + 30min); });
        const Accepted accepted = call().accept(request).value();
        sweeper.join();
        const Session after = call().session(session.id).value();
        if (swept.empty()) {  // the message came first, and kept it alive
            EXPECT_EQ(accepted.session.id, session.id);
            EXPECT_FALSE(after.end);
        } else {
            EXPECT_TRUE(accepted.created);
            EXPECT_EQ(after.end, noon);
            EXPECT_EQ(after.last_seq, 1U);
        }
    }
}

}  // namespace chatbox::store::conformance
