#pragma once
// Every HTTP route in one table: who may use it, who answers it, and what the OpenAPI document says of it.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token.h"
#include "http_types.h"
#include "shard.h"

namespace chatbox::net {

enum class Access {
    open,       // everybody, as often as they like: what costs nothing
    visitor,    // everybody, within the budget of the client's address
    scrape,     // the networks that may read the metrics
    user,       // a valid token
    admin,      // a valid token with the role admin or chat_admin
    handshake,  // the WebSocket: answered by the transport, here for its documentation
};

// One request on its way to the route that answers it.
struct Call {
    HttpRequest request;
    ServerState& state;  // outlives the call
    std::vector<std::string>
        names;                // what stands at the {names} of the pattern, in order; decoded, not empty
    auth::Identity identity;  // routes of users and admins: who asks
};

// Never throws for what a client sends.
using Handler = boost::asio::awaitable<HttpAnswer> (*)(Call call);

struct ParameterDoc {
    std::string_view name;
    std::string_view schema;  // JSON Schema, as text
    std::string_view text;
};

struct AnswerDoc {
    unsigned status;
    std::string_view body;  // a schema of openapi_schemas.h, or a media type; empty: no body
    std::string_view text;
};

struct RouteDoc {
    std::string_view id;  // operationId
    std::string_view summary;
    std::string_view topic;
    std::vector<ParameterDoc> names = {};  // of the pattern, in order
    std::vector<ParameterDoc> query = {};
    std::string_view body = {};  // schema of an optional JSON body
    // What the route itself answers; what its Access and the transport answer is added for all of them.
    std::vector<AnswerDoc> answers = {};
};

struct Route {
    std::string_view method;   // HEAD goes to the route of GET
    std::string_view pattern;  // behind the prefix and its slash: sessions/{sessionID}
    Access access;
    Handler handler;  // null: Access::handshake
    RouteDoc doc;
};

// By topic, each in the file of its handlers.
std::vector<Route> session_routes();
std::vector<Route> shared_routes();
std::vector<Route> admin_routes();
std::vector<Route> health_routes();
std::vector<Route> ticket_routes();

// All of them. Immutable; any thread.
const std::vector<Route>& route_table();

struct Match {
    const Route* route = nullptr;  // null: no such route
    std::vector<std::string> names;
};
// `path` is decoded and behind the prefix and its slash.
Match find_route(std::string_view method, std::string_view path);

// --- what handlers of every topic need ---

HttpAnswer json_answer(std::string body);
HttpAnswer not_found_page();
HttpAnswer session_not_found();
HttpAnswer bad_request(std::string_view text);
// Parameters that several routes have.
namespace parameters {
inline constexpr ParameterDoc limit{"limit", R"({"type":"string","examples":["2","100","1000"]})",
                                    "Most rows to give: 1 to 1000. Anything else is 100; `10abc` is 10"};
inline constexpr ParameterDoc offset{"offset", R"({"type":"string","examples":["0","1"]})",
                                     "Rows to leave out. Anything but a positive number is 0"};
inline constexpr ParameterDoc status{"status", R"({"type":"string","examples":["active","ended"]})",
                                     "`active` or `ended`; anything else is ignored"};
inline constexpr ParameterDoc search{
    "q", R"({"type":"string","maxLength":255})",
    "Only sessions whose name contains this, whatever the case; at most 255 bytes"};
// The schema of a point in time.
inline constexpr std::string_view time =
    R"({"type":"string","anyOf":[{"format":"date-time"},{"format":"date"}],
        "examples":["2026-02-22T10:00:00Z","2026-02-22T10:00:00+01:00","2026-02-22"]})";
}  // namespace parameters

// The query parameters that read_event_range() reads.
std::vector<ParameterDoc> event_range_doc();
// For any error of the store: 404 for not_found, 503 when it cannot be reached, else 500.
HttpAnswer store_failure(ServerState& state, const base::Error& error);

}  // namespace chatbox::net
