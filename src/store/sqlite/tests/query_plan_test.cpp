// Cost must not grow with what is stored: no statement may walk through a table.
#include "open.h"
#include "reader.h"
#include "reports.h"
#include "schema.h"
#include "support.h"
#include "writer.h"

namespace chatbox::store::sqlite {
namespace {

using conformance::finish_of;
using conformance::message_of;
using conformance::noon;
using conformance::open_for;
using conformance::question_of;
using std::chrono_literals::operator""h;

// Steps that statements of this connection made through a whole table or index.
int scanned(const Database& database) {
    int steps = 0;
    for (sqlite3_stmt* s = sqlite3_next_stmt(database.handle(), nullptr); s != nullptr;
         s = sqlite3_next_stmt(database.handle(), s)) {
        steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
        steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_AUTOINDEX, 0);
        EXPECT_EQ(sqlite3_stmt_status(s, SQLITE_STMTSTATUS_SORT, 0), 0) << sqlite3_sql(s);
    }
    return steps;
}

class QueryPlans : public testing::Test {
protected:
    QueryPlans() {
        prepare_schema(database_, "test");
        writer_.emplace(database_);
        reader_.emplace(database_);
        reports_.emplace(database_);
        database_.execute("BEGIN");
        for (int i = 0; i < 3000; ++i) {
            AcceptMessage request = question_of(UserId("user-" + std::to_string(i % 300)));
            request.message.client_id = model::ClientId(base::random_hex_id());
            const auto accepted = writer_->accept(request).value();
            writer_->checkpoint(request.turn, 0, "text");
            if (accepted.turn_started) writer_->finish(finish_of(request.turn));
            if (i % 5 == 0) writer_->end(accepted.session.id, request.user, noon);
        }
    }

    // How many steps the machine that runs SQL makes in `action`.
    template <class Action>
    int steps(Action action) {
        int count = 0;
        const auto count_one = [](void* counter) { return ++*static_cast<int*>(counter), 0; };
        sqlite3_progress_handler(database_.handle(), 1, count_one, &count);
        action();
        sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
        return count;
    }

