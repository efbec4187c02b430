#include "reader.h"

#include <algorithm>

namespace chatbox::store::sqlite {

namespace {

std::string select(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + " FROM " + rest;
}

}  // namespace

Reader::Reader(Database& database)
    : key_of_(database, "SELECT key FROM session WHERE id = ?1"),
      session_(database, select(session_columns, "session WHERE id = ?1")),
      events_after_(database, select(event_columns,
                                     "event WHERE position > ?1 AND position <= ?2 "
                                     "ORDER BY position LIMIT ?3")),
      last_events_(database, select(event_columns,
                                    "event WHERE position > ?1 AND position <= ?2 "
                                    "ORDER BY position DESC LIMIT ?3")),
      shared_(database, select(session_columns, "session WHERE share_token = ?1")) {}

Result<Session> Reader::session(const SessionId& id) {
    Run run = session_.run(id);
    if (!run.next()) return base::Error{base::Errc::not_found, "no such session"};
    return read_session(run).session;
}

std::optional<std::int64_t> Reader::key_of(const SessionId& id) {
    Run run = key_of_.run(id);
    if (!run.next()) return std::nullopt;
    return run.integer(0);
}

// Two statements without a transaction around them: a session's key never changes.
std::vector<Event> Reader::events_after(const SessionId& id, Seq after, std::size_t limit) {
    std::vector<Event> events;
    const auto key = key_of(id);
    if (!key) return events;
    Run run = events_after_.run(position_of(*key, after), position_of(*key, largest_seq), bounded(limit));
    while (run.next()) events.push_back(read_event(run));
    return events;
}

std::vector<Event> Reader::last_events(const SessionId& id, std::size_t limit) {
    std::vector<Event> events;
    const auto key = key_of(id);
    if (!key) return events;
    Run run = last_events_.run(position_of(*key, 0), position_of(*key, largest_seq), bounded(limit));
    while (run.next()) events.push_back(read_event(run));
    std::reverse(events.begin(), events.end());
    return events;
}

Result<SharedSession> Reader::shared(const std::string& token, Time at) {
    Run run = shared_.run(token);
    if (!run.next()) return base::Error{base::Errc::not_found, "no such share link"};
    SessionRow row = read_session(run);
    if (!model::is_shared(row.session, at)) {
        return base::Error{base::Errc::not_found, "the share link has expired"};
    }
    const Seq up_to = row.share_up_to.value_or(row.session.last_seq);
    return SharedSession{std::move(row.session), up_to};
}

}  // namespace chatbox::store::sqlite
