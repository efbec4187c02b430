#pragma once
// Turns: how they start, what is kept of a running one, how they end.
#include <limits>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

TEST_P(StoreConformance, AQuestionStartsATurnInTheSameStep) {
    AcceptMessage request = question_of(alice);
    request.fresh_model = ModelId("demo");
    const Accepted accepted = call().accept(request).value();
    EXPECT_TRUE(accepted.turn_started);

    const Finished finished = call().finish(finish_of(request.turn)).value();
    const Message& answer = finished.event.message;
    EXPECT_EQ(finished.event.seq, 2U);
    EXPECT_EQ(answer.id, request.answer);
    EXPECT_EQ(answer.turn, request.turn);
    EXPECT_EQ(answer.model, ModelId("demo"));
    EXPECT_EQ(answer.sender, model::Sender::ai);
    EXPECT_EQ(answer.kind, model::MessageKind::text);
    EXPECT_EQ(answer.status, TurnState::done);
    EXPECT_EQ(answer.content, "an answer");
    EXPECT_EQ(answer.at, noon + 2s);
    EXPECT_EQ(call().last_events(accepted.session.id, 1), std::vector<Event>{finished.event});
    EXPECT_EQ(call().session(accepted.session.id).value(), finished.session);
    EXPECT_EQ(finished.session.last_seq, 2U);
    EXPECT_EQ(finished.session.message_count, 2U);
    EXPECT_EQ(finished.session.last_activity, noon + 2s);
}

TEST_P(StoreConformance, AMessageWithoutTurnStartsNone) {
    const Accepted accepted = call().accept(message_of(alice)).value();
    EXPECT_FALSE(accepted.turn_started);
    EXPECT_TRUE(call().start(turn_in(accepted.session)));  // which a running one would forbid
}

TEST_P(StoreConformance, TheDefaultModelAnswersWhereNobodyWasChosen) {
    const auto who_answers = [&](AcceptMessage request) {
        request.default_model = ModelId("default");
        EXPECT_TRUE(call().accept(request).value().turn_started);
        return call().finish(finish_of(request.turn)).value().event.message.model;
    };
    EXPECT_EQ(who_answers(question_of(alice)), ModelId("default"));
    const Session session = session_of(alice);
    EXPECT_EQ(session.model, ModelId());  // still nobody: another default would count from now on

    ASSERT_TRUE(call().set_model(session.id, ModelId("chosen")));
    EXPECT_EQ(who_answers(question_of(alice)), ModelId("chosen"));
    AcceptMessage late = question_of(alice);
    late.fresh_model = ModelId("fresh");  // for a session that is made, and this one is there
    EXPECT_EQ(who_answers(late), ModelId("chosen"));

    AcceptMessage first = question_of(bob);
    first.fresh_model = ModelId("fresh");
    EXPECT_EQ(who_answers(first), ModelId("fresh"));
}

TEST_P(StoreConformance, AnInterruptedAnswerNamesTheModelThatGaveIt) {
    AcceptMessage request = question_of(alice);
    request.default_model = ModelId("default");
    const Accepted accepted = call().accept(request).value();
    ASSERT_TRUE(call().set_model(accepted.session.id, ModelId("later")));  // for the next turn
    ASSERT_EQ(call().interrupt_orphans(NodeId(), noon).value(), 1U);
    EXPECT_EQ(call().last_events(accepted.session.id, 1).at(0).message.model, ModelId("default"));
}

TEST_P(StoreConformance, OneTurnRunsAtATime) {
    const AcceptMessage first = question_of(alice);
    ASSERT_TRUE(call().accept(first).value().turn_started);
    const AcceptMessage second = question_of(alice);
    const Accepted accepted = call().accept(second).value();
    EXPECT_FALSE(accepted.turn_started);
    EXPECT_EQ(accepted.event.seq, 2U);
    EXPECT_EQ(refusal(call().start(turn_in(accepted.session))), Errc::conflict);
    EXPECT_EQ(refusal(call().finish(finish_of(second.turn))), Errc::not_found);

    const Session after = call().finish(finish_of(first.turn)).value().session;
    EXPECT_TRUE(call().start(turn_in(after)));
}

