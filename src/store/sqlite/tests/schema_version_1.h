#pragma once
// The tables of schema version 1, as that version made them. Frozen: databases like this are out there.

namespace chatbox::store::sqlite {

inline constexpr const char* schema_version_1 = R"sql(
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

}  // namespace chatbox::store::sqlite
