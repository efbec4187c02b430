// Databases that older versions of the program have written.
#include "schema.h"
#include "schema_version_1.h"
#include "store/rules.h"
#include "support.h"

namespace chatbox::store::sqlite {
namespace {

using conformance::finish_of;
using conformance::message_of;
using conformance::noon;
using conformance::question_of;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

constexpr const char* rows_of_version_1 = R"sql(
INSERT INTO session VALUES
    (1, 'talks', 'alice', 'First.', 'demo', 1000, 61001, NULL, 'ai', 1, 3, 3, 42, 700, 1000, 2, 0, 0, ''),
    (2, 'ended', 'alice', 'Old', '', 500, 900, 950, 'ai', 1, 1, 1, 0, 0, 0, 0, 0, 0, ''),
    (3, 'odd', 'bob', '', '', -60001, -60001, -70000, 'ai', 1, 0, 0, 0, 0, 0, 0, 0, 0, ''),
    (4, 'long', 'carol', 'Long', '', 2000, 3000, NULL, 'ai', 7, 0, 0, 9, 50000, 350000, 250, 1, 1, 'Ann');
INSERT INTO event
    (position, id, sender, kind, content, file_id, file_url, metadata, at, model, turn, status, client_id)
VALUES
    (4294967297, 'm1', 'user', 'text', 'First. Second', '', '', x'', 1000, '', '', 'done', 'c1'),
    (4294967298, 'm2', 'ai', 'text', 'an answer', '', '', x'', 1700, 'demo', 't1', 'done', NULL),
    (4294967299, 'm3', 'user', 'text', 'more', '', '', x'', 61001, '', '', 'done', NULL),
    (8589934593, 'm4', 'user', 'text', 'Old', '', '', x'', 900, '', '', 'done', NULL);
INSERT INTO turn VALUES
    ('t1', 1, 'm2', 'demo', 'node', 1, 1, 1000, 'done', 0),
    ('t2', 1, 'm5', 'demo', 'node', 3, 1, 61001, 'running', 4);
INSERT INTO turn_text VALUES ('t2', 0, x'68616c66');
)sql";

class UpgradeOfSqlite : public testing::Test {
protected:
    UpgradeOfSqlite() {
        Database database(file_, Database::Mode::read_write, std::chrono::milliseconds(0));
        database.execute("PRAGMA journal_mode = WAL");
        database.execute(schema_version_1);
        database.execute(rows_of_version_1);
        database.execute("PRAGMA application_id = " + std::to_string(application_id));
        database.execute("PRAGMA user_version = 1");
    }

    std::unique_ptr<Store> open() { return open_sqlite_store(options_for(file_), log_); }
    static Time at(int ms) { return Time(base::Millis(ms)); }