TEST_P(StoreConformance, TurnsOfDifferentSessionsRunSideBySide) {
    EXPECT_TRUE(call().accept(question_of(alice)).value().turn_started);
    EXPECT_TRUE(call().accept(question_of(bob)).value().turn_started);
}

TEST_P(StoreConformance, AStartedTurnIsGivenBackAndRuns) {
    const Accepted accepted = call().accept(message_of(alice)).value();
    const Turn turn = turn_in(accepted.session);
    const Turn started = call().start(turn).value();
    EXPECT_EQ(started.id, turn.id);
    EXPECT_EQ(started.session, turn.session);
    EXPECT_EQ(started.answer, turn.answer);
    EXPECT_EQ(started.model, turn.model);
    EXPECT_EQ(started.node, turn.node);
    EXPECT_EQ(started.question_seq, 1U);
    EXPECT_EQ(started.control_number, 1U);
    EXPECT_EQ(started.started, noon);
    EXPECT_EQ(started.state, TurnState::running);

    const Finished finished = call().finish(finish_of(turn.id)).value();
    EXPECT_EQ(finished.event.message.id, turn.answer);
    EXPECT_EQ(finished.event.message.model, ModelId("demo"));
}

TEST_P(StoreConformance, ATurnThatMayNotStartIsRefused) {
    const Accepted accepted = call().accept(message_of(alice)).value();
    Turn turn = turn_in(accepted.session);
    turn.session = fresh<SessionId>();
    EXPECT_EQ(refusal(call().start(turn)), Errc::not_found);

    for (const std::uint64_t number : {0U, 2U}) {
        turn = turn_in(accepted.session);
        turn.control_number = number;
        EXPECT_EQ(refusal(call().start(turn)), Errc::conflict) << number;
    }

    turn = turn_in(accepted.session);
    ASSERT_TRUE(call().start(turn));
    ASSERT_TRUE(call().finish(finish_of(turn.id)));
    EXPECT_EQ(refusal(call().start(turn)), Errc::conflict);  // the id was used

    ASSERT_TRUE(call().end(accepted.session.id, alice, noon));
    EXPECT_EQ(refusal(call().start(turn_in(accepted.session))), Errc::conflict);
}

TEST_P(StoreConformance, AQuestionWithAUsedTurnIdIsRefusedAsAWhole) {
    const AcceptMessage first = question_of(alice);
    ASSERT_TRUE(call().accept(first));
    const Session before = call().finish(finish_of(first.turn)).value().session;
    AcceptMessage second = question_of(alice, "lost?");
    second.turn = first.turn;
    second.message.at = noon + 1h;
    EXPECT_EQ(refusal(call().accept(second)), Errc::conflict);
    EXPECT_EQ(call().session(before.id).value(), before);
    EXPECT_EQ(call().last_events(before.id, 10).size(), 2U);
    EXPECT_TRUE(call().start(turn_in(before)));
}

TEST_P(StoreConformance, EveryFinalStateIsKeptWithTheAnswer) {
    for (const TurnState state : {TurnState::done, TurnState::stopped, TurnState::failed,
                                  TurnState::interrupted, TurnState::superseded}) {
        const AcceptMessage request = question_of(alice);
        ASSERT_TRUE(call().accept(request).value().turn_started);
        FinishTurn finish = finish_of(request.turn, "part", state);
        finish.metadata = {{"why", std::string(to_string(state))}};
        const Finished finished = call().finish(finish).value();
        EXPECT_EQ(finished.event.message.status, state);
        EXPECT_EQ(finished.event.message.metadata, finish.metadata);
        EXPECT_EQ(call().last_events(finished.session.id, 1).at(0), finished.event);
    }
}

