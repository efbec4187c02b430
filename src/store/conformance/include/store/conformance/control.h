#pragma once
// Who answers: asking for a person, takeover, release, and that the AI does not talk over a person.
#include <thread>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

using model::Control;

class ControlOfASession : public StoreConformance {
protected:
    const UserId ann{"adm-1"};
    const UserId ben{"adm-2"};

    AcceptMessage admin_message(const SessionId& session, const UserId& admin) {
        AcceptMessage request = message_of(UserId(), "from an admin");
        request.session = session;
        request.as_admin = admin;
        request.message.sender = model::Sender::admin;
        return request;
    }
};

TEST_P(ControlOfASession, AskingForAPersonWaitsForOne) {
    const Session session = session_of(alice);
    ChangeControl request = help_in(session.id);
    request.owner = alice;
    const ControlChanged changed = call().change(request).value();
    EXPECT_EQ(changed.outcome, ControlOutcome::changed);
    EXPECT_EQ(changed.event, (Event{1, request.event}));
    Session expected = session;
    expected.control = Control::waiting;
    expected.control_number = 2;
    expected.help_requested = true;
    expected.last_seq = 1;
    expected.message_count = 1;
    EXPECT_EQ(changed.session, expected);
    EXPECT_EQ(call().session(session.id).value(), expected);
    EXPECT_EQ(call().last_events(session.id, 10), std::vector<Event>{*changed.event});

    for (int i = 0; i < 2; ++i) {
        const ControlChanged again = call().change(help_in(session.id)).value();
        EXPECT_EQ(again.outcome, ControlOutcome::unchanged);
        EXPECT_FALSE(again.event);
        EXPECT_EQ(again.session, expected);
    }
    ASSERT_TRUE(call().change(takeover_of(session.id, ann)));
    EXPECT_EQ(call().change(help_in(session.id)).value().outcome, ControlOutcome::unchanged);
    EXPECT_EQ(call().session(session.id).value().control, Control::human);
}

TEST_P(ControlOfASession, ATakeoverNamesWhoHelps) {
    const Session session = session_of(alice);
    const ChangeControl request = takeover_of(session.id, ann, "Ann");
    const ControlChanged changed = call().change(request).value();
    EXPECT_EQ(changed.outcome, ControlOutcome::changed);
    EXPECT_EQ(changed.event, (Event{1, request.event}));
    Session expected = session;
    expected.control = Control::human;
    expected.control_number = 2;
    expected.admin_assisted = true;
    expected.assisting_admin = ann;
    expected.assisting_admin_name = "Ann";
    expected.last_seq = 1;
    expected.message_count = 1;
    EXPECT_EQ(changed.session, expected);
    EXPECT_EQ(call().session(session.id).value(), expected);
}

TEST_P(ControlOfASession, ATakeoverByTheSameAdminAgainChangesNothing) {
    const Session session = session_of(alice);
    const Session taken = call().change(takeover_of(session.id, ann, "Ann")).value().session;
    const ControlChanged again = call().change(takeover_of(session.id, ann, "Another name")).value();
    EXPECT_EQ(again.outcome, ControlOutcome::unchanged);
    EXPECT_FALSE(again.event);
    EXPECT_EQ(again.session, taken);
    EXPECT_EQ(call().session(session.id).value(), taken);
}

TEST_P(ControlOfASession, WhatAnotherAdminHoldsIsNotTakenAndTheHolderIsNamed) {
    const Session session = session_of(alice);
    const Session taken = call().change(takeover_of(session.id, ann, "Ann")).value().session;
    for (const ChangeControl& request : {takeover_of(session.id, ben, "Ben"), release_of(session.id, ben)}) {
        const ControlChanged refused = call().change(request).value();
        EXPECT_EQ(refused.outcome, ControlOutcome::held);
        EXPECT_FALSE(refused.event);
        EXPECT_EQ(refused.session.assisting_admin, ann);
        EXPECT_EQ(refused.session.assisting_admin_name, "Ann");
        EXPECT_EQ(call().session(session.id).value(), taken);
    }
}

