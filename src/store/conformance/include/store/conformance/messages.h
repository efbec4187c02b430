#pragma once
// Messages: order, content, sending twice.
#include <thread>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

TEST_P(StoreConformance, EventsAreNumberedWithoutGapInTheOrderOfTheCalls) {
    for (Seq seq = 1; seq <= 20; ++seq) {
        AcceptMessage request = message_of(alice, "message " + std::to_string(seq));
        request.message.at = noon + std::chrono::seconds(seq);
        const Accepted accepted = call().accept(request).value();
        EXPECT_EQ(accepted.event.seq, seq);
        EXPECT_EQ(accepted.session.last_seq, seq);
        EXPECT_EQ(accepted.session.message_count, seq);
        EXPECT_EQ(accepted.session.last_activity, request.message.at);
        EXPECT_EQ(accepted.session.start, noon + 1s);
    }
}

TEST_P(StoreConformance, AMessageComesBackAsItWasGiven) {
    AcceptMessage request = message_of(alice);
    Message& message = request.message;
    message.sender = model::Sender::admin;
    message.kind = model::MessageKind::file;
    message.content = "see the picture";
    message.file_id = "file-1";
    message.file_url = "https://example.com/a?b=c&d=%20";
    message.metadata = {{"", "empty key"}, {"a.b", "1"}, {"$x", ""}, {"ключ", "значение"}};
    message.at = Time(base::Millis(1'771'754'400'123));
    message.model = ModelId("m");
    message.turn = TurnId("t");
    message.status = TurnState::stopped;
    message.client_id = model::ClientId("c");
    const Accepted accepted = call().accept(request).value();
    EXPECT_EQ(accepted.event.message, message);
    EXPECT_EQ(call().last_events(accepted.session.id, 1).at(0).message, message);
    EXPECT_EQ(call().events_after(accepted.session.id, 0, 1).at(0).message, message);
}

