#pragma once
// The reads of a session and its events as SQL. Used by the reader thread; each call sees all that is
// committed when it starts.
#include "rows.h"

namespace chatbox::store::sqlite {

class Reader {
public:
    explicit Reader(Database& database);

    Result<Session> session(const SessionId& id);
    std::vector<Event> events_after(const SessionId& id, Seq after, std::size_t limit);
    std::vector<Event> last_events(const SessionId& id, std::size_t limit);
    Result<SharedSession> shared(const std::string& token, Time at);

private:
    std::optional<std::int64_t> key_of(const SessionId& id);

    Statement key_of_;
    Statement session_;
    Statement events_after_;
    Statement last_events_;
    Statement shared_;
};

}  // namespace chatbox::store::sqlite