TEST_P(StoreConformance, ATurnEndsOnce) {
    const AcceptMessage request = question_of(alice);
    ASSERT_TRUE(call().accept(request));
    const Finished finished = call().finish(finish_of(request.turn)).value();
    EXPECT_EQ(refusal(call().finish(finish_of(request.turn, "again"))), Errc::conflict);
    EXPECT_EQ(refusal(call().finish(finish_of(request.turn, "again", TurnState::stopped))), Errc::conflict);
    EXPECT_EQ(refusal(call().finish(finish_of(fresh<TurnId>()))), Errc::not_found);
    EXPECT_EQ(call().session(finished.session.id).value(), finished.session);
    EXPECT_EQ(call().last_events(finished.session.id, 10).size(), 2U);
}

TEST_P(StoreConformance, ATurnEndsInAFinalStateOnly) {
    const AcceptMessage request = question_of(alice);
    ASSERT_TRUE(call().accept(request));
    EXPECT_EQ(refusal(call().finish(finish_of(request.turn, "", TurnState::running))), Errc::invalid);
    EXPECT_EQ(refusal(call().finish(finish_of(request.turn, "", TurnState::queued))), Errc::invalid);
    EXPECT_TRUE(call().finish(finish_of(request.turn)));
}

TEST_P(StoreConformance, AnAnswerIdThatExistsIsAConflictAndTheTurnGoesOn) {
    const Accepted other = call().accept(message_of(bob)).value();
    AcceptMessage request = question_of(alice);
    request.answer = other.event.message.id;
    const Accepted accepted = call().accept(request).value();
    ASSERT_TRUE(accepted.turn_started);
    EXPECT_EQ(refusal(call().finish(finish_of(request.turn))), Errc::conflict);
    EXPECT_EQ(call().session(accepted.session.id).value(), accepted.session);
    EXPECT_EQ(refusal(call().start(turn_in(accepted.session))), Errc::conflict);  // it still runs
}

TEST_P(StoreConformance, ATurnMayEndAfterItsSession) {
    const AcceptMessage request = question_of(alice);
    const Accepted accepted = call().accept(request).value();
    ASSERT_TRUE(call().end(accepted.session.id, alice, noon + 1s));
    const Finished finished = call().finish(finish_of(request.turn)).value();
    EXPECT_EQ(finished.event.seq, 2U);
    EXPECT_EQ(finished.session.end, noon + 1s);
}

TEST_P(StoreConformance, AnAnswerMayBeEmpty) {
    const AcceptMessage request = question_of(alice);
    ASSERT_TRUE(call().accept(request));
    const Finished finished = call().finish(finish_of(request.turn, "", TurnState::failed)).value();
    EXPECT_EQ(finished.event.message.content, "");
    EXPECT_EQ(finished.session.message_count, 2U);
}

