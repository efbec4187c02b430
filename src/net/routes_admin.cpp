// What staff sees and does (contract 7.7 to 7.9).
#include <cmath>

#include "base/text.h"
#include "route_table.h"
#include "routes.h"
#include "session_json.h"
#include "session_query.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using boost::asio::awaitable;
using wire::JsonWriter;

namespace {

awaitable<HttpAnswer> list_matching(Call call, store::SessionQuery query) {
    ServerState& state = call.state;
    auto page = co_await state.queries.sessions(query);
    if (!page) co_return store_failure(state, page.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_sessions(json, page->sessions, state.clock.now());
    json.field("count", std::uint64_t{page->sessions.size()}).field("limit", std::uint64_t{query.limit});
    json.field("offset", std::uint64_t{query.offset}).field("total", page->total).end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> list_all_sessions(Call call) {
    auto query = read_admin_query(call.request);
    if (const auto* wrong = std::get_if<BadParameter>(&query)) co_return bad_request(wrong->text);
    store::SessionQuery wanted = std::get<store::SessionQuery>(std::move(query));
    co_return co_await list_matching(std::move(call), std::move(wanted));
}

awaitable<HttpAnswer> list_sessions_of_user(Call call) {
    // The name in the path counts, whatever the query says.
    std::erase_if(call.request.query, [](const auto& parameter) { return parameter.first == "user_id"; });
    call.request.query.emplace_back("user_id", call.names.front());
    co_return co_await list_all_sessions(std::move(call));
}

awaitable<HttpAnswer> show_any_session(Call call) {
    const auto range = read_event_range(call.request);
    if (const auto* wrong = std::get_if<BadParameter>(&range)) co_return bad_request(wrong->text);
    const model::SessionId id(call.names.front());
    const chat::EventRange wanted = std::get<chat::EventRange>(range);
    const std::optional<model::UserId> anybody;
    auto transcript = co_await call.state.queries.transcript(id, anybody, wanted);
    if (!transcript) co_return store_failure(call.state, transcript.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("user_id", transcript->session.user.str());
    json.field("help_requested", transcript->session.help_requested);
    json.field("admin_assisted", transcript->session.admin_assisted);
    write_transcript(json, *transcript);
    json.end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> show_metrics(Call call) {
    ServerState& state = call.state;
    const auto read = read_period(call.request, state.clock.now());
    if (const auto* wrong = std::get_if<BadParameter>(&read)) co_return bad_request(wrong->text);
    const Period period = std::get<Period>(read);
    auto metrics = co_await state.queries.metrics(period.from.time, period.to.time);
    if (!metrics) co_return store_failure(state, metrics.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("metrics").begin_object();
    json.field("TotalSessions", metrics->total_sessions).field("ActiveSessions", metrics->active_sessions);
    json.field("TotalTokens", metrics->total_tokens).field("AvgResponseTime", metrics->avg_response_ms);
    json.field("MaxResponseTime", metrics->max_response_ms);
    json.field("AdminAssistedCount", metrics->admin_assisted).end_object();
    json.key("time_range").begin_object().field("start", format_in_zone(period.from));
    json.field("end", format_in_zone(period.to)).end_object();
    // The names that the stock pages look for.
    json.field("total_sessions", metrics->total_sessions).field("active_sessions", metrics->active_sessions);
    json.field("total_tokens", metrics->total_tokens).field("avg_response_time", metrics->avg_response_ms);
    json.field("max_response_time", metrics->max_response_ms);
    json.field("admin_assisted_count", metrics->admin_assisted);
    json.field("avg_concurrent", std::round(metrics->avg_concurrent * 100) / 100);
    json.field("max_concurrent", metrics->max_concurrent).end_object();
    co_return json_answer(std::move(body));
}

// Failures of what changes a session: the original has `error`, its page reads `message`.
HttpAnswer with_message(const HttpAnswer& failure, std::string_view code, std::string_view text) {
    HttpAnswer answer = failure;
    answer.body.clear();
    JsonWriter(answer.body)
        .begin_object()
        .field("error", text)
        .field("code", code)
        .field("message", text)
        .end_object();
    return answer;
}

HttpAnswer refused(std::string_view text) {
    return with_message(bad_request(text), "BAD_REQUEST", text);
}

HttpAnswer control_failure(ServerState& state, const base::Error& error) {
    if (error.code == base::Errc::conflict) return refused("session has already ended");
    const HttpAnswer failure = store_failure(state, error);
    switch (failure.status) {
        case 404:
            return with_message(failure, "NOT_FOUND", "Session not found");
        case 503:
            return with_message(failure, "SERVICE_UNAVAILABLE", "Service temporarily unavailable");
        default:
            return with_message(failure, "INTERNAL_ERROR", "An internal error occurred");
    }
}

HttpAnswer control_answer(ServerState& state, const base::Result<store::ControlChanged>& result,
                          const chat::Admin& admin, std::string_view done) {
    if (!result) return control_failure(state, result.error());
    const model::Session& session = result->session;
    if (result->outcome == store::ControlOutcome::held) {
        return refused("session already assisted by another admin: " + session.assisting_admin_name + " (" +
                       session.assisting_admin.str() + ")");
    }
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("message", done).field("session_id", session.id.str());
    json.field("admin_id", admin.id.str()).end_object();
    return json_answer(std::move(body));
}

awaitable<HttpAnswer> take_over(Call call) {
    const model::SessionId id(call.names.front());
    const chat::Admin admin{call.identity.user, call.identity.name};
    auto changed = co_await call.state.queries.take_over(id, admin);
    co_return control_answer(call.state, changed, admin, "Takeover initiated successfully");
}

awaitable<HttpAnswer> release(Call call) {
    const model::SessionId id(call.names.front());
    const chat::Admin admin{call.identity.user, call.identity.name};
    auto changed = co_await call.state.queries.release(id, admin);
    co_return control_answer(call.state, changed, admin, "Session released successfully");
}

std::vector<ParameterDoc> list_parameters() {
    using parameters::time;
    return {parameters::status,
            {"admin_assisted", R"({"type":"string","examples":["true","false"]})",
             "`true`: only assisted ones; anything else: only the others"},
            {"start_time_from", time, "Started then or later. A date is meant from its beginning"},
            {"start_time_to", time, "Started then or earlier. A date is meant to its end"},
            {"start_time", time, "The same as start_time_from"},
            {"end_time", time, "The same as start_time_to"},
            parameters::search,
            {"sort_by",
             R"({"enum":["start_time","end_time","message_count","total_tokens","user_id","last_activity",
                 "duration"],"default":"start_time"})",
             "What is equal is in the order of the id"},
            {"sort_order", R"({"enum":["desc","asc"],"default":"desc"})", "The order of sort_by"},
            parameters::limit,
            parameters::offset};
}

std::vector<Route> reading_routes() {
    std::vector<ParameterDoc> all = list_parameters();
    all.insert(all.begin(),
               {"user_id", R"({"type":"string","maxLength":255})", "Only this user's; at most 255 bytes"});
    using parameters::time;
    return {{"GET",
             "admin/sessions",
             Access::admin,
             list_all_sessions,
             {.id = "listAllSessions",
              .summary = "The sessions of everybody",
              .topic = "admin",
              .query = all,
              .answers = {{200, "AdminSessionList", "The sessions"}}}},
            {"GET",
             "admin/sessions/{sessionID}",
             Access::admin,
             show_any_session,
             {.id = "getAnySession",
              .summary = "The messages of anybody's session",
              .topic = "admin",
              .names = {{"sessionID", R"({"type":"string"})", "Any session"}},
              .query = event_range_doc(),
              .answers = {{200, "AdminTranscript", "The session"}, {404, "Error", "No such session"}}}},
            {"GET",
             "admin/users/{userID}/sessions",
             Access::admin,
             list_sessions_of_user,
             {.id = "listSessionsOfUser",
              .summary = "The sessions of a user",
              .topic = "admin",
              .names = {{"userID", R"({"type":"string","maxLength":255})", "At most 255 bytes"}},
              .query = list_parameters(),
              .answers = {{200, "AdminSessionList", "The sessions"}}}},
            {"GET",
             "admin/metrics",
             Access::admin,
             show_metrics,
             {.id = "getMetrics",
              .summary = "Figures over the sessions that started in a period",
              .topic = "admin",
              .query = {{"start_time", time, "24 hours ago by default. A date is meant from its beginning"},
                        {"end_time", time, "Now by default. A date is meant to its end"}},
              .answers = {{200, "Metrics", "The figures"}}}}};
}

}  // namespace

std::vector<Route> admin_routes() {
    std::vector<Route> routes = reading_routes();
    const ParameterDoc id{"sessionID", R"({"type":"string"})", "Any session"};
    const AnswerDoc unknown{404, "Error", "No such session"};
    routes.push_back({"POST",
                      "admin/takeover/{sessionID}",
                      Access::admin,
                      take_over,
                      {.id = "takeOver",
                       .summary = "Answer a session in person. From now on the AI is silent in it",
                       .topic = "admin",
                       .names = {id},
                       .answers = {{200, "ControlTaken", "The caller is in control"},
                                   {400, "Error", "Another admin is, or the session has ended"},
                                   unknown}}});
    routes.push_back({"POST",
                      "admin/release/{sessionID}",
                      Access::admin,
                      release,
                      {.id = "release",
                       .summary = "Leave a session to the AI again. Doing it again changes nothing",
                       .topic = "admin",
                       .names = {id},
                       .answers = {{200, "ControlTaken", "The AI is in control"},
                                   {400, "Error", "Another admin is in control"},
                                   unknown}}});
    return routes;
}

}  // namespace chatbox::net
