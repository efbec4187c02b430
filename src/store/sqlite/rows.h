#pragma once
// Rows <-> values.
#include "database.h"
#include "store/rules.h"

namespace chatbox::store::sqlite {

struct SessionRow {
    std::int64_t key = 0;
    Session session;
    std::uint64_t response_ms_sum = 0;  // of the response window
    std::int64_t seen_minute = 0;       // of last_seen, as it is stored
    std::optional<Seq> share_up_to;
};

inline constexpr const char* session_columns =
    "key, id, user, name, model, start, last_activity, ended, control, control_number, last_seq, "
    "message_count, "
    "total_tokens, max_response_ms, response_ms_sum, answer_count, help_requested, admin_assisted, "
    "assisting_admin_name, assisting_admin, last_seen, seen_minute, share_token, share_expires, share_up_to";
SessionRow read_session(const Run& row);

inline constexpr const char* event_columns =
    "position, id, sender, kind, content, file_id, file_url, metadata, at, model, turn, status, client_id";
Event read_event(const Run& row);

struct TurnRow {
    std::int64_t session_key = 0;
    std::uint64_t stored = 0;  // bytes of checkpointed text
    Turn turn;                 // without the session's id
};

inline constexpr const char* turn_columns =
    "id, session, answer, model, node, question_seq, control_number, started, state, stored";
TurnRow read_turn(const Run& row);

// The minute of a time, counted like the time; also before 1970.
std::int64_t minute_of(Time time);

// Where an event lies; see schema.cpp. A seq that is too large gives the end of the session's range.
inline constexpr Seq largest_seq = 0xFFFFFFFF;
std::int64_t position_of(std::int64_t session_key, Seq seq);

}  // namespace chatbox::store::sqlite