TEST_P(StoreConformance, EverySenderAndKindAndStatusIsKept) {
    std::vector<Message> sent;
    for (const auto sender :
         {model::Sender::user, model::Sender::ai, model::Sender::admin, model::Sender::system}) {
        for (const auto kind :
             {model::MessageKind::text, model::MessageKind::file, model::MessageKind::voice}) {
            for (const auto status : {TurnState::done, TurnState::stopped, TurnState::failed,
                                      TurnState::interrupted, TurnState::superseded}) {
                AcceptMessage request = message_of(alice);
                request.message.sender = sender;
                request.message.kind = kind;
                request.message.status = status;
                sent.push_back(request.message);
                ASSERT_TRUE(call().accept(request));
            }
        }
    }
    const auto events = call().events_after(session_of(alice).id, 0, 1000);
    ASSERT_EQ(events.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(events[i].message, sent[i]);
}

TEST_P(StoreConformance, AnyTextIsKeptToTheByte) {
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
    const std::vector<std::string> texts = {
        "",
        std::string(1, '\0'),
        std::string("before\0after\0", 13),
        "e\u0301 \U0001F468\u200D\U0001F469\u200D\U0001F467 \u202Eright to left\uFEFF",
        every_byte,
        std::string(10'000, 'x'),
        std::string(3'000'000, 'y') + "end",
    };
    const Session session = session_of(alice);
    for (const std::string& text : texts) {
        AcceptMessage request = message_of(alice, text);
        request.message.metadata = {{"k", text.substr(0, 1000)}};
        const Accepted accepted = call().accept(request).value();
        EXPECT_TRUE(accepted.event.message == request.message) << text.size();
        EXPECT_TRUE(call().last_events(session.id, 1).at(0).message == request.message) << text.size();
    }
}

TEST_P(StoreConformance, TimesBefore1970AreKept) {
    AcceptMessage request = message_of(alice);
    request.message.at = Time(base::Millis(-1));
    const Accepted accepted = call().accept(request).value();
    EXPECT_EQ(call().session(accepted.session.id).value().start, Time(base::Millis(-1)));
}

TEST_P(StoreConformance, SendingAgainWithTheSameClientIdHasNoSecondEffect) {
    AcceptMessage request = message_of(alice, "once");
    request.message.client_id = model::ClientId("c1");
    const Accepted first = call().accept(request).value();
    ASSERT_TRUE(call().accept(message_of(alice, "something in between")));

    AcceptMessage again = question_of(alice, "twice?");
    again.session = first.session.id;
    again.message.client_id = model::ClientId("c1");
    again.message.at = noon + 1h;
    const Accepted second = call().accept(again).value();
    EXPECT_TRUE(second.duplicate);
    EXPECT_FALSE(second.created);
    EXPECT_FALSE(second.turn_started);
    EXPECT_EQ(second.event, first.event);
    EXPECT_EQ(second.session.last_seq, 2U);
    EXPECT_EQ(second.session, call().session(first.session.id).value());
    EXPECT_EQ(second.session.last_activity, noon);
    EXPECT_EQ(contents_of(call().last_events(first.session.id, 10)),
              (std::vector<std::string>{"once", "something in between"}));
}

TEST_P(StoreConformance, ADuplicateIsFoundWithoutNamingTheSession) {
    AcceptMessage request = message_of(alice);
    request.message.client_id = model::ClientId("c1");
    const Accepted first = call().accept(request).value();
    AcceptMessage again = message_of(alice);
    again.message.client_id = model::ClientId("c1");
    const Accepted second = call().accept(again).value();
    EXPECT_TRUE(second.duplicate);
    EXPECT_EQ(second.event, first.event);
}

TEST_P(StoreConformance, ADuplicateIsFoundInTheNamedSessionAlsoWhenThatHasEnded) {
    AcceptMessage request = message_of(alice);
    request.message.client_id = model::ClientId("c1");
    const Accepted first = call().accept(request).value();
    ASSERT_TRUE(call().end(first.session.id, alice, noon + 1s));

    AcceptMessage again = message_of(alice);
    again.session = first.session.id;
    again.message.client_id = model::ClientId("c1");
    for (const bool create : {false, true}) {
        again.create = create;
        const Accepted second = call().accept(again).value();
        EXPECT_TRUE(second.duplicate);
        EXPECT_EQ(second.event, first.event);
        EXPECT_EQ(second.session.end, noon + 1s);
    }
    EXPECT_EQ(call().sessions_of(alice, 10).size(), 1U);
}

TEST_P(StoreConformance, ADuplicateIsFoundInTheActiveSessionWhenAnEndedOneWasNamed) {
    const Session old = session_of(alice);
    ASSERT_TRUE(call().end(old.id, alice, noon));
    AcceptMessage request = message_of(alice);
    request.session = old.id;
    request.message.client_id = model::ClientId("c1");
    const Accepted first = call().accept(request).value();
    AcceptMessage again = message_of(alice);
    again.session = old.id;
    again.message.client_id = model::ClientId("c1");
    const Accepted second = call().accept(again).value();
    EXPECT_TRUE(second.duplicate);
    EXPECT_EQ(second.session.id, first.session.id);
}

TEST_P(StoreConformance, AClientIdCountsInItsSessionOnly) {
    AcceptMessage request = message_of(alice);
    request.message.client_id = model::ClientId("c1");
    ASSERT_TRUE(call().accept(request));
    AcceptMessage other = message_of(bob);
    other.message.client_id = model::ClientId("c1");
    EXPECT_FALSE(call().accept(other).value().duplicate);
}

TEST_P(StoreConformance, MessagesWithoutClientIdAreNeverDuplicates) {
    EXPECT_FALSE(call().accept(message_of(alice, "same")).value().duplicate);
    EXPECT_FALSE(call().accept(message_of(alice, "same")).value().duplicate);
    EXPECT_EQ(session_of(alice).message_count, 2U);
}

TEST_P(StoreConformance, AClientThatSendsAgainWithoutWaitingIsStoredOnce) {
    std::vector<std::future<Result<Accepted>>> answers;
    for (int i = 0; i < 50; ++i) {
        AcceptMessage request = message_of(alice);
        request.message.client_id = model::ClientId("c" + std::to_string(i / 10));
        answers.push_back(call().send(request));
    }
    int duplicates = 0;
    for (auto& answer : answers) duplicates += Caller::wait(std::move(answer)).value().duplicate ? 1 : 0;
    EXPECT_EQ(duplicates, 45);
    EXPECT_EQ(session_of(alice).last_seq, 5U);
}

TEST_P(StoreConformance, AMessageIdThatExistsIsAConflictAndChangesNothing) {
    const Accepted first = call().accept(message_of(alice)).value();
    AcceptMessage again = question_of(alice, "other");
    again.message.id = first.event.message.id;
    again.message.at = noon + 1h;
    EXPECT_EQ(refusal(call().accept(again)), Errc::conflict);
    EXPECT_EQ(call().session(first.session.id).value(), first.session);
    EXPECT_EQ(call().last_events(first.session.id, 10), std::vector<Event>{first.event});

    // Also where the message would have made a session: that is not made.
    AcceptMessage elsewhere = question_of(bob);
    elsewhere.message.id = first.event.message.id;
    EXPECT_EQ(refusal(call().accept(elsewhere)), Errc::conflict);
    EXPECT_TRUE(call().sessions_of(bob, 10).empty());
    EXPECT_EQ(refusal(call().session(elsewhere.fresh_id)), Errc::not_found);
}

TEST_P(StoreConformance, ARefusedMessageDoesNotDisturbItsNeighbours) {
    const Accepted first = call().accept(message_of(alice, "0")).value();
    std::vector<std::string> expected{"0"};
    std::vector<std::future<Result<Accepted>>> answers;
    for (int i = 1; i <= 30; ++i) {
        AcceptMessage request = message_of(i % 3 == 0 ? bob : alice, std::to_string(i));
        if (i % 3 == 0) {
            request.message.id = first.event.message.id;  // found out after a session was begun
        } else {
            expected.push_back(request.message.content);
        }
        answers.push_back(call().send(request));
    }
    for (int i = 1; i <= 30; ++i) {
        const auto result = Caller::wait(std::move(answers[static_cast<std::size_t>(i - 1)]));
        EXPECT_EQ(refusal(result), i % 3 == 0 ? std::optional(Errc::conflict) : std::nullopt) << i;
    }
    EXPECT_TRUE(call().sessions_of(bob, 10).empty());
    const auto events = call().events_after(first.session.id, 0, 100);
    EXPECT_EQ(contents_of(events), expected);
    EXPECT_EQ(events.back().seq, expected.size());
}

TEST_P(StoreConformance, ManyThreadsInOneSessionGiveOneOrder) {
    const Session session = session_of(alice);
    constexpr int threads = 6;
    constexpr int messages = 50;
    std::vector<std::thread> senders;
    for (int t = 0; t < threads; ++t) {
        senders.emplace_back([this, t] {
            std::vector<std::future<Result<Accepted>>> answers;
            for (int i = 0; i < messages; ++i) {
                answers.push_back(
                    call().send(message_of(alice, std::to_string(t) + ":" + std::to_string(i))));
            }
            for (auto& answer : answers) EXPECT_TRUE(Caller::wait(std::move(answer)));
        });
    }
    for (auto& sender : senders) sender.join();

    const auto events = call().events_after(session.id, 0, 1000);
    ASSERT_EQ(events.size(), static_cast<std::size_t>(threads * messages));
    std::vector<int> next(threads, 0);  // what each thread sent is in the order in which it sent it
    for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(events[i].seq, i + 1);
        const std::string& content = events[i].message.content;
        const auto thread = static_cast<std::size_t>(content[0] - '0');
        EXPECT_EQ(content.substr(2), std::to_string(next[thread]++));
    }
}

}  // namespace chatbox::store::conformance