TEST_P(ControlOfASession, AReleaseGivesItBackToTheAi) {
    const Session session = session_of(alice);
    ASSERT_TRUE(call().change(help_in(session.id)));
    ASSERT_TRUE(call().change(takeover_of(session.id, ann, "Ann")));
    const ChangeControl request = release_of(session.id, ann);
    const ControlChanged changed = call().change(request).value();
    EXPECT_EQ(changed.outcome, ControlOutcome::changed);
    EXPECT_EQ(changed.event, (Event{3, request.event}));
    EXPECT_EQ(changed.session.control, Control::ai);
    EXPECT_EQ(changed.session.control_number, 4U);
    EXPECT_TRUE(changed.session.admin_assisted);
    EXPECT_TRUE(changed.session.help_requested);
    EXPECT_EQ(changed.session.assisting_admin, UserId());
    EXPECT_EQ(changed.session.assisting_admin_name, "");
    EXPECT_EQ(call().session(session.id).value(), changed.session);
    EXPECT_EQ(call().change(release_of(session.id, ann)).value().outcome, ControlOutcome::unchanged);
    EXPECT_EQ(call().change(takeover_of(session.id, ben)).value().outcome, ControlOutcome::changed);
}

TEST_P(ControlOfASession, TheServerItselfMayRelease) {
    const Session session = session_of(alice);
    ASSERT_TRUE(call().change(takeover_of(session.id, ann)));
    EXPECT_EQ(call().change(release_of(session.id, UserId())).value().outcome, ControlOutcome::changed);
    EXPECT_EQ(refusal(call().change(takeover_of(session.id, UserId()))), Errc::invalid);
}

TEST_P(ControlOfASession, WhoWaitsCanBeGivenBackToTheAi) {
    const Session session = session_of(alice);
    ASSERT_TRUE(call().change(help_in(session.id)));
    const ControlChanged changed = call().change(release_of(session.id, ann)).value();
    EXPECT_EQ(changed.outcome, ControlOutcome::changed);
    EXPECT_EQ(changed.session.control, Control::ai);
    EXPECT_FALSE(changed.session.admin_assisted);
}

TEST_P(ControlOfASession, AnOldControlNumberIsRefused) {
    const Session session = session_of(alice);
    ChangeControl request = takeover_of(session.id, ann);
    for (const std::uint64_t number : {0U, 2U}) {
        request.control_number = number;
        EXPECT_EQ(refusal(call().change(request)), Errc::conflict);
    }
    EXPECT_EQ(call().session(session.id).value(), session);
    request.control_number = 1;
    EXPECT_EQ(call().change(request).value().outcome, ControlOutcome::changed);
}

TEST_P(ControlOfASession, ItIsFoundForItsOwnerOnly) {
    const Session session = session_of(alice);
    ChangeControl request = help_in(session.id);
    request.owner = bob;
    EXPECT_EQ(refusal(call().change(request)), Errc::not_found);
    EXPECT_EQ(refusal(call().change(help_in(fresh<SessionId>()))), Errc::not_found);
    EXPECT_EQ(call().session(session.id).value(), session);
}

TEST_P(ControlOfASession, WhatHasEndedIsOnlyGivenBack) {
    const Session session = session_of(alice);
    ASSERT_TRUE(call().change(takeover_of(session.id, ann)));
    ASSERT_TRUE(call().end(session.id, alice, noon));
    EXPECT_EQ(refusal(call().change(takeover_of(session.id, ben))), Errc::conflict);
    EXPECT_EQ(refusal(call().change(help_in(session.id))), Errc::conflict);
    EXPECT_EQ(call().change(release_of(session.id, ann)).value().outcome, ControlOutcome::changed);
}

TEST_P(ControlOfASession, AnEventIdThatExistsIsAConflictAndChangesNothing) {
    const Session session = call().accept(message_of(alice)).value().session;
    ChangeControl request = takeover_of(session.id, ann);
    request.event.id = call().last_events(session.id, 1).at(0).message.id;
    EXPECT_EQ(refusal(call().change(request)), Errc::conflict);
    EXPECT_EQ(call().session(session.id).value(), session);
    EXPECT_EQ(call().last_events(session.id, 10).size(), 1U);
}

