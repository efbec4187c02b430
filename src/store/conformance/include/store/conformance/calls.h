#pragma once
// How calls are answered, whatever they ask.
#include <atomic>
#include <boost/asio/strand.hpp>
#include <thread>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

// Runs `loop` until `done`; a loop that stays without work for this long is a lost answer.
template <class Condition>
void run_until(boost::asio::io_context& loop, Condition done) {
    while (!done()) {
        loop.restart();
        if (loop.run_one_for(120s) == 0 && !done()) throw std::runtime_error("no answer from the store");
    }
}

TEST_P(StoreConformance, ACallReturnsBeforeItsAnswerComes) {
    int answers = 0;
    const auto count = [&answers](const auto&) { ++answers; };
    const SessionId id = fresh<SessionId>();
    store().accept_message(message_of(alice), {loop().get_executor(), count});
    store().open_session(open_for(alice, false), {loop().get_executor(), count});
    store().session(id, {loop().get_executor(), count});
    store().ping({loop().get_executor(), count});
    ASSERT_TRUE(call().ping());  // so the writes before it are through
    EXPECT_EQ(answers, 0);       // nobody has run the loop
    run_until(loop(), [&] { return answers == 4; });
}

TEST_P(StoreConformance, AnswersComeOnTheExecutorThatWasGiven) {
    const auto strand = boost::asio::make_strand(loop());
    std::size_t answers = 0;
    for (int i = 0; i < 100; ++i) {
        store().accept_message(message_of(alice), {strand, [&](Result<Accepted> result) {
                                                       EXPECT_TRUE(result);
                                                       EXPECT_TRUE(strand.running_in_this_thread());
                                                       ++answers;
                                                   }});
        store().last_events(fresh<SessionId>(), 1, {strand, [&](Result<std::vector<Event>>) {
                                                        EXPECT_TRUE(strand.running_in_this_thread());
                                                        ++answers;
                                                    }});
    }
    run_until(loop(), [&] { return answers == 200; });
}