    TempFolder folder_;
    const fs::path file_ = folder_ / "chat.db";
    TestLog log_;
};

TEST_F(UpgradeOfSqlite, KeepsWhatVersion1Knew) {
    Caller call(open());
    Session expected;
    expected.id = SessionId("talks");
    expected.user = UserId("alice");
    expected.name = "First.";
    expected.model = ModelId("demo");
    expected.start = at(1000);
    expected.last_activity = at(61001);
    expected.last_seen = at(61001);
    expected.last_seq = 3;
    expected.message_count = 3;
    expected.total_tokens = 42;
    expected.max_response_ms = 700;
    expected.avg_response_ms = 500;
    expected.answer_count = 2;
    EXPECT_EQ(call.session(SessionId("talks")).value(), expected);
    const auto events = call.events_after(SessionId("talks"), 0, 10);
    EXPECT_EQ(conformance::contents_of(events),
              (std::vector<std::string>{"First. Second", "an answer", "more"}));
    EXPECT_EQ(call.session(SessionId("ended")).value().end, at(950));
    const Session helped = call.session(SessionId("long")).value();
    EXPECT_EQ(helped.assisting_admin_name, "Ann");
    EXPECT_TRUE(helped.admin_assisted);
    EXPECT_EQ(helped.control_number, 7U);
    EXPECT_TRUE(log_.complaints().empty());
}

TEST_F(UpgradeOfSqlite, GoesOnWhereVersion1Stopped) {
    Caller call(open());
    EXPECT_EQ(call.interrupt_orphans(NodeId(), noon).value(), 1U);
    EXPECT_EQ(call.last_events(SessionId("talks"), 1).at(0).message.content, "half");
    AcceptMessage again = message_of(UserId("alice"));
    again.message.client_id = model::ClientId("c1");
    EXPECT_TRUE(call.accept(again).value().duplicate);
    EXPECT_EQ(call.accept(message_of(UserId("alice"))).value().event.seq, 5U);
}

TEST_F(UpgradeOfSqlite, GivesTheWindowTheAverageAndTheMaximumThatWereKnown) {
    Caller call(open());
    const Session before = call.session(SessionId("long")).value();
    EXPECT_EQ(before.avg_response_ms, 1400U);  // 350 s in 250 answers
    EXPECT_EQ(before.max_response_ms, 50'000U);
    EXPECT_EQ(before.answer_count, 250U);
    Session after;
    for (std::size_t i = 0; i < ResponseWindow::size; ++i) {
        const AcceptMessage question = question_of(UserId("carol"));
        ASSERT_TRUE(call.accept(question).value().turn_started);
        FinishTurn finish = finish_of(question.turn);
        finish.response_ms = 10;
        after = call.finish(finish).value().session;
        if (i + 2 == ResponseWindow::size) {
            EXPECT_EQ(after.max_response_ms, 50'000U);
        }
    }
    EXPECT_EQ(after.max_response_ms, 10U);  // nothing of version 1 is left
    EXPECT_EQ(after.avg_response_ms, 10U);
    EXPECT_EQ(after.answer_count, 350U);
    EXPECT_EQ(call.session(after.id).value(), after);
}

TEST_F(UpgradeOfSqlite, FindsWhatIsIdleByItsLastActivity) {
    Caller call(open());
    ASSERT_TRUE(call.interrupt_orphans(NodeId(), at(61001)));
    EXPECT_EQ(conformance::ids_of(call.expire(at(61000))), std::vector<SessionId>{SessionId("long")});
    EXPECT_EQ(conformance::ids_of(call.expire(at(61001))), std::vector<SessionId>{SessionId("talks")});
}

TEST_F(UpgradeOfSqlite, PutsAnEndBeforeTheStartRight) {
    Caller call(open());
    EXPECT_EQ(call.session(SessionId("odd")).value().end, at(-60001));
    EXPECT_EQ(call.metrics(at(-100'000), at(0), noon).max_concurrent, 1U);
}

TEST_F(UpgradeOfSqlite, HappensOnce) {
    {
        Caller call(open());
    }
    const Session session = Caller(open()).session(SessionId("talks")).value();
    EXPECT_EQ(session.avg_response_ms, 500U);
    Database database(file_, Database::Mode::read_only, std::chrono::milliseconds(0));
    EXPECT_EQ(database.integer("PRAGMA user_version"), schema_version);
    EXPECT_EQ(database.text("PRAGMA integrity_check"), "ok");
}

// The steps end in what a new database has.
TEST_F(UpgradeOfSqlite, LeavesTheTablesThatANewDatabaseHas) {
    {
        Caller call(open());
    }
    {
        Caller call(open_sqlite_store(options_for(folder_ / "new.db"), log_));
    }
    const auto schema = [](const fs::path& file) {
        Database database(file, Database::Mode::read_only, std::chrono::milliseconds(0));
        return database.text(
            "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema ORDER BY name)");
    };
    EXPECT_EQ(schema(file_), schema(folder_ / "new.db"));
}

// All or nothing.
TEST_F(UpgradeOfSqlite, LeavesADatabaseThatItCannotUpgradeAsItWas) {
    {
        Database database(file_, Database::Mode::read_write, std::chrono::milliseconds(0));
        database.execute("CREATE TABLE response_window (x)");  // in the way
    }
    EXPECT_NE(open_error(options_for(file_)), "it opened");
    Database database(file_, Database::Mode::read_only, std::chrono::milliseconds(0));
    EXPECT_EQ(database.integer("PRAGMA user_version"), 1);
    EXPECT_EQ(database.integer("SELECT count(*) FROM pragma_table_info('session')"), 19);
}

}  // namespace
}  // namespace chatbox::store::sqlite
