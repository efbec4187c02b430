// What staff sees and does (contract 7.7 to 7.9).
#include "query_parameters.h"
#include "route_table.h"
#include "routes.h"
#include "session_json.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using boost::asio::awaitable;
using wire::JsonWriter;

namespace {

constexpr std::size_t default_limit = 100;
constexpr std::size_t most_rows = 1000;

awaitable<HttpAnswer> list_all_sessions(Call call) {
    ServerState& state = call.state;
    const std::size_t limit = list_limit(call.request.parameter("limit"), default_limit, most_rows);
    const std::size_t offset = list_offset(call.request.parameter("offset"));
    auto sessions = co_await state.queries.all_sessions(limit, offset);
    if (!sessions) co_return store_failure(state, sessions.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_sessions(json, *sessions, state.clock.now());
    json.field("count", std::uint64_t{sessions->size()}).field("limit", std::uint64_t{limit});
    json.field("offset", std::uint64_t{offset}).end_object();
    co_return json_answer(std::move(body));
}

}  // namespace

std::vector<Route> admin_routes() {
    const ParameterDoc limit{"limit", R"({"type":"string"})",
                             "Most rows to give: 1 to 1000. Anything else is 100; `10abc` is 10"};
    const ParameterDoc offset{"offset", R"({"type":"string"})",
                              "Rows to leave out. Anything but a positive number is 0"};
    return {{"GET",
             "admin/sessions",
             Access::admin,
             list_all_sessions,
             {.id = "listAllSessions",
              .summary = "The sessions of everybody",
              .topic = "admin",
              .query = {limit, offset},
              .answers = {{200, "AdminSessionList", "The sessions"}}}}};
}

}  // namespace chatbox::net
