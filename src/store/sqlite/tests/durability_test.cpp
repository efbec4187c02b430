#include <sys/resource.h>

#include <map>
#include <sstream>

#include "peer.h"
#include "support.h"

namespace chatbox::store::sqlite {
namespace {

using base::Errc;
using conformance::finish_of;
using conformance::message_of;
using conformance::noon;
using conformance::question_of;
using conformance::refusal;

class DurableSqlite : public testing::Test {
protected:
    std::unique_ptr<Store> open(Options options = {}) {
        options.file = file_;
        return open_sqlite_store(std::move(options), log_);
    }

    TempFolder folder_;
    const fs::path file_ = folder_ / "chat.db";
    TestLog log_;
    const UserId alice_{"alice"};
    const UserId bob_{"bob"};
};

std::int64_t sum(const std::vector<std::int64_t>& numbers) {
    std::int64_t total = 0;
    for (const std::int64_t n : numbers) total += n;
    return total;
}

TEST_F(DurableSqlite, WritesThatWaitAreCommittedTogether) {
    Options options;
    options.max_batch = 256;
    Caller call(open(options));
    Blocker blocker(file_);
    std::vector<std::future<base::Result<Accepted>>> answers;
    for (int i = 0; i < 1024; ++i) answers.push_back(call.send(message_of(alice_)));
    blocker.release();
    for (auto& answer : answers) EXPECT_TRUE(Caller::wait(std::move(answer)));
    const auto batches = log_.batches();
    EXPECT_EQ(sum(batches), 1024);
    EXPECT_LE(batches.size(), 5U);  // the first may have begun with what was there
    for (const std::int64_t size : batches) EXPECT_LE(size, 256);
}

TEST_F(DurableSqlite, ARefusedWriteIsUndoneAloneWithinItsTransaction) {
    Caller call(open());
    const Accepted first = call.accept(message_of(alice_)).value();
    Blocker blocker(file_);
    auto head = call.send(message_of(alice_));
    AcceptMessage bad = message_of(bob_);
    bad.message.id = first.event.message.id;  // found out after bob's session was made
    auto before = call.send(message_of(alice_));
    auto refused = call.send(bad);
    auto after = call.send(message_of(alice_));
    auto of_bob = call.send(message_of(bob_));
    blocker.release();

    EXPECT_TRUE(Caller::wait(std::move(head)));
    EXPECT_EQ(Caller::wait(std::move(before)).value().event.seq, 3U);
    EXPECT_EQ(refusal(Caller::wait(std::move(refused))), Errc::conflict);
    EXPECT_EQ(Caller::wait(std::move(after)).value().event.seq, 4U);
    EXPECT_TRUE(Caller::wait(std::move(of_bob)).value().created);
    EXPECT_EQ(call.last_events(first.session.id, 10).size(), 4U);
    EXPECT_EQ(call.sessions_of(bob_, 10).size(), 1U);
    EXPECT_LE(log_.batches().size(), 3U);
}

TEST_F(DurableSqlite, MoreThanMayWaitIsRefusedAtOnce) {
    Options options;
    options.max_queue = 10;
    options.max_batch = 1;
    Caller call(open(options));
    Blocker blocker(file_);
    std::vector<std::future<base::Result<Accepted>>> answers;
    for (int i = 0; i < 100; ++i) answers.push_back(call.send(message_of(alice_)));
    EXPECT_EQ(refusal(Caller::wait(std::move(answers.back()))),
              Errc::unavailable);  // while the others still wait
    answers.pop_back();
    blocker.release();
    std::size_t stored = 0;
    for (auto& answer : answers) {
        const auto result = Caller::wait(std::move(answer));
        stored += result.has_value() ? 1 : 0;
        EXPECT_TRUE(result || result.error().code == Errc::unavailable);
    }
    EXPECT_GE(stored, 10U);
    EXPECT_LE(stored, 11U);  // one may have been on its way already
    EXPECT_EQ(call.sessions_of(alice_, 1).at(0).last_seq, stored);
}

TEST_F(DurableSqlite, AFullDatabaseRefusesAndWorksAgainWhenThereIsRoom) {
    Options options;
    options.max_bytes = 400'000;
    Caller call(open(options));
    const AcceptMessage question = question_of(alice_);
    const Accepted accepted = call.accept(question).value();

    std::string text;
    for (;;) {
        const std::string piece(3000, 'x');
        const auto result = call.checkpoint(question.turn, text.size(), piece);
        if (!result) {
            EXPECT_EQ(result.error().code, Errc::unavailable);
            break;
        }
        text += piece;
        ASSERT_LT(text.size(), options.max_bytes);
    }
    EXPECT_EQ(refusal(call.accept(message_of(alice_, std::string(50'000, 'x')))), Errc::unavailable);
    EXPECT_FALSE(log_.complaints().empty());
    EXPECT_EQ(call.session(accepted.session.id).value(), accepted.session);  // reading goes on
    EXPECT_EQ(call.last_events(accepted.session.id, 10).size(), 1U);

    // The answer takes the place of its checkpoints, so it fits.
    const Finished finished = call.finish(finish_of(question.turn, text)).value();
    EXPECT_EQ(finished.event.message.content, text);
}

TEST_F(DurableSqlite, ShorterThanItsCheckpointsAnAnswerMakesRoom) {
    Options options;
    options.max_bytes = 400'000;
    Caller call(open(options));
    const AcceptMessage question = question_of(alice_);
    ASSERT_TRUE(call.accept(question));
    std::uint64_t offset = 0;
    while (call.checkpoint(question.turn, offset, std::string(3000, 'x'))) offset += 3000;
    const std::string large(100'000, 'y');
    EXPECT_EQ(refusal(call.accept(message_of(alice_, large))), Errc::unavailable);
    ASSERT_TRUE(call.finish(finish_of(question.turn, "stopped", TurnState::stopped)));
    EXPECT_TRUE(call.accept(message_of(alice_, large)));
}

// Lets no file of this process grow beyond `bytes`: the disk is full for writes behind that.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : ignored_(::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit now = before_;
        now.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, ignored_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
    void (*ignored_)(int);
};

TEST_F(DurableSqlite, ACommitThatFailsFailsEveryWriteOfItAndLeavesNothingHalfDone) {
    Caller call(open());
    const Accepted first = call.accept(message_of(alice_)).value();
    const AcceptMessage question = question_of(bob_);
    ASSERT_TRUE(call.accept(question));

    for (int round = 0; round < 3; ++round) {
        const FileSizeLimit limit(fs::file_size(file_.string() + "-wal"));
        Blocker blocker(file_);
        std::vector<std::future<base::Result<Accepted>>> answers;
        for (int i = 0; i < 50; ++i) {
            answers.push_back(call.send(message_of(alice_, std::string(5'000, 'x'))));
            answers.push_back(call.send(message_of(UserId("new-" + std::to_string(i)))));
        }
        auto finish = call.ask<Finished>(
            [&](auto reply) { call.store().finish_turn(finish_of(question.turn), std::move(reply)); });
        blocker.release();
        for (auto& answer : answers) EXPECT_EQ(refusal(Caller::wait(std::move(answer))), Errc::unavailable);
        EXPECT_EQ(refusal(Caller::wait(std::move(finish))), Errc::unavailable);
        EXPECT_EQ(call.session(first.session.id).value(), first.session);
        EXPECT_EQ(call.all_sessions(100, 0).size(), 2U);
    }

    // With room, everything works as if nothing had been.
    EXPECT_EQ(call.accept(message_of(alice_)).value().event.seq, 2U);
    EXPECT_EQ(call.finish(finish_of(question.turn)).value().event.seq, 2U);
    EXPECT_EQ(call.all_sessions(100, 0).size(), 2U);
}

TEST_F(DurableSqlite, ADiskThatStaysFullIsReportedOnce) {
    Caller call(open());
    ASSERT_TRUE(call.accept(message_of(alice_)));
    {
        const FileSizeLimit limit(fs::file_size(file_.string() + "-wal"));
        for (int i = 0; i < 20; ++i) EXPECT_EQ(refusal(call.accept(message_of(alice_))), Errc::unavailable);
        EXPECT_EQ(refusal(call.ping()), Errc::unavailable);
    }
    EXPECT_TRUE(call.ping());
    EXPECT_EQ(log_.complaints(), std::vector<std::string>{"writes are failing"});
}

TEST_F(DurableSqlite, AReadDoesNotWaitForAWrite) {
    Caller call(open());
    const Accepted accepted = call.accept(message_of(alice_)).value();
    Blocker blocker(file_);
    auto waiting = call.send(message_of(alice_));
    EXPECT_EQ(call.last_events(accepted.session.id, 10).size(), 1U);
    EXPECT_EQ(call.session(accepted.session.id).value().last_seq, 1U);
    blocker.release();
    EXPECT_TRUE(Caller::wait(std::move(waiting)));
}

TEST_F(DurableSqlite, TheLogOfWritesDoesNotGrowWithoutEnd) {
    Caller call(open());
    std::uintmax_t largest = 0;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::future<base::Result<Accepted>>> answers;
        for (int i = 0; i < 40; ++i)
            answers.push_back(call.send(message_of(alice_, std::string(500'000, 'x'))));
        for (auto& answer : answers) ASSERT_TRUE(Caller::wait(std::move(answer)));
        largest = std::max(largest, fs::file_size(file_.string() + "-wal"));
    }
    // 400 MB were written. The log may take 192 MiB, and what was committed while the rest was being moved.
    EXPECT_GT(fs::file_size(file_), 64'000'000U);
    EXPECT_LT(largest, 300'000'000U);
}

// --- kill -9 ---

// What the killed process had said about one session.
struct Acknowledged {
    std::map<Seq, std::string> messages;
};

TEST_F(DurableSqlite, WhatWasAcknowledgedSurvivesAKill) {
    std::map<std::string, Acknowledged> sessions;
    std::map<std::string, std::size_t> texts;  // answer id -> bytes acknowledged
    std::uint32_t random = 4711;
    for (int round = 0; round < 12; ++round) {
        random = random * 1664525U + 1013904223U;
        {
            Peer peer({"write", file_.string()});
            for (std::uint32_t lines = 50 + random % 1500; lines > 0; --lines) {
                const std::string line = peer.line();
                ASSERT_FALSE(line.empty());
                std::istringstream words(line);
                std::string kind, id, message;
                std::size_t number = 0;
                words >> kind >> id >> number >> message;
                if (kind == "event") sessions[id].messages[number] = message;
                if (kind == "text") texts[id] = number;
            }
            peer.kill();
        }
        Caller call(open());
        const std::uint64_t interrupted = call.interrupt_orphans(NodeId(), noon).value();
        EXPECT_LE(interrupted, 20U);
        std::map<std::string, std::string> contents;
        for (const auto& [id, said] : sessions) {
            const auto events = call.events_after(SessionId(id), 0, 1'000'000);
            ASSERT_EQ(call.session(SessionId(id)).value().last_seq, events.size());
            for (std::size_t i = 0; i < events.size(); ++i) {
                ASSERT_EQ(events[i].seq, i + 1);
                contents[events[i].message.id.str()] = events[i].message.content;
            }
            for (const auto& [seq, message] : said.messages) {
                ASSERT_LE(seq, events.size()) << "round " << round;
                ASSERT_EQ(events[seq - 1].message.id.str(), message) << "round " << round;
            }
        }
        for (const auto& [answer, bytes] : texts) {
            ASSERT_TRUE(contents.contains(answer)) << "round " << round;
            ASSERT_GE(contents[answer].size(), bytes) << "round " << round;
        }
    }
    EXPECT_EQ(sessions.size(), 20U);
}

}  // namespace
}  // namespace chatbox::store::sqlite
