#include "model/types.h"

#include <gtest/gtest.h>

#include <string>

namespace chatbox::model {
namespace {

TEST(Names, OfSendersAreThoseOfTheContract) {
    EXPECT_EQ(to_string(Sender::user), "user");
    EXPECT_EQ(to_string(Sender::ai), "ai");
    EXPECT_EQ(to_string(Sender::admin), "admin");
    EXPECT_EQ(to_string(Sender::system), "system");
}

TEST(Names, CanBeReadBack) {
    for (const Sender s : {Sender::user, Sender::ai, Sender::admin, Sender::system}) {
        EXPECT_EQ(sender_from(to_string(s)), s);
    }
    for (const MessageKind k : {MessageKind::text, MessageKind::file, MessageKind::voice}) {
        EXPECT_EQ(message_kind_from(to_string(k)), k);
    }
    for (const TurnState s : {TurnState::queued, TurnState::running, TurnState::done, TurnState::stopped,
                              TurnState::failed, TurnState::interrupted, TurnState::superseded}) {
        EXPECT_FALSE(to_string(s).empty());
        EXPECT_EQ(turn_state_from(to_string(s)), s);
    }
    for (const Control c : {Control::ai, Control::waiting, Control::human}) {
        EXPECT_EQ(control_from(to_string(c)), c);
    }
}

TEST(Names, ThatDoNotExistGiveNothing) {
    for (const std::string name : {"", "User", "user ", "bot", "aihuman"}) {
        EXPECT_FALSE(sender_from(name)) << name;
        EXPECT_FALSE(message_kind_from(name)) << name;
        EXPECT_FALSE(turn_state_from(name)) << name;
        EXPECT_FALSE(control_from(name)) << name;
    }
}

TEST(TurnStates, OnlyQueuedAndRunningAreNotFinal) {
    EXPECT_FALSE(is_final(TurnState::queued));
    EXPECT_FALSE(is_final(TurnState::running));
    for (const TurnState s : {TurnState::done, TurnState::stopped, TurnState::failed, TurnState::interrupted,
                              TurnState::superseded}) {
        EXPECT_TRUE(is_final(s));
    }
}

TEST(Sessions, StartUnderTheControlOfTheAiWithControlNumberOne) {
    const Session session;
    EXPECT_EQ(session.control, Control::ai);
    EXPECT_EQ(session.control_number, 1U);
    EXPECT_EQ(session.last_seq, 0U);
    EXPECT_FALSE(session.end);
}

TEST(Values, AreEqualOnlyWhenEveryFieldIs) {
    Message a;
    a.id = MessageId("m");
    a.metadata = {{"k", "v"}};
    Message b = a;
    EXPECT_EQ(a, b);
    b.metadata["k"] = "w";
    EXPECT_NE(a, b);
    EXPECT_NE((Event{1, a}), (Event{2, a}));
    Session s;
    s.id = SessionId("s");
    Session t = s;
    EXPECT_EQ(s, t);
    t.answer_count = 1;
    EXPECT_NE(s, t);
}

TEST(Session, LastsFromItsStartToItsEndOrToNow) {
    const auto at = [](int ms) { return Time(base::Millis(ms)); };
    Session session;
    session.start = at(100);
    EXPECT_EQ(duration(session, at(350)), base::Millis(250));
    EXPECT_EQ(duration(session, at(50)), base::Millis(0));  // a clock that was put back
    session.end = at(120);
    EXPECT_EQ(duration(session, at(350)), base::Millis(20));
}

TEST(Session, IsSharedWhileItsLinkHasNotExpired) {
    const auto at = [](int ms) { return Time(base::Millis(ms)); };
    Session session;
    EXPECT_FALSE(is_shared(session, at(0)));
    session.share_token = "token";
    EXPECT_TRUE(is_shared(session, at(1'000'000)));
    session.share_expires = at(10);
    EXPECT_TRUE(is_shared(session, at(9)));
    EXPECT_FALSE(is_shared(session, at(10)));
}

}  // namespace
}  // namespace chatbox::model
