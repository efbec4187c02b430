#include "reader.h"

#include <algorithm>
#include <limits>

namespace chatbox::store::sqlite {

namespace {

// LIMIT and OFFSET take signed numbers, and a negative LIMIT is no limit.
std::int64_t bounded(std::size_t n) {
    return static_cast<std::int64_t>(
        std::min<std::size_t>(n, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
}

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
      sessions_of_(database,
                   select(session_columns, "session WHERE user = ?1 ORDER BY start DESC, id LIMIT ?2")),
      all_sessions_(database, select(session_columns, "session ORDER BY start DESC, id LIMIT ?1 OFFSET ?2")) {
}

Result<Session> Reader::session(const SessionId& id) {
    Run run = session_.run(id);
    if (!run.next()) return base::Error{base::Errc::not_found, "no such session"};
    return read_session(run).record.session;
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

std::vector<Session> Reader::sessions_of(const UserId& user, std::size_t limit) {
    std::vector<Session> found;
    Run run = sessions_of_.run(user, bounded(limit));
    while (run.next()) found.push_back(read_session(run).record.session);
    return found;
}

std::vector<Session> Reader::all_sessions(std::size_t limit, std::size_t offset) {
    std::vector<Session> found;
    Run run = all_sessions_.run(bounded(limit), bounded(offset));
    while (run.next()) found.push_back(read_session(run).record.session);
    return found;
}

}  // namespace chatbox::store::sqlite