TEST_P(StoreConformance, AnswersToWritesComeInTheOrderOfTheCalls) {
    const SessionId id = session_of(alice).id;
    std::vector<int> order;
    const auto note = [&order](int number) {
        return [&order, number](const auto&) { order.push_back(number); };
    };
    const auto executor = loop().get_executor();
    int number = 0;
    for (int round = 0; round < 100; ++round) {
        AcceptMessage question = question_of(alice);
        const TurnId turn = question.turn;
        store().accept_message(question, {executor, note(number++)});
        store().checkpoint_turn(turn, 0, "text", {executor, note(number++)});
        store().checkpoint_turn(turn, 99, "a gap", {executor, note(number++)});
        store().finish_turn(finish_of(turn), {executor, note(number++)});
        store().set_model(id, ModelId("m"), {executor, note(number++)});
        store().end_session(fresh<SessionId>(), alice, noon, {executor, note(number++)});
        store().open_session(open_for(alice), {executor, note(number++)});
        store().ping({executor, note(number++)});
    }
    run_until(loop(), [&] { return order.size() == static_cast<std::size_t>(number); });
    for (int i = 0; i < number; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_P(StoreConformance, WritesTakeEffectInTheOrderOfTheCallsWithoutWaiting) {
    const AcceptMessage question = question_of(alice);
    const AcceptMessage next = question_of(alice);
    auto first = call().send(question);
    auto second = call().send(next);  // a turn runs: starts none
    auto checkpoint = call().ask<Nothing>(
        [&](auto reply) { store().checkpoint_turn(question.turn, 0, "an", std::move(reply)); });
    auto finished = call().ask<Finished>(
        [&](auto reply) { store().finish_turn(finish_of(question.turn), std::move(reply)); });
    auto third = call().send(question_of(alice));
    auto ended = call().ask<Session>(
        [&](auto reply) { store().end_session(question.fresh_id, alice, noon, std::move(reply)); });
    auto fourth = call().send(message_of(alice));

    EXPECT_TRUE(Caller::wait(std::move(first)).value().turn_started);
    EXPECT_FALSE(Caller::wait(std::move(second)).value().turn_started);
    EXPECT_TRUE(Caller::wait(std::move(checkpoint)));
    EXPECT_EQ(Caller::wait(std::move(finished)).value().event.seq, 3U);
    const Accepted after = Caller::wait(std::move(third)).value();
    EXPECT_EQ(after.event.seq, 4U);
    EXPECT_TRUE(after.turn_started);
    EXPECT_EQ(Caller::wait(std::move(ended)).value().last_seq, 4U);
    EXPECT_TRUE(Caller::wait(std::move(fourth)).value().created);
}

TEST_P(StoreConformance, EveryCallIsAnsweredExactlyOnceWhateverTheExecutor) {
    constexpr std::size_t executors = 40;
    constexpr std::size_t calls = 50;
    std::vector<std::vector<std::size_t>> answers(executors);
    std::size_t total = 0;
    std::vector<boost::asio::any_io_executor> strands;
    for (std::size_t e = 0; e < executors; ++e) strands.emplace_back(boost::asio::make_strand(loop()));
    for (std::size_t i = 0; i < calls; ++i) {
        for (std::size_t e = 0; e < executors; ++e) {
            store().accept_message(message_of(UserId("user-" + std::to_string(e))),
                                   {strands[e], [&, e](Result<Accepted> result) {
                                        answers[e].push_back(result.value().event.seq);
                                        ++total;
                                    }});
        }
    }
    run_until(loop(), [&] { return total == executors * calls; });
    for (const auto& mine : answers) {
        ASSERT_EQ(mine.size(), calls);
        for (std::size_t i = 0; i < calls; ++i) EXPECT_EQ(mine[i], i + 1);
    }
}

TEST_P(StoreConformance, ADoneThatThrowsDoesNotCostTheOthersTheirAnswer) {
    std::vector<Seq> answered;
    for (int i = 0; i < 20; ++i) {
        store().accept_message(message_of(alice),
                               {loop().get_executor(), [&answered](Result<Accepted> result) {
                                    answered.push_back(result.value().event.seq);
                                    if (answered.size() % 3 == 0)
                                        throw std::runtime_error("a bug of the caller");
                                }});
    }
    int thrown = 0;
    while (answered.size() < 20) {
        try {
            run_until(loop(), [&] { return answered.size() >= 20; });
        } catch (const std::runtime_error& error) {
            ASSERT_STREQ(error.what(), "a bug of the caller");
            ++thrown;
        }
    }
    EXPECT_GE(thrown, 1);
    for (std::size_t i = 0; i < answered.size(); ++i) EXPECT_EQ(answered[i], i + 1);
}

TEST_P(StoreConformance, ManyThreadsMayCallAtOnce) {
    std::vector<std::thread> callers;
    for (int t = 0; t < 4; ++t) {
        callers.emplace_back([this, t] {
            const UserId user("user-" + std::to_string(t));
            for (int i = 0; i < 30; ++i) {
                const AcceptMessage question = question_of(user);
                const Accepted accepted = call().accept(question).value();
                EXPECT_TRUE(accepted.turn_started);
                EXPECT_TRUE(call().checkpoint(question.turn, 0, "text"));
                EXPECT_EQ(call().finish(finish_of(question.turn)).value().event.seq, accepted.event.seq + 1);
                EXPECT_EQ(call().last_events(accepted.session.id, 1).at(0).seq, accepted.event.seq + 1);
                EXPECT_EQ(call().sessions_of(user, 10).size(), static_cast<std::size_t>(i / 10 + 1));
                if (i % 10 == 9) {
                    EXPECT_TRUE(call().end(accepted.session.id, user, noon));
                }
            }
        });
    }
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(call().all_sessions(100, 0).size(), 12U);
}

}  // namespace chatbox::store::conformance