TEST_P(ControlOfASession, OfManyAdminsAtOnceOneTakesOver) {
    const Session session = session_of(alice);
    std::vector<std::vector<std::future<Result<ControlChanged>>>> answers(6);
    std::vector<std::thread> admins;
    for (std::size_t a = 0; a < answers.size(); ++a) {
        admins.emplace_back([&, a] {
            const UserId admin("adm-" + std::to_string(a));
            for (int i = 0; i < 5; ++i) {
                answers[a].push_back(call().send(takeover_of(session.id, admin, admin.str())));
            }
        });
    }
    for (auto& admin : admins) admin.join();
    std::vector<UserId> winners;
    std::vector<ControlChanged> others;
    for (std::size_t a = 0; a < answers.size(); ++a) {
        for (auto& answer : answers[a]) {
            ControlChanged changed = Caller::wait(std::move(answer)).value();
            if (changed.outcome == ControlOutcome::changed) {
                winners.emplace_back("adm-" + std::to_string(a));
            } else {
                others.push_back(std::move(changed));
            }
        }
    }
    ASSERT_EQ(winners.size(), 1U);
    for (const ControlChanged& other : others) EXPECT_EQ(other.session.assisting_admin, winners[0]);
    EXPECT_EQ(call().session(session.id).value().control_number, 2U);
    EXPECT_EQ(call().session(session.id).value().last_seq, 1U);
}

// --- the AI ---

TEST_P(ControlOfASession, NoAnswerThatBeganBeforeAChangeIsCompletedAfterIt) {
    const auto check = [&](const UserId& user, const ChangeControl& request, const TurnId& turn) {
        const ControlChanged changed = call().change(request).value();
        ASSERT_EQ(changed.outcome, ControlOutcome::changed);
        EXPECT_EQ(refusal(call().finish(finish_of(turn, "too late"))), Errc::conflict);
        EXPECT_EQ(call().session(changed.session.id).value(), changed.session);
        // Marked as cut short, what the visitor has seen of it is kept.
        const Finished finished = call().finish(finish_of(turn, "part", TurnState::superseded)).value();
        EXPECT_EQ(finished.event.seq, changed.event->seq + 1);
        EXPECT_EQ(finished.session.user, user);
    };
    AcceptMessage question = question_of(alice);
    ASSERT_TRUE(call().accept(question).value().turn_started);
    check(alice, takeover_of(question.fresh_id, ann), question.turn);
    question = question_of(bob);
    ASSERT_TRUE(call().accept(question).value().turn_started);
    ASSERT_TRUE(call().change(help_in(question.fresh_id)));
    check(bob, takeover_of(question.fresh_id, ann), question.turn);

    // Also when the AI is in control again.
    ASSERT_TRUE(call().change(release_of(question.fresh_id, ann)));
    const AcceptMessage next = question_of(bob);
    ASSERT_TRUE(call().accept(next).value().turn_started);
    ASSERT_TRUE(call().change(takeover_of(question.fresh_id, ann)));
    ASSERT_TRUE(call().change(release_of(question.fresh_id, ann)));
    EXPECT_EQ(refusal(call().finish(finish_of(next.turn))), Errc::conflict);
}

TEST_P(ControlOfASession, WhoWaitsForAPersonIsAnsweredByTheAi) {
    const AcceptMessage question = question_of(alice);
    ASSERT_TRUE(call().accept(question).value().turn_started);
    const ControlChanged changed = call().change(help_in(question.fresh_id)).value();
    EXPECT_EQ(changed.outcome, ControlOutcome::changed);
    EXPECT_EQ(call().finish(finish_of(question.turn, "whole")).value().event.message.content, "whole");
    const AcceptMessage next = question_of(alice);
    EXPECT_TRUE(call().accept(next).value().turn_started);
    EXPECT_TRUE(call().finish(finish_of(next.turn)));
    EXPECT_TRUE(call().start(turn_in(call().session(question.fresh_id).value())));
}

TEST_P(ControlOfASession, NoTurnStartsWhileAPersonIsInControl) {
    const Session session = session_of(alice);
    const Turn turn = turn_in(session);
    ASSERT_TRUE(call().change(takeover_of(session.id, ann)));
    EXPECT_FALSE(call().accept(question_of(alice)).value().turn_started);
    EXPECT_EQ(refusal(call().start(turn_in(call().session(session.id).value()))), Errc::conflict);
    ASSERT_TRUE(call().change(release_of(session.id, ann)));
    EXPECT_EQ(refusal(call().start(turn)), Errc::conflict);  // of an old number
    EXPECT_TRUE(call().accept(question_of(alice)).value().turn_started);
}

