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

Wish wish(const UserId& user, bool create) {
    return {user, create, create, Time{}, {}};
}

TEST(ChooseSession, PrefersTheNamedThenTheActiveThenAFreshOne) {
    const UserId alice("alice");
    const Session active = session_of("alice");
    const Session ended = session_of("alice", true);
    for (const bool create : {false, true}) {
        const Wish it = wish(alice, create);
        EXPECT_EQ(choose_session(it, &active, &active), Target::named);
        EXPECT_EQ(choose_session(it, &active, nullptr), Target::named);
        EXPECT_EQ(choose_session(it, &ended, &active), Target::active);
        EXPECT_EQ(choose_session(it, nullptr, &active), Target::active);
        EXPECT_EQ(choose_session(it, &ended, nullptr), create ? Target::fresh : Target::none);
        EXPECT_EQ(choose_session(it, nullptr, nullptr), create ? Target::fresh : Target::none);
    }
}

TEST(ChooseSession, ContinuesWhatEndedLessThanTheWindowAgo) {
    const UserId alice("alice");
    const Session ended = session_of("alice", true);
    const Session other = session_of("alice");
    Wish it = wish(alice, true);
    it.lifetime.reconnect_window = base::Millis(1000);
    it.at = Time{} + base::Millis(999);
    EXPECT_EQ(choose_session(it, &ended, nullptr), Target::reopen);
    EXPECT_EQ(choose_session(it, &ended, &other), Target::active);
    it.reopen = false;
    EXPECT_EQ(choose_session(it, &ended, nullptr), Target::named);
    it.at = Time{} + base::Millis(1000);
    EXPECT_EQ(choose_session(it, &ended, nullptr), Target::fresh);
    it.at = Time{} - base::Millis(5);  // a clock that was put back
    EXPECT_EQ(choose_session(it, &ended, nullptr), Target::named);
}

TEST(ChooseSession, NeverGivesASessionOfSomeoneElse) {
    const Session active = session_of("bob");
    const Session ended = session_of("bob", true);
    const Session own = session_of("alice");
    const UserId alice("alice");
    for (const Session* named : {&active, &ended}) {
        for (const Session* mine : {static_cast<const Session*>(nullptr), &own}) {
            for (const bool create : {false, true}) {
                Wish it = wish(alice, create);
                it.lifetime.reconnect_window = base::Millis(1000);
                EXPECT_EQ(choose_session(it, named, mine), Target::forbidden);
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
    session.control = model::Control::waiting;
    EXPECT_TRUE(may_start(session, false, turn)) << "who waits for a person is answered meanwhile";
    session.control = model::Control::human;
    EXPECT_EQ(may_start(session, false, turn).error().code, Errc::conflict);
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
    Session session = session_of("alice");
    ResponseWindow window;
    Message answer;
    answer.sender = model::Sender::ai;
    answer.content = "x";
    for (int i = 0; i < 100; ++i) add_answer(session, window, answer, 1, i % 2 == 0 ? 1 : 2);
    EXPECT_EQ(window.sum(), 150U);
    EXPECT_EQ(session.avg_response_ms, 1U);
    for (int i = 0; i < 50; ++i) add_answer(session, window, answer, 1, 3);
    EXPECT_EQ(session.avg_response_ms, 2U);  // 225 / 100
    EXPECT_EQ(session.total_tokens, 150U);
}

TEST(ResponseWindow, ForgetsWhatIsOlderThanItsSize) {
    ResponseWindow window;
    EXPECT_EQ(window.max(), 0U);
    EXPECT_EQ(window.average(), 0U);
    window.add(5000);
    for (std::size_t i = 1; i < ResponseWindow::size; ++i) window.add(10);
    EXPECT_EQ(window.max(), 5000U);
    EXPECT_EQ(window.times().size(), ResponseWindow::size);
    window.add(20);
    EXPECT_EQ(window.max(), 20U);
    EXPECT_EQ(window.average(), 10U);
    EXPECT_EQ(window.times().size(), ResponseWindow::size);
    EXPECT_EQ(window.times().back(), 20U);
}

TEST(Concurrency, CountsWhatIsOpenAtOnceAndWeighsItByTime) {
    const auto at = [](int ms) { return Time(base::Millis(ms)); };
    ConcurrencyMeter meter(at(0), at(1000), 1);  // one from before
    meter.closed(at(250));
    meter.opened(at(500));
    meter.opened(at(500));
    meter.closed(at(750));
    Metrics out;
    meter.finish(out);
    EXPECT_EQ(out.max_concurrent, 2U);
    EXPECT_DOUBLE_EQ(out.avg_concurrent, 0.25 + 2 * 0.25 + 0.25);
}

}  // namespace
}  // namespace chatbox::store