TEST_P(StoreConformance, TokensAndResponseTimesAreCountedPerAnswer) {
    const auto answer = [&](std::uint64_t tokens, std::uint64_t ms, const std::string& text,
                            TurnState state) {
        const AcceptMessage request = question_of(alice);
        EXPECT_TRUE(call().accept(request));
        FinishTurn finish = finish_of(request.turn, text, state);
        finish.tokens = tokens;
        finish.response_ms = ms;
        return call().finish(finish).value().session;
    };
    Session session = answer(10, 100, "a", TurnState::done);
    EXPECT_EQ(session.total_tokens, 10U);
    EXPECT_EQ(session.max_response_ms, 100U);
    EXPECT_EQ(session.avg_response_ms, 100U);
    EXPECT_EQ(session.answer_count, 1U);
    session = answer(5, 301, "b", TurnState::stopped);
    EXPECT_EQ(session.total_tokens, 15U);
    EXPECT_EQ(session.max_response_ms, 301U);
    EXPECT_EQ(session.avg_response_ms, 200U);
    session = answer(0, 0, "c", TurnState::done);
    EXPECT_EQ(session.avg_response_ms, 133U);  // 401 / 3: from the sum, not from the average before
    EXPECT_EQ(session.max_response_ms, 301U);
    EXPECT_EQ(session.answer_count, 3U);

    // Nobody waited for the end of an answer without text; its tokens were still paid.
    session = answer(7, 90'000, "", TurnState::failed);
    EXPECT_EQ(session.total_tokens, 22U);
    EXPECT_EQ(session.max_response_ms, 301U);
    EXPECT_EQ(session.avg_response_ms, 133U);
    EXPECT_EQ(session.answer_count, 3U);
    EXPECT_EQ(call().session(session.id).value(), session);
}

TEST_P(StoreConformance, FiguresTooLargeToBeTrueDoNotWrapAround) {
    Session session;
    for (int i = 0; i < 3; ++i) {
        const AcceptMessage request = question_of(alice);
        ASSERT_TRUE(call().accept(request));
        FinishTurn finish = finish_of(request.turn);
        finish.tokens = std::numeric_limits<std::uint64_t>::max();
        finish.response_ms = std::numeric_limits<std::uint64_t>::max();
        session = call().finish(finish).value().session;
    }
    const std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(session.total_tokens, largest);
    EXPECT_EQ(session.max_response_ms, largest);
    EXPECT_EQ(call().session(session.id).value(), session);
}

// --- what a crash keeps ---

TEST_P(StoreConformance, ACrashKeepsTheCheckpointedText) {
    const AcceptMessage request = question_of(alice);
    const Accepted accepted = call().accept(request).value();
    EXPECT_TRUE(call().checkpoint(request.turn, 0, "Once "));
    EXPECT_TRUE(call().checkpoint(request.turn, 5, "upon \xF0\x9F"));  // cut inside a character
    EXPECT_TRUE(call().checkpoint(request.turn, 12, "\x98\x80 a time"));
    EXPECT_EQ(call().interrupt_orphans(NodeId(), noon + 1h).value(), 1U);

    const Event event = call().last_events(accepted.session.id, 1).at(0);
    EXPECT_EQ(event.seq, 2U);
    Message expected;
    expected.id = request.answer;
    expected.sender = model::Sender::ai;
    expected.content = "Once upon 😀 a time";
    expected.at = noon + 1h;
    expected.turn = request.turn;
    expected.status = TurnState::interrupted;
    EXPECT_EQ(event.message, expected);

    const Session session = call().session(accepted.session.id).value();
    EXPECT_EQ(session.last_seq, 2U);
    EXPECT_EQ(session.message_count, 2U);
    EXPECT_EQ(session.last_activity, noon + 1h);
    EXPECT_EQ(session.answer_count, 0U);  // how long it took is not known
    EXPECT_EQ(refusal(call().finish(finish_of(request.turn))), Errc::conflict);
    EXPECT_EQ(call().interrupt_orphans(NodeId(), noon + 2h).value(), 0U);
    EXPECT_TRUE(call().start(turn_in(session)));
}

TEST_P(StoreConformance, ATurnWithoutCheckpointIsInterruptedWithoutText) {
    const AcceptMessage request = question_of(alice);
    const Accepted accepted = call().accept(request).value();
    EXPECT_EQ(call().interrupt_orphans(NodeId("node-2"), noon).value(), 1U);
    EXPECT_EQ(call().last_events(accepted.session.id, 1).at(0).message.content, "");
}

TEST_P(StoreConformance, OnlyTheTurnsOfOtherNodesAreOrphans) {
    AcceptMessage mine = question_of(alice);
    AcceptMessage theirs = question_of(bob);
    theirs.node = NodeId("node-2");
    ASSERT_TRUE(call().accept(mine));
    ASSERT_TRUE(call().accept(theirs));
    EXPECT_EQ(call().interrupt_orphans(NodeId("node-1"), noon).value(), 1U);
    EXPECT_EQ(refusal(call().finish(finish_of(theirs.turn))), Errc::conflict);
    EXPECT_TRUE(call().finish(finish_of(mine.turn)));
    EXPECT_EQ(call().interrupt_orphans(NodeId("node-1"), noon).value(), 0U);
}

TEST_P(StoreConformance, ManyOrphansAreInterruptedTogether) {
    std::vector<AcceptMessage> questions;
    for (int i = 0; i < 100; ++i) {
        questions.push_back(question_of(UserId("user-" + std::to_string(i))));
        ASSERT_TRUE(call().accept(questions.back()));
        ASSERT_TRUE(call().checkpoint(questions.back().turn, 0, "text " + std::to_string(i)));
    }
    EXPECT_EQ(call().interrupt_orphans(NodeId(), noon).value(), 100U);
    for (int i = 0; i < 100; ++i) {
        const Session session = session_of(questions[static_cast<std::size_t>(i)].user);
        EXPECT_EQ(call().last_events(session.id, 1).at(0).message.content, "text " + std::to_string(i));
    }
}

TEST_P(StoreConformance, CheckpointsFollowEachOtherWithoutGap) {
    const AcceptMessage request = question_of(alice);
    const Accepted accepted = call().accept(request).value();
    EXPECT_EQ(refusal(call().checkpoint(request.turn, 1, "x")), Errc::invalid);
    EXPECT_TRUE(call().checkpoint(request.turn, 0, "abc"));
    EXPECT_EQ(refusal(call().checkpoint(request.turn, 4, "x")), Errc::invalid);
    EXPECT_EQ(refusal(call().checkpoint(request.turn, ~std::uint64_t{0}, "x")), Errc::invalid);
    EXPECT_TRUE(call().checkpoint(request.turn, 3, "def"));
    ASSERT_TRUE(call().interrupt_orphans(NodeId(), noon));
    EXPECT_EQ(call().last_events(accepted.session.id, 1).at(0).message.content, "abcdef");
}

TEST_P(StoreConformance, ARepeatedCheckpointIsIgnored) {
    const AcceptMessage request = question_of(alice);
    const Accepted accepted = call().accept(request).value();
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(call().checkpoint(request.turn, 0, "abc"));
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(call().checkpoint(request.turn, 3, "def"));
    EXPECT_TRUE(call().checkpoint(request.turn, 0, "abc"));
    EXPECT_TRUE(call().checkpoint(request.turn, 1, "bc"));
    EXPECT_TRUE(call().checkpoint(request.turn, 6, ""));
    EXPECT_TRUE(call().checkpoint(request.turn, 6, "ghi"));
    ASSERT_TRUE(call().interrupt_orphans(NodeId(), noon));
    EXPECT_EQ(call().last_events(accepted.session.id, 1).at(0).message.content, "abcdefghi");
}

TEST_P(StoreConformance, OnlyARunningTurnTakesCheckpoints) {
    EXPECT_EQ(refusal(call().checkpoint(fresh<TurnId>(), 0, "x")), Errc::not_found);
    const AcceptMessage request = question_of(alice);
    ASSERT_TRUE(call().accept(request));
    ASSERT_TRUE(call().checkpoint(request.turn, 0, "x"));
    ASSERT_TRUE(call().finish(finish_of(request.turn)));
    EXPECT_EQ(refusal(call().checkpoint(request.turn, 1, "y")), Errc::conflict);
    EXPECT_EQ(refusal(call().checkpoint(request.turn, 0, "x")), Errc::conflict);
}

TEST_P(StoreConformance, ALongAnswerIsCheckpointedPieceByPiece) {
    const AcceptMessage request = question_of(alice);
    const Accepted accepted = call().accept(request).value();
    std::string text;
    for (int i = 0; i < 2000; ++i) {
        const std::string piece = "piece " + std::to_string(i) + "; ";
        store().checkpoint_turn(request.turn, text.size(), piece,
                                {call().executor(), [](Result<Nothing> result) { EXPECT_TRUE(result); }});
        text += piece;
    }
    ASSERT_TRUE(call().interrupt_orphans(NodeId(), noon));
    EXPECT_EQ(call().last_events(accepted.session.id, 1).at(0).message.content, text);
}

}  // namespace chatbox::store::conformance