    TempFolder folder_;
    Database database_{folder_ / "chat.db", Database::Mode::read_write, std::chrono::milliseconds(0)};
    std::optional<Writer> writer_;
    std::optional<Reader> reader_;
    std::optional<Reports> reports_;
};

TEST_F(QueryPlans, NoWriteWalksThroughATable) {
    AcceptMessage request = question_of(UserId("user-1"));
    request.message.client_id = model::ClientId("c1");
    const Session session = writer_->accept(request).value().session;
    request.message.id = MessageId("other");
    EXPECT_TRUE(writer_->accept(request).value().duplicate);
    EXPECT_TRUE(writer_->checkpoint(request.turn, 0, "a"));
    EXPECT_TRUE(writer_->finish(finish_of(request.turn)));
    EXPECT_TRUE(writer_->set_model(session.id, ModelId("m")));
    EXPECT_TRUE(writer_->open(open_for(UserId("user-2"))));
    EXPECT_TRUE(writer_->start(conformance::turn_in(session)));
    EXPECT_TRUE(writer_->seen({session.id}, noon + 1h));
    EXPECT_TRUE(writer_->share({session.id, session.user, std::string(32, 'a'), std::nullopt, false, noon}));
    EXPECT_TRUE(writer_->revoke(session.id, session.user));
    EXPECT_TRUE(writer_->change(conformance::takeover_of(session.id, UserId("adm"))));
    EXPECT_TRUE(writer_->end(session.id, UserId("user-1"), noon));
    EXPECT_TRUE(writer_->probe());
    EXPECT_EQ(scanned(database_), 0);
}

TEST_F(QueryPlans, TheStartLooksAtRunningTurnsOnly) {
    ASSERT_TRUE(writer_->interrupt_orphans(NodeId(), noon));  // what the set-up left
    const int before = scanned(database_);
    for (int i = 0; i < 7; ++i) {
        ASSERT_TRUE(writer_->accept(question_of(UserId("runs-" + std::to_string(i)))).value().turn_started);
    }
    EXPECT_EQ(writer_->interrupt_orphans(NodeId("another"), noon).value(), 7U);
    EXPECT_LE(scanned(database_) - before, 8);
}

TEST_F(QueryPlans, NoReadOfASessionWalksThroughATable) {
    const Session session = writer_->open(open_for(UserId("user-7"))).value().session;
    const std::string token(32, 'a');
    ASSERT_TRUE(writer_->share({session.id, session.user, token, std::nullopt, false, noon}));
    EXPECT_TRUE(reader_->session(session.id));
    EXPECT_FALSE(reader_->events_after(session.id, 0, 10).empty());
    EXPECT_FALSE(reader_->last_events(session.id, 10).empty());
    EXPECT_TRUE(reader_->shared(token, noon));
    EXPECT_EQ(scanned(database_), 0);
}

TEST_F(QueryPlans, TheSweeperLooksAtIdleSessionsOnly) {
    ASSERT_TRUE(writer_->interrupt_orphans(NodeId(), noon + 1h));  // so they are idle since then
    ASSERT_TRUE(writer_->expire_idle(noon + 2h, 1'000'000));
    for (int i = 0; i < 300; ++i) {
        AcceptMessage request = message_of(UserId("late-" + std::to_string(i)));
        request.message.at = noon + (i < 5 ? 1h : 3h);
        ASSERT_TRUE(writer_->accept(request));
    }
    EXPECT_LE(steps([&] { EXPECT_EQ(writer_->expire_idle(noon + 2h, 1000).value().size(), 5U); }), 1000);
}

TEST_F(QueryPlans, AListReadsLittleMoreThanItsPage) {
    database_.execute("COMMIT");
    SessionQuery all;
    all.limit = 10;
    all.offset = 20;
    all.sort = SessionSort::total_tokens;
    const int of_everything = steps([&] { EXPECT_EQ(reports_->list(all).sessions.size(), 10U); });
    EXPECT_GE(of_everything, 5000);  // so the measure is a measure
    all.sort = SessionSort::start_time;
    EXPECT_LE(steps([&] { EXPECT_EQ(reports_->list(all).sessions.size(), 10U); }), 1000);
    all.user = UserId("user-7");
    all.offset = 0;
    EXPECT_LE(steps([&] { EXPECT_FALSE(reports_->list(all).sessions.empty()); }), 1000);
}

TEST_F(QueryPlans, MetricsReadWhatWasOpenInThePeriod) {
    ASSERT_TRUE(writer_->interrupt_orphans(NodeId(), noon));
    ASSERT_TRUE(writer_->expire_idle(noon + 100h, 1'000'000));
    database_.execute("COMMIT");
    const int of_everything = steps([&] { reports_->metrics(noon - 1h, noon + 1h, noon + 2h); });
    EXPECT_GE(of_everything, 5000);
    EXPECT_LE(steps([&] { reports_->metrics(noon + 1h, noon + 2h, noon + 2h); }), 500);
}

// What a start reads, in pages of the file.
TEST(StartOfSqlite, ReadsAsMuchWhateverIsStored) {
    const auto pages_read = [](int sessions) {
        TempFolder folder;
        const Options options = options_for(folder / "chat.db");
        {
            Database database = open_for_writing(options.file, options);
            database.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                std::to_string(sessions) +
                ") INSERT INTO session (id, user, name, model, start, last_activity, control, "
                "control_number, "
                "last_seq, message_count, total_tokens, max_response_ms, response_ms_sum, answer_count, "
                "help_requested, admin_assisted, assisting_admin_name, last_seen, seen_minute) "
                "SELECT 'session-' || i, 'user-' || i, 'A name', 'demo', i, i, 'ai', 1, 0, 0, 0, 0, 0, 0, 0, "
                "0, "
                "'', i, i / 60000 FROM n");
        }
        Database database = open_for_writing(options.file, options);
        Writer writer(database);
        EXPECT_EQ(writer.interrupt_orphans(NodeId(), noon).value(), 0U);
        int pages = 0;
        int unused = 0;
        sqlite3_db_status(database.handle(), SQLITE_DBSTATUS_CACHE_MISS, &pages, &unused, 0);
        return pages;
    };
    const int few = pages_read(10);
    EXPECT_GT(few, 0);
    EXPECT_LE(pages_read(100'000), few + 2);
}

}  // namespace
}  // namespace chatbox::store::sqlite
