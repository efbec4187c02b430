#pragma once
// Reads: pages of a session's events, lists of sessions, and that they see what was written.
#include <limits>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

TEST_P(StoreConformance, WhatDoesNotExistIsNotFoundOrEmpty) {
    const SessionId nobody = fresh<SessionId>();
    EXPECT_EQ(refusal(call().session(nobody)), Errc::not_found);
    EXPECT_EQ(refusal(call().session(SessionId())), Errc::not_found);
    EXPECT_TRUE(call().events_after(nobody, 0, 10).empty());
    EXPECT_TRUE(call().last_events(nobody, 10).empty());
    EXPECT_TRUE(call().sessions_of(alice, 10).empty());
    EXPECT_TRUE(call().all_sessions(10, 0).empty());
}

TEST_P(StoreConformance, ALongSessionIsReadInPages) {
    constexpr Seq count = 10'000;
    const Session session = session_of(alice);
    std::vector<std::future<Result<Accepted>>> answers;
    for (Seq seq = 1; seq <= count; ++seq) {
        answers.push_back(call().send(message_of(alice, std::to_string(seq))));
        if (seq % 100 == 0) answers.push_back(call().send(message_of(bob)));  // somebody else's in between
    }
    for (auto& answer : answers) ASSERT_TRUE(Caller::wait(std::move(answer)));

    Seq position = 0;
    while (true) {
        const auto page = call().events_after(session.id, position, 333);
        if (page.empty()) break;
        ASSERT_LE(page.size(), 333U);
        for (const Event& event : page) {
            ASSERT_EQ(event.seq, ++position);
            ASSERT_EQ(event.message.content, std::to_string(position));
        }
    }
    EXPECT_EQ(position, count);
    EXPECT_EQ(seqs_of(call().last_events(session.id, 3)), (std::vector<Seq>{9'998, 9'999, 10'000}));
    EXPECT_EQ(call().events_after(session.id, 0, no_limit).size(), count);
    EXPECT_EQ(call().last_events(session.id, no_limit).size(), count);
    EXPECT_EQ(seqs_of(call().events_after(session.id, 9'999, 10)), std::vector<Seq>{10'000});
}

TEST_P(StoreConformance, PositionsAndLimitsMayBeAnything) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(call().accept(message_of(alice)));
    ASSERT_TRUE(call().accept(message_of(bob)));
    const Session session = session_of(alice);
    EXPECT_TRUE(call().events_after(session.id, 0, 0).empty());
    EXPECT_TRUE(call().last_events(session.id, 0).empty());
    for (const Seq after : {Seq{5}, Seq{6}, Seq{0xFFFFFFFF}, Seq{0x100000000}, Seq{0x100000002},
                            Seq{0x7FFFFFFFFFFFFFFF}, Seq{0x8000000000000000}, ~Seq{0}}) {
        EXPECT_TRUE(call().events_after(session.id, after, 10).empty()) << after;
        EXPECT_TRUE(call().events_after(session.id, after, no_limit).empty()) << after;
    }
    EXPECT_EQ(seqs_of(call().events_after(session.id, 3, no_limit)), (std::vector<Seq>{4, 5}));
    EXPECT_EQ(seqs_of(call().last_events(session.id, 2)), (std::vector<Seq>{4, 5}));
    EXPECT_TRUE(call().all_sessions(no_limit, no_limit).empty());
    EXPECT_TRUE(call().all_sessions(0, 0).empty());
    EXPECT_EQ(call().all_sessions(no_limit, 1).size(), 1U);
    EXPECT_TRUE(call().sessions_of(alice, 0).empty());
    EXPECT_EQ(call().sessions_of(alice, no_limit).size(), 1U);
}

TEST_P(StoreConformance, SessionsAreListedNewestFirstThenById) {
    const auto make = [&](const UserId& user, const char* id, base::Millis after) {
        OpenSession request = open_for(user);
        request.fresh_id = SessionId(id);
        request.at = noon + after;
        const Session session = call().open(request).value().session;
        ASSERT_TRUE(call().end(session.id, user, request.at));
    };
    make(alice, "b", 1s);
    make(alice, "d", 3s);
    make(alice, "c", 1s);
    make(bob, "e", 2s);
    make(alice, "a", 1s);
    ASSERT_TRUE(call().accept(message_of(alice)));  // activity is not what counts
    const SessionId active = session_of(alice).id;

    const auto ids = [](std::vector<const char*> names) {
        std::vector<SessionId> out;
        for (const char* name : names) out.emplace_back(name);
        return out;
    };
    auto mine = ids_of(call().sessions_of(alice, 10));
    ASSERT_EQ(mine.size(), 5U);
    EXPECT_EQ(mine.back(), active);  // it started at noon, before all others
    mine.pop_back();
    EXPECT_EQ(mine, ids({"d", "a", "b", "c"}));
    EXPECT_EQ(ids_of(call().sessions_of(alice, 2)), ids({"d", "a"}));
    EXPECT_EQ(ids_of(call().sessions_of(bob, 10)), ids({"e"}));

    auto all = ids_of(call().all_sessions(10, 0));
    ASSERT_EQ(all.size(), 6U);
    EXPECT_EQ(std::vector<SessionId>(all.begin(), all.begin() + 5), ids({"d", "e", "a", "b", "c"}));
    EXPECT_EQ(ids_of(call().all_sessions(2, 1)), ids({"e", "a"}));
    EXPECT_EQ(ids_of(call().all_sessions(2, 4)), (std::vector<SessionId>{SessionId("c"), active}));
    EXPECT_TRUE(call().all_sessions(2, 6).empty());
}

TEST_P(StoreConformance, AReadSeesEveryWriteWhoseAnswerCameBefore) {
    const Session session = session_of(alice);
    for (int i = 0; i < 50; ++i) {
        // Asked for from inside the answer, which is as early as can be.
        auto seen = std::make_shared<std::promise<std::vector<Event>>>();
        auto future = seen->get_future();
        store().accept_message(message_of(alice),
                               {call().executor(), [this, seen, &session](Result<Accepted> r) {
                                    store().events_after(
                                        session.id, r.value().event.seq - 1, 10,
                                        {call().executor(), [seen](Result<std::vector<Event>> events) {
                                             seen->set_value(events.value());
                                         }});
                                }});
        ASSERT_EQ(future.wait_for(120s), std::future_status::ready);
        EXPECT_EQ(seqs_of(future.get()), std::vector<Seq>{static_cast<Seq>(i + 1)});
    }
}

TEST_P(StoreConformance, APingIsAnswered) {
    EXPECT_TRUE(call().ping());
    ASSERT_TRUE(call().accept(message_of(alice)));
    EXPECT_TRUE(call().ping());
    EXPECT_EQ(call().all_sessions(10, 0).size(), 1U);
}

}  // namespace chatbox::store::conformance
