// A user's own sessions (contract 7.2 to 7.4).
#include "route_table.h"
#include "routes.h"
#include "session_json.h"
#include "session_query.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using boost::asio::awaitable;
using wire::JsonWriter;

namespace {

awaitable<HttpAnswer> list_sessions(Call call) {
    ServerState& state = call.state;
    const model::UserId user = call.identity.user;
    auto query = read_user_query(call.request, user);
    if (const auto* wrong = std::get_if<BadParameter>(&query)) co_return bad_request(wrong->text);
    const store::SessionQuery wanted = std::get<store::SessionQuery>(std::move(query));
    auto page = co_await state.queries.sessions(wanted);
    if (!page) co_return store_failure(state, page.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_sessions(json, page->sessions, state.clock.now());
    json.field("user_id", user.str()).field("count", std::uint64_t{page->sessions.size()});
    json.field("limit", std::uint64_t{wanted.limit}).field("offset", std::uint64_t{wanted.offset});
    json.field("total", page->total);
    json.field("truncated", page->sessions.size() == wanted.limit).end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> show_session(Call call) {
    const auto range = read_event_range(call.request);
    if (const auto* wrong = std::get_if<BadParameter>(&range)) co_return bad_request(wrong->text);
    const model::SessionId id(call.names.front());
    const std::optional<model::UserId> owner = call.identity.user;
    const chat::EventRange wanted = std::get<chat::EventRange>(range);
    auto transcript = co_await call.state.queries.transcript(id, owner, wanted);
    if (!transcript) co_return store_failure(call.state, transcript.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_transcript(json, *transcript);
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
              .query = {parameters::limit, parameters::offset, parameters::status, parameters::search},
              .answers = {{200, "SessionList", "The sessions"}}}},
            {"GET",
             "sessions/{sessionID}",
             Access::user,
             show_session,
             {.id = "getSession",
              .summary = "The messages of a session, in the order in which they were stored",
              .topic = "sessions",
              .names = {id},
              .query = event_range_doc(),
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
