#pragma once
// Which session a request works on, and its life from the first message to the end.
#include <algorithm>
#include <set>
#include <thread>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

TEST_P(StoreConformance, TheFirstMessageMakesTheSessionAndIsItsFirstEvent) {
    AcceptMessage request = message_of(alice, "Hello. How are you?");
    request.fresh_model = ModelId("demo");
    const Accepted accepted = call().accept(request).value();

    EXPECT_TRUE(accepted.created);
    EXPECT_FALSE(accepted.duplicate);
    EXPECT_FALSE(accepted.turn_started);
    EXPECT_EQ(accepted.event, (Event{1, request.message}));

    Session expected;
    expected.id = request.fresh_id;
    expected.user = alice;
    expected.name = "Hello.";
    expected.model = ModelId("demo");
    expected.start = noon;
    expected.last_activity = noon;
    expected.last_seen = noon;
    expected.control = model::Control::ai;
    expected.control_number = 1;
    expected.last_seq = 1;
    expected.message_count = 1;
    EXPECT_EQ(accepted.session, expected);
    EXPECT_EQ(call().session(request.fresh_id).value(), expected);
    EXPECT_EQ(call().last_events(request.fresh_id, 10), std::vector<Event>{accepted.event});
}

TEST_P(StoreConformance, WithoutASessionAndWithoutLeaveToMakeOneNothingIsFound) {
    AcceptMessage request = message_of(alice);
    request.create = false;
    EXPECT_EQ(refusal(call().accept(request)), Errc::not_found);
    EXPECT_EQ(refusal(call().open(open_for(alice, false))), Errc::not_found);
    request.session = fresh<SessionId>();
    EXPECT_EQ(refusal(call().accept(request)), Errc::not_found);
    EXPECT_TRUE(call().all_sessions(10, 0).empty());
}

TEST_P(StoreConformance, AMessageWithoutSessionGoesToTheActiveOne) {
    const Session session = session_of(alice);
    const Accepted accepted = call().accept(message_of(alice)).value();
    EXPECT_FALSE(accepted.created);
    EXPECT_EQ(accepted.session.id, session.id);
    EXPECT_EQ(call().all_sessions(10, 0).size(), 1U);
}

TEST_P(StoreConformance, AnUnknownSessionMeansTheActiveOne) {
    const Session session = session_of(alice);
    AcceptMessage request = message_of(alice);
    request.session = fresh<SessionId>();
    EXPECT_EQ(call().accept(request).value().session.id, session.id);
    OpenSession open = open_for(alice);
    open.session = fresh<SessionId>();
    EXPECT_EQ(call().open(open).value().session.id, session.id);
}

TEST_P(StoreConformance, ANamedSessionThatIsActiveIsUsed) {
    const Session session = session_of(alice);
    AcceptMessage request = message_of(alice);
    request.session = session.id;
    request.create = false;
    EXPECT_EQ(call().accept(request).value().session.id, session.id);
}

TEST_P(StoreConformance, ASessionOfSomeoneElseIsForbidden) {
    const Session session = session_of(alice);
    AcceptMessage request = message_of(bob);
    request.session = session.id;
    EXPECT_EQ(refusal(call().accept(request)), Errc::forbidden);
    OpenSession open = open_for(bob);
    open.session = session.id;
    EXPECT_EQ(refusal(call().open(open)), Errc::forbidden);

    // Also when bob has one of his own that would do, and when alice's has ended.
    session_of(bob);
    EXPECT_EQ(refusal(call().accept(request)), Errc::forbidden);
    ASSERT_TRUE(call().end(session.id, alice, noon));
    EXPECT_EQ(refusal(call().accept(request)), Errc::forbidden);

    EXPECT_EQ(call().session(session.id).value().last_seq, 0U);
}

TEST_P(StoreConformance, ANamedSessionThatHasEndedMeansTheActiveOneOrANewOne) {
    const Session old = session_of(alice);
    ASSERT_TRUE(call().end(old.id, alice, noon));

    AcceptMessage request = message_of(alice);
    request.session = old.id;
    const Accepted accepted = call().accept(request).value();
    EXPECT_TRUE(accepted.created);
    EXPECT_EQ(accepted.session.id, request.fresh_id);

    AcceptMessage second = message_of(alice);
    second.session = old.id;
    const Accepted again = call().accept(second).value();
    EXPECT_FALSE(again.created);
    EXPECT_EQ(again.session.id, request.fresh_id);
    EXPECT_EQ(call().session(old.id).value().last_seq, 0U);
}

TEST_P(StoreConformance, OpeningFindsTheActiveSessionOrMakesAnEmptyOne) {
    OpenSession request = open_for(alice);
    request.model = ModelId("demo");
    const Opened opened = call().open(request).value();
    EXPECT_TRUE(opened.created);
    Session expected;
    expected.id = request.fresh_id;
    expected.user = alice;
    expected.model = ModelId("demo");
    expected.start = noon;
    expected.last_activity = noon;
    expected.last_seen = noon;
    EXPECT_EQ(opened.session, expected);
    EXPECT_EQ(call().session(request.fresh_id).value(), expected);

    OpenSession again = open_for(alice);
    again.model = ModelId("other");
    const Opened found = call().open(again).value();
    EXPECT_FALSE(found.created);
    EXPECT_EQ(found.session, expected);
}

