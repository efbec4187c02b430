// A user's own sessions (contract 7.2 to 7.4).
#include "route_table.h"
#include "routes.h"
#include "session_json.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using boost::asio::awaitable;
using wire::JsonWriter;

namespace {

awaitable<HttpAnswer> list_sessions(Call call) {
    ServerState& state = call.state;
    const model::UserId user = call.identity.user;
    auto sessions = co_await state.queries.sessions_of(user);
    if (!sessions) co_return store_failure(state, sessions.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_sessions(json, *sessions, state.clock.now());
    json.field("user_id", user.str()).field("count", std::uint64_t{sessions->size()});
    json.field("limit", std::uint64_t{chat::Queries::list_limit});
    json.field("truncated", sessions->size() == chat::Queries::list_limit).end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> show_session(Call call) {
    const model::SessionId id(call.names.front());
    auto transcript = co_await call.state.queries.transcript(id, call.identity.user);
    if (!transcript) co_return store_failure(call.state, transcript.error());
    const model::Session& session = transcript->session;
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("session_id", session.id.str()).field("name", session.name);
    json.field("model_id", session.model.str()).field("is_active", !session.end.has_value());
    json.field("last_seq", session.last_seq);
    write_messages(json, transcript->events);
    json.end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> end_session(Call call) {
    const model::SessionId id(call.names.front());
    auto ended = co_await call.state.queries.end(id, call.identity.user);
    if (!ended) co_return store_failure(call.state, ended.error());
    co_return json_answer(R"({"status":"ended"})");
}

}  // namespace

std::vector<Route> session_routes() {
    const ParameterDoc id{"sessionID", R"({"type":"string"})", "A session of the caller"};
    const AnswerDoc unknown{404, "Error", "No such session, or somebody else's"};
    return {{"GET",
             "sessions",
             Access::user,
             list_sessions,
             {.id = "listSessions",
              .summary = "The caller's sessions, newest start first",
              .topic = "sessions",
              .answers = {{200, "SessionList", "At most 100 of them"}}}},
            {"GET",
             "sessions/{sessionID}",
             Access::user,
             show_session,
             {.id = "getSession",
              .summary = "The messages of a session, in the order in which they were stored",
              .topic = "sessions",
              .names = {id},
              .answers = {{200, "Transcript", "The session"}, unknown}}},
            {"POST",
             "sessions/{sessionID}/end",
             Access::user,
             end_session,
             {.id = "endSession",
              .summary = "End a session. Ending it again changes nothing",
              .topic = "sessions",
              .names = {id},
              .answers = {{200, "Ended", "It has ended"}, unknown}}}};
}

}  // namespace chatbox::net
