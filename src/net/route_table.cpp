#include "route_table.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "routes.h"

namespace chatbox::net {

namespace {

using Names = std::vector<std::string>;

std::string_view take_segment(std::string_view& path) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    return segment;
}

// What stands at the {names}, if the path has the form of the pattern.
std::optional<Names> match(std::string_view pattern, std::string_view path) {
    if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/')) {
        return std::nullopt;
    }
    Names names;
    while (!pattern.empty()) {
        const std::string_view wanted = take_segment(pattern);
        const std::string_view found = take_segment(path);
        if (!wanted.starts_with('{')) {
            if (wanted != found) return std::nullopt;
        } else if (found.empty()) {
            return std::nullopt;
        } else {
            names.emplace_back(found);
        }
    }
    return names;
}

HttpAnswer serve_openapi(const ServerState& state) {
    HttpAnswer answer;
    answer.content_type = "application/json; charset=utf-8";
    answer.body = state.openapi;
    answer.headers.emplace_back("Cache-Control", "no-cache");
    return answer;
}

boost::asio::awaitable<HttpAnswer> openapi(Call call) {
    co_return serve_openapi(call.state);
}

std::vector<Route> description_routes() {
    return {
        {"GET",
         "openapi.json",
         Access::open,
         openapi,
         {.id = "getDescription",
          .summary = "This document",
          .topic = "description",
          .answers = {{200, "OpenApi", "OpenAPI 3.1"}}}},
        {"GET",
         "ws",
         Access::handshake,
         nullptr,
         {.id = "openWebSocket",
          .summary = "The WebSocket (RFC 6455). Its frames are described in docs/protocol.md",
          .topic = "chat",
          .query = {{"ticket", R"({"type":"string"})", "A ticket of `POST ws/ticket`, in place of the token"},
                    {"token", R"({"type":"string"})",
                     "The token, for clients that cannot set the header. The header wins"},
                    {"v", R"({"type":"string"})", "`2`: version 2 of the protocol"},
                    {"session_id", R"({"type":"string"})", "The session to bind to"},
                    {"after_seq", R"({"type":"string"})", "Version 2: the last `seq` that the client has"},
                    {"message_id", R"({"type":"string"})",
                     "Version 2: the answer of which the client has a part"},
                    {"offset", R"({"type":"string"})", "Version 2: how many bytes of it"}},
          .answers = {{101, "", "The connection is a WebSocket now"},
                      {400, "text/plain", "Not a handshake of version 13"},
                      {401, "text/plain", "No token, or one that is not valid"},
                      {403, "text/plain", "The origin is not allowed"},
                      {429, "text/plain", "Too many connections of this user"},
                      {503, "text/plain", "Too many connections, or shutting down"}}}}};
}

}  // namespace

const std::vector<Route>& route_table() {
    static const std::vector<Route> table = [] {
        std::vector<Route> all;
        for (auto* topic : {description_routes, ticket_routes, session_routes, shared_routes, admin_routes,
                            health_routes}) {
            std::ranges::move(topic(), std::back_inserter(all));
        }
        return all;
    }();
    return table;
}

Match find_route(std::string_view method, std::string_view path) {
    for (const Route& route : route_table()) {
        if (route.method != method) continue;
        if (auto names = match(route.pattern, path)) return {&route, std::move(*names)};
    }
    return {};
}

HttpAnswer json_answer(std::string body) {
    HttpAnswer answer;
    answer.body = std::move(body);
    return answer;
}

HttpAnswer not_found_page() {
    HttpAnswer answer;
    answer.status = 404;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = "404 page not found";
    return answer;
}

HttpAnswer session_not_found() {
    return error_answer(404, "NOT_FOUND", "Session not found");
}

HttpAnswer bad_request(std::string_view text) {
    return error_answer(400, "BAD_REQUEST", text);
}

std::vector<ParameterDoc> event_range_doc() {
    constexpr std::string_view number = R"({"type":"integer","minimum":0,"examples":[0,1,3]})";
    return {{"after_seq", number, "Only messages behind this position"},
            {"before_seq", number, "Only messages before this position"},
            {"limit", R"({"type":"integer","minimum":1,"maximum":1000,"examples":[1,2,1000]})",
             "At most so many, 1 to 1000: with after_seq the first ones, else the last ones"}};
}

HttpAnswer store_failure(ServerState& state, const base::Error& error) {
    if (error.code == base::Errc::not_found) return session_not_found();
    state.log.error("http", "a request failed", {{"error", error.detail}});
    if (error.code == base::Errc::unavailable || error.code == base::Errc::timeout) {
        return error_answer(503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable");
    }
    return error_answer(500, "INTERNAL_ERROR", "An internal error occurred");
}

}  // namespace chatbox::net