TEST_P(StoreConformance, ASessionIsNamedByTheFirstMessageOfItsUser) {
    const Session session = session_of(alice);
    EXPECT_EQ(session.name, "");
    AcceptMessage system = message_of(alice, "a system notice");
    system.message.sender = model::Sender::system;
    EXPECT_EQ(call().accept(system).value().session.name, "");
    AcceptMessage admin = message_of(alice, "an admin");
    admin.message.sender = model::Sender::admin;
    EXPECT_EQ(call().accept(admin).value().session.name, "");

    EXPECT_EQ(call().accept(message_of(alice, "v1.2 is out. Good?")).value().session.name, "v1.2 is out.");
    EXPECT_EQ(call().accept(message_of(alice, "another text")).value().session.name, "v1.2 is out.");
    EXPECT_EQ(call().session(session.id).value().name, "v1.2 is out.");
}

TEST_P(StoreConformance, AFreshIdThatExistsIsAConflictAndChangesNothing) {
    const Session session = session_of(alice);
    AcceptMessage request = message_of(bob);
    request.fresh_id = session.id;
    EXPECT_EQ(refusal(call().accept(request)), Errc::conflict);
    OpenSession open = open_for(bob);
    open.fresh_id = session.id;
    EXPECT_EQ(refusal(call().open(open)), Errc::conflict);
    EXPECT_EQ(call().session(session.id).value(), session);
    EXPECT_TRUE(call().sessions_of(bob, 10).empty());
}

TEST_P(StoreConformance, AUserHasOneActiveSessionHoweverManyAreMadeAtOnce) {
    constexpr int threads = 8;
    constexpr int messages = 25;
    std::vector<std::vector<std::future<Result<Accepted>>>> answers(threads);
    std::vector<std::thread> senders;
    for (auto& mine : answers) {
        senders.emplace_back([this, &mine] {
            for (int i = 0; i < messages; ++i) mine.push_back(call().send(message_of(alice)));
        });
    }
    for (auto& sender : senders) sender.join();

    std::set<SessionId> sessions;
    std::set<Seq> seqs;
    int created = 0;
    for (auto& mine : answers) {
        for (auto& answer : mine) {
            const Accepted accepted = Caller::wait(std::move(answer)).value();
            sessions.insert(accepted.session.id);
            seqs.insert(accepted.event.seq);
            created += accepted.created ? 1 : 0;
        }
    }
    EXPECT_EQ(sessions.size(), 1U);
    EXPECT_EQ(created, 1);
    EXPECT_EQ(seqs.size(), static_cast<std::size_t>(threads * messages));
    EXPECT_EQ(*seqs.rbegin(), static_cast<Seq>(threads * messages));
    EXPECT_EQ(call().sessions_of(alice, 10).size(), 1U);
}

TEST_P(StoreConformance, SessionsOfDifferentUsersDoNotTouch) {
    const Accepted one = call().accept(message_of(alice, "from alice")).value();
    const Accepted other = call().accept(message_of(bob, "from bob")).value();
    EXPECT_NE(one.session.id, other.session.id);
    EXPECT_EQ(other.event.seq, 1U);
    EXPECT_EQ(contents_of(call().last_events(one.session.id, 10)), std::vector<std::string>{"from alice"});
}

TEST_P(StoreConformance, AUserIdIsOpaque) {
    for (const std::string& id : {std::string("ALICE"), std::string("alice "), std::string("élise@例え.jp"),
                                  std::string("a\0b", 3), std::string("'; DROP TABLE session; --")}) {
        const Accepted accepted = call().accept(message_of(UserId(id))).value();
        EXPECT_TRUE(accepted.created) << id;
        EXPECT_EQ(call().session(accepted.session.id).value().user.str(), id);
        EXPECT_EQ(call().sessions_of(UserId(id), 10).size(), 1U);
    }
}

TEST_P(StoreConformance, AnEndIsSetOnce) {
    const Session session = session_of(alice);
    const Session ended = call().end(session.id, alice, noon + 1min).value();
    Session expected = session;
    expected.end = noon + 1min;
    EXPECT_EQ(ended, expected);
    EXPECT_EQ(call().end(session.id, alice, noon + 2min).value(), expected);
    EXPECT_EQ(call().session(session.id).value(), expected);
}

TEST_P(StoreConformance, EndingWhatIsNotYoursFindsNothing) {
    const Session session = session_of(alice);
    EXPECT_EQ(refusal(call().end(session.id, bob, noon)), Errc::not_found);
    EXPECT_EQ(refusal(call().end(fresh<SessionId>(), alice, noon)), Errc::not_found);
    EXPECT_EQ(call().session(session.id).value(), session);
}

TEST_P(StoreConformance, EndingAnOldSessionAgainLeavesTheNewOneActive) {
    const Session old = session_of(alice);
    ASSERT_TRUE(call().end(old.id, alice, noon));
    const Session current = session_of(alice);
    ASSERT_NE(current.id, old.id);
    ASSERT_TRUE(call().end(old.id, alice, noon + 1s));
    EXPECT_EQ(session_of(alice).id, current.id);
}

TEST_P(StoreConformance, TheModelOfASessionCanBeChanged) {
    const Session session = session_of(alice);
    Session expected = session;
    expected.model = ModelId("other");
    EXPECT_EQ(call().set_model(session.id, ModelId("other")).value(), expected);
    EXPECT_EQ(call().session(session.id).value(), expected);
    EXPECT_EQ(refusal(call().set_model(fresh<SessionId>(), ModelId("other"))), Errc::not_found);
}

}  // namespace chatbox::store::conformance