TEST_P(ControlOfASession, ATakeoverAndTheEndOfAnAnswerAreDecidedOneWay) {
    for (int round = 0; round < 20; ++round) {
        const AcceptMessage question = question_of(UserId("user-" + std::to_string(round)));
        ASSERT_TRUE(call().accept(question).value().turn_started);
        std::optional<Result<Finished>> finished;
        std::thread ai([&] { finished.emplace(call().finish(finish_of(question.turn))); });
        const ControlChanged taken = call().change(takeover_of(question.fresh_id, ann)).value();
        ai.join();
        if (finished->has_value()) {
            EXPECT_LT((*finished)->event.seq, taken.event->seq);
        } else {
            EXPECT_EQ(finished->error().code, Errc::conflict);
            EXPECT_EQ(call().session(question.fresh_id).value().last_seq, 2U);
        }
    }
}

// --- messages of the admin ---

TEST_P(ControlOfASession, TheAdminInControlWritesInTheSession) {
    const Session session = call().accept(message_of(alice, "help!")).value().session;
    ASSERT_TRUE(call().change(takeover_of(session.id, ann, "Ann")));
    AcceptMessage request = admin_message(session.id, ann);
    request.message.client_id = model::ClientId("c1");
    request.turn = fresh<TurnId>();  // nobody lets the AI answer a person
    const Accepted accepted = call().accept(request).value();
    EXPECT_EQ(accepted.session.id, session.id);
    EXPECT_EQ(accepted.session.user, alice);
    EXPECT_FALSE(accepted.turn_started);
    EXPECT_EQ(accepted.event, (Event{3, request.message}));
    EXPECT_EQ(call().last_events(session.id, 1), std::vector<Event>{accepted.event});

    request.message.id = fresh<MessageId>();
    EXPECT_TRUE(call().accept(request).value().duplicate);
    EXPECT_EQ(call().session(session.id).value().last_seq, 3U);
}

TEST_P(ControlOfASession, NobodyElseWritesAsAnAdmin) {
    const Session session = session_of(alice);
    EXPECT_EQ(refusal(call().accept(admin_message(session.id, ann))), Errc::forbidden);
    ASSERT_TRUE(call().change(help_in(session.id)));
    EXPECT_EQ(refusal(call().accept(admin_message(session.id, ann))), Errc::forbidden);
    ASSERT_TRUE(call().change(takeover_of(session.id, ann)));
    EXPECT_EQ(refusal(call().accept(admin_message(session.id, ben))), Errc::forbidden);
    EXPECT_TRUE(call().accept(admin_message(session.id, ann)));
    ASSERT_TRUE(call().change(release_of(session.id, ann)));
    EXPECT_EQ(refusal(call().accept(admin_message(session.id, ann))), Errc::forbidden);
    EXPECT_EQ(call().session(session.id).value().last_seq, 4U);
}

TEST_P(ControlOfASession, AnAdminWritesOnlyWhereItIsNamedAndActive) {
    EXPECT_EQ(refusal(call().accept(admin_message(fresh<SessionId>(), ann))), Errc::not_found);
    EXPECT_EQ(refusal(call().accept(admin_message(SessionId(), ann))), Errc::not_found);
    const Session session = session_of(alice);
    ASSERT_TRUE(call().change(takeover_of(session.id, ann)));
    const Session ended = call().end(session.id, alice, noon).value();
    AcceptMessage request = admin_message(session.id, ann);
    request.lifetime.reconnect_window = 1h;
    EXPECT_EQ(refusal(call().accept(request)), Errc::conflict);
    EXPECT_EQ(call().session(session.id).value(), ended);
    EXPECT_TRUE(call().sessions_of(ann, 10).empty());
}

TEST_P(ControlOfASession, FilesAndVoicesOfBothSidesAreKept) {
    const Session session = session_of(alice);
    ASSERT_TRUE(call().change(takeover_of(session.id, ann)));
    for (const model::MessageKind kind : {model::MessageKind::file, model::MessageKind::voice}) {
        for (AcceptMessage request : {message_of(alice, ""), admin_message(session.id, ann)}) {
            request.message.kind = kind;
            request.message.file_id = "f-" + fresh<MessageId>().str();
            request.message.file_url = "https://example.com/files/1?sig=a%2Fb&x=ü";
            request.message.metadata = {{"file_name", "скан.pdf"}, {"file_size", "12"}, {"duration", "3.5"}};
            const Accepted accepted = call().accept(request).value();
            EXPECT_EQ(accepted.event.message, request.message);
            EXPECT_EQ(call().last_events(session.id, 1).at(0).message, request.message);
        }
    }
}

}  // namespace chatbox::store::conformance
