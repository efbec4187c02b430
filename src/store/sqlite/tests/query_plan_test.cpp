// Cost must not grow with what is stored: no statement may walk through a table.
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

TEST_F(QueryPlans, NoReadOfAUserOrASessionWalksThroughATable) {
    SessionQuery query;
    query.user = UserId("user-7");
    query.limit = 5;
    database_.execute("COMMIT");
    const SessionPage page = reports_->list(query);
    ASSERT_FALSE(page.sessions.empty());
    const SessionId id = page.sessions.front().id;
    EXPECT_TRUE(reader_->session(id));
    EXPECT_FALSE(reader_->events_after(id, 0, 10).empty());
    EXPECT_FALSE(reader_->last_events(id, 10).empty());
    EXPECT_EQ(scanned(database_), 0);
}

TEST_F(QueryPlans, TheListOfAllSessionsReadsNoMoreThanItsPage) {
    database_.execute("COMMIT");
    SessionQuery query;
    query.limit = 10;
    query.offset = 20;
    EXPECT_EQ(reports_->list(query).sessions.size(), 10U);
}

}  // namespace
}  // namespace chatbox::store::sqlite
