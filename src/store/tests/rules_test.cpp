#include "store/rules.h"

#include <gtest/gtest.h>

#include <limits>

namespace chatbox::store {
namespace {

using base::Errc;

Session session_of(const char* user, bool ended = false) {
    Session session = new_session(SessionId("s"), UserId(user), ModelId("m"), Time{});
    if (ended) session.end = Time{};
    return session;
}

TEST(ChooseSession, PrefersTheNamedThenTheActiveThenAFreshOne) {
    const UserId alice("alice");
    const Session active = session_of("alice");
    const Session ended = session_of("alice", true);
    for (const bool create : {false, true}) {
        EXPECT_EQ(choose_session(alice, &active, &active, create), Target::named);
        EXPECT_EQ(choose_session(alice, &active, nullptr, create), Target::named);
        EXPECT_EQ(choose_session(alice, &ended, &active, create), Target::active);
        EXPECT_EQ(choose_session(alice, nullptr, &active, create), Target::active);
        EXPECT_EQ(choose_session(alice, &ended, nullptr, create), create ? Target::fresh : Target::none);
        EXPECT_EQ(choose_session(alice, nullptr, nullptr, create), create ? Target::fresh : Target::none);
    }
}

TEST(ChooseSession, NeverGivesASessionOfSomeoneElse) {
    const Session active = session_of("bob");
    const Session ended = session_of("bob", true);
    const Session own = session_of("alice");
    for (const Session* named : {&active, &ended}) {
        for (const Session* mine : {static_cast<const Session*>(nullptr), &own}) {
            for (const bool create : {false, true}) {
                EXPECT_EQ(choose_session(UserId("alice"), named, mine, create), Target::forbidden);
            }
        }
    }
}

TEST(MayStart, AsksForAnActiveSessionUnderTheSameControlOfTheAi) {
    Session session = session_of("alice");
    session.control_number = 3;
    Turn turn;
    turn.control_number = 3;
    EXPECT_TRUE(may_start(session, false, turn));
    EXPECT_EQ(may_start(session, true, turn).error().code, Errc::conflict);
    turn.control_number = 2;
    EXPECT_EQ(may_start(session, false, turn).error().code, Errc::conflict);
    turn.control_number = 3;
    for (const model::Control control : {model::Control::waiting, model::Control::human}) {
        session.control = control;
        EXPECT_EQ(may_start(session, false, turn).error().code, Errc::conflict);
    }
    session.control = model::Control::ai;
    session.end = Time{};
    EXPECT_EQ(may_start(session, false, turn).error().code, Errc::conflict);
}

TEST(MayFinish, RefusesACompleteAnswerOfAnOldControlNumberOnly) {
    Session session = session_of("alice");
    Turn turn;
    turn.control_number = 1;
    session.control_number = 2;
    EXPECT_EQ(may_finish(session, turn, TurnState::done).error().code, Errc::conflict);
    for (const TurnState state :
         {TurnState::stopped, TurnState::failed, TurnState::interrupted, TurnState::superseded}) {
        EXPECT_TRUE(may_finish(session, turn, state));
    }
    session.control_number = 1;
    EXPECT_TRUE(may_finish(session, turn, TurnState::done));
}

TEST(MayFinish, EndsARunningTurnInAFinalStateOnly) {
    const Session session = session_of("alice");
    Turn turn;
    turn.control_number = 1;
    EXPECT_EQ(may_finish(session, turn, TurnState::running).error().code, Errc::invalid);
    EXPECT_EQ(may_finish(session, turn, TurnState::queued).error().code, Errc::invalid);
    turn.state = TurnState::stopped;
    EXPECT_EQ(may_finish(session, turn, TurnState::stopped).error().code, Errc::conflict);
}

TEST(PlaceCheckpoint, TellsTheNextPieceFromARepetitionAndAGap) {
    EXPECT_EQ(place_checkpoint(0, 0), Checkpoint::append);
    EXPECT_EQ(place_checkpoint(5, 5), Checkpoint::append);
    EXPECT_EQ(place_checkpoint(5, 4), Checkpoint::repeated);
    EXPECT_EQ(place_checkpoint(5, 0), Checkpoint::repeated);
    EXPECT_EQ(place_checkpoint(5, 6), Checkpoint::gap);
    EXPECT_EQ(place_checkpoint(0, std::numeric_limits<std::uint64_t>::max()), Checkpoint::gap);
}

TEST(AddMessage, NamesTheSessionOnce) {
    Session session = session_of("alice");
    Message message;
    message.content = "First. Second";
    EXPECT_EQ(add_message(session, message), 1U);
    EXPECT_EQ(session.name, "First.");
    message.content = "Third";
    EXPECT_EQ(add_message(session, message), 2U);
    EXPECT_EQ(session.name, "First.");
    EXPECT_EQ(session.message_count, 2U);
}

TEST(AddAnswer, AveragesOverTheSumSoThatRoundingDoesNotAddUp) {
    SessionRecord record{session_of("alice"), 0};
    Message answer;
    answer.sender = model::Sender::ai;
    answer.content = "x";
    for (int i = 0; i < 1000; ++i) add_answer(record, answer, 1, i % 2 == 0 ? 1 : 2);
    EXPECT_EQ(record.response_ms_sum, 1500U);
    EXPECT_EQ(record.session.avg_response_ms, 1U);
    for (int i = 0; i < 1000; ++i) add_answer(record, answer, 1, 3);
    EXPECT_EQ(record.session.avg_response_ms, 2U);  // 4500 / 2000
    EXPECT_EQ(record.session.total_tokens, 2000U);
}

}  // namespace
}  // namespace chatbox::store
