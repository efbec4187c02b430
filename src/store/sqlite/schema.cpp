#include "schema.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "response_codec.h"
#include "store/rules.h"

namespace chatbox::store::sqlite {

namespace {

// An event lies at `position`, which is its session's key in the upper 32 bits and its seq in the lower 32.
// So (session, seq) is unique because position is the primary key; the events of a session lie side by side;
// and an append costs one place in one tree, however long the session is. session and seq are computed from
// it.
//
// The checks say a = 'x' OR a = 'y', not a IN ('x', 'y'): for a list SQLite builds a table, anew for each
// row.
//
// Columns of session that have an index change seldom, so that an append touches no index of session.
constexpr const char* version_1 = R"sql(
CREATE TABLE session (
    key INTEGER PRIMARY KEY CHECK (key BETWEEN 1 AND 2147483647),
    id TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL,
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    start INTEGER NOT NULL,          -- times are milliseconds since 1970, UTC
    last_activity INTEGER NOT NULL,
    ended INTEGER,                   -- null: active
    control TEXT NOT NULL CHECK (control = 'ai' OR control = 'waiting' OR control = 'human'),
    control_number INTEGER NOT NULL CHECK (control_number > 0),
    last_seq INTEGER NOT NULL CHECK (last_seq BETWEEN 0 AND 4294967295),
    message_count INTEGER NOT NULL,
    total_tokens INTEGER NOT NULL,
    max_response_ms INTEGER NOT NULL,
    response_ms_sum INTEGER NOT NULL,
    answer_count INTEGER NOT NULL,
    help_requested INTEGER NOT NULL,
    admin_assisted INTEGER NOT NULL,
    assisting_admin_name TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX session_active ON session (user) WHERE ended IS NULL;
CREATE INDEX session_of_user ON session (user, start DESC, id);
CREATE INDEX session_newest ON session (start DESC, id);

CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    session INTEGER NOT NULL GENERATED ALWAYS AS (position >> 32) VIRTUAL REFERENCES session (key),
    seq INTEGER NOT NULL GENERATED ALWAYS AS (position & 4294967295) VIRTUAL CHECK (seq > 0),
    id TEXT NOT NULL UNIQUE,
    sender TEXT NOT NULL CHECK (sender = 'user' OR sender = 'ai' OR sender = 'admin' OR sender = 'system'),
    kind TEXT NOT NULL CHECK (kind = 'text' OR kind = 'file' OR kind = 'voice'),
    content TEXT NOT NULL,
    file_id TEXT NOT NULL,
    file_url TEXT NOT NULL,
    metadata BLOB NOT NULL,          -- metadata_codec.h
    at INTEGER NOT NULL,
    model TEXT NOT NULL,
    turn TEXT NOT NULL,
    status TEXT NOT NULL,
    client_id TEXT                   -- null: the client gave none
) STRICT;
CREATE UNIQUE INDEX event_client ON event (session, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE turn (
    id TEXT PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session (key),
    answer TEXT NOT NULL,
    model TEXT NOT NULL,
    node TEXT NOT NULL,
    question_seq INTEGER NOT NULL,
    control_number INTEGER NOT NULL,
    started INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state = 'running' OR state = 'done' OR state = 'stopped' OR state = 'failed'
            OR state = 'interrupted' OR state = 'superseded'),
    stored INTEGER NOT NULL          -- bytes of text in turn_text
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX turn_running ON turn (session) WHERE state = 'running';

CREATE TABLE turn_text (             -- what a crash keeps of a running answer
    turn TEXT NOT NULL REFERENCES turn (id),
    offset INTEGER NOT NULL CHECK (offset >= 0),
    text BLOB NOT NULL,              -- a chunk may end inside a character
    PRIMARY KEY (turn, offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE probe (                 -- written by ping
    key INTEGER PRIMARY KEY CHECK (key = 1),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO probe (key, count) VALUES (1, 0);
)sql";

// Share links, who assists, how long a session has been idle, the window of response times.
//
// seen_minute is the minute of last_seen: what an index can follow without being touched by each append.
//
// What version 1 knew of the response times is their sum over all answers and the largest; of the window it
// gets as many as there were, at most 100, with that average and that maximum.
constexpr const char* version_2 = R"sql(
ALTER TABLE session ADD COLUMN assisting_admin TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN seen_minute INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN share_token TEXT;       -- null: no link
ALTER TABLE session ADD COLUMN share_expires INTEGER;  -- null: never
ALTER TABLE session ADD COLUMN share_up_to INTEGER;    -- null: not a snapshot

CREATE TABLE response_window (       -- the times of the last answers: response_codec.h
    session INTEGER PRIMARY KEY REFERENCES session (key),
    times BLOB NOT NULL
) STRICT;
)sql";

constexpr const char* version_2_indexes = R"sql(
UPDATE session SET last_seen = max(last_activity, start), ended = max(ended, start),
    seen_minute = (max(last_activity, start) - (max(last_activity, start) % 60000 + 60000) % 60000) / 60000;

CREATE INDEX session_idle ON session (seen_minute) WHERE ended IS NULL AND control = 'ai';
CREATE INDEX session_ended ON session (ended, start);
CREATE UNIQUE INDEX session_share ON session (share_token) WHERE share_token IS NOT NULL;
)sql";

// Events of new kinds. Which there are is the program's to know: a constraint would have to be rebuilt, with
// the whole table, for each.
constexpr const char* version_2_events = R"sql(
CREATE TABLE event_2 (
    position INTEGER PRIMARY KEY,
    session INTEGER NOT NULL GENERATED ALWAYS AS (position >> 32) VIRTUAL REFERENCES session (key),
    seq INTEGER NOT NULL GENERATED ALWAYS AS (position & 4294967295) VIRTUAL CHECK (seq > 0),
    id TEXT NOT NULL UNIQUE,
    sender TEXT NOT NULL CHECK (sender = 'user' OR sender = 'ai' OR sender = 'admin' OR sender = 'system'),
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    file_id TEXT NOT NULL,
    file_url TEXT NOT NULL,
    metadata BLOB NOT NULL,
    at INTEGER NOT NULL,
    model TEXT NOT NULL,
    turn TEXT NOT NULL,
    status TEXT NOT NULL,
    client_id TEXT
) STRICT;
INSERT INTO event_2 (position, id, sender, kind, content, file_id, file_url, metadata, at, model, turn, status, client_id)
    SELECT position, id, sender, kind, content, file_id, file_url, metadata, at, model, turn, status, client_id FROM event;
DROP TABLE event;
ALTER TABLE event_2 RENAME TO event;
CREATE UNIQUE INDEX event_client ON event (session, client_id) WHERE client_id IS NOT NULL;
)sql";

void fill_windows(Database& database) {
    Statement sessions(database,
                       "SELECT key, answer_count, response_ms_sum, max_response_ms FROM session "
                       "WHERE answer_count > 0");
    Statement insert(database, "INSERT INTO response_window (session, times) VALUES (?1, ?2)");
    Statement update(database, "UPDATE session SET response_ms_sum = ?2 WHERE key = ?1");
    Run run = sessions.run();
    while (run.next()) {
        const std::uint64_t answers = run.count(1);
        const std::uint64_t most = run.count(3);
        const std::uint64_t count = std::min<std::uint64_t>(answers, ResponseWindow::size);
        // One is the largest, the others are what keeps the average.
        const std::uint64_t sum =
            std::max(run.count(2) / answers * count + run.count(2) % answers * count / answers, most);
        std::vector<std::uint64_t> times(count - 1, count > 1 ? (sum - most) / (count - 1) : 0);
        for (std::size_t i = 0; i < times.size() && i < (sum - most) % times.size(); ++i) ++times[i];
        times.push_back(most);
        const std::string encoded = encode_times(times);
        insert.exec(run.integer(0), Blob{encoded});
        update.exec(run.integer(0), ResponseWindow(std::move(times)).sum());
    }
}

void upgrade_to_2(Database& database) {
    database.execute(version_2);
    database.execute(version_2_events);
    fill_windows(database);
    database.execute(version_2_indexes);
}

// From the version that the database has to the current one. A new database takes the same steps.
void upgrade(Database& database, std::int64_t version) {
    // All or nothing: a crash in between leaves the database as it was.
    database.execute("BEGIN IMMEDIATE");
    if (version < 1) database.execute(version_1);
    if (version < 2) upgrade_to_2(database);
    database.execute("PRAGMA application_id = " + std::to_string(application_id));
    database.execute("PRAGMA user_version = " + std::to_string(schema_version));
    database.execute("COMMIT");
}

}  // namespace

void prepare_schema(Database& database, const std::string& name) {
    const std::int64_t version = database.integer("PRAGMA user_version");
    if (database.integer("PRAGMA application_id") == application_id) {
        if (version == schema_version) return;
        if (version > schema_version) {
            throw std::runtime_error("the database " + name +
                                     " was written by a newer version of this program (schema " +
                                     std::to_string(version) + ", this one knows " +
                                     std::to_string(schema_version) + "); run the newer version");
        }
        if (version < 1) {
            throw std::runtime_error("the database " + name + " has the unknown schema " +
                                     std::to_string(version));
        }
        return upgrade(database, version);
    }
    if (version != 0 || database.integer("SELECT count(*) FROM sqlite_schema") != 0) {
        throw std::runtime_error("the database " + name + " belongs to another program; choose another file");
    }
    upgrade(database, 0);
}

}  // namespace chatbox::store::sqlite
