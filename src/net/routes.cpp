#include "routes.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "assets.h"
#include "wire/json_writer.h"
#include "wire/server_frame.h"

namespace chatbox::net {

namespace asio = boost::asio;
using asio::awaitable;
using base::Errc;
using wire::JsonWriter;

namespace {

constexpr std::string_view bearer = "Bearer ";
constexpr std::size_t admin_list_limit = 1000;
constexpr std::size_t admin_list_default = 100;

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

HttpAnswer storage_failure(ServerState& state, const base::Error& error) {
    state.log.error("http", "a request failed", {{"error", error.detail}});
    if (error.code == Errc::unavailable || error.code == Errc::timeout) {
        return error_answer(503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable");
    }
    return error_answer(500, "INTERNAL_ERROR", "An internal error occurred");
}

// Who asks, or the answer to somebody who may not.
std::variant<auth::Identity, HttpAnswer> identify(const HttpRequest& request, ServerState& state) {
    if (!request.authorization.starts_with(bearer)) {
        return error_answer(401, "UNAUTHORIZED", "Invalid authorization header");
    }
    const std::string_view token = std::string_view(request.authorization).substr(bearer.size());
    auto identity = state.verifier.verify(token, state.clock.now());
    if (!identity) {
        state.log.info("auth", "token refused", {{"cause", identity.error().detail}});
        return error_answer(401, "INVALID_TOKEN", "Invalid or expired authentication token");
    }
    return std::move(*identity);
}

void write_summary(JsonWriter& json, const model::Session& session, base::Time now) {
    const base::Time until = session.end.value_or(now);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(until - session.start).count();
    json.begin_object();
    json.field("id", session.id.str()).field("session_id", session.id.str());
    json.field("user_id", session.user.str()).field("name", session.name);
    json.field("last_activity", base::format_rfc3339(session.last_activity));
    json.field("message_count", session.message_count).field("admin_assisted", session.admin_assisted);
    json.field("start_time", base::format_rfc3339(session.start));
    if (session.end) json.field("end_time", base::format_rfc3339(*session.end));
    json.field("is_active", !session.end.has_value());
    json.field("duration", std::max<std::int64_t>(0, seconds));
    json.field("total_tokens", session.total_tokens).field("max_response_time", session.max_response_ms);
    json.field("avg_response_time", session.avg_response_ms);
    json.optional_field("assisting_admin_name", session.assisting_admin_name);
    json.optional_field("model_id", session.model.str());
    json.end_object();
}

void write_sessions(JsonWriter& json, const std::vector<model::Session>& sessions, base::Time now) {
    json.key("sessions").begin_array();
    for (const auto& session : sessions) write_summary(json, session, now);
    json.end_array();
}

awaitable<HttpAnswer> list_sessions(HttpRequest request, ServerState& state) {
    auto who = identify(request, state);
    if (auto* refused = std::get_if<HttpAnswer>(&who)) co_return std::move(*refused);
    const model::UserId user = std::get<auth::Identity>(who).user;
    auto sessions = co_await state.queries.sessions_of(user);
    if (!sessions) co_return storage_failure(state, sessions.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_sessions(json, *sessions, state.clock.now());
    json.field("user_id", user.str()).field("count", std::uint64_t{sessions->size()});
    json.field("limit", std::uint64_t{chat::Queries::list_limit});
    json.field("truncated", sessions->size() == chat::Queries::list_limit).end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> show_session(HttpRequest request, ServerState& state, model::SessionId id) {
    auto who = identify(request, state);
    if (auto* refused = std::get_if<HttpAnswer>(&who)) co_return std::move(*refused);
    const model::UserId user = std::get<auth::Identity>(who).user;
    auto transcript = co_await state.queries.transcript(id, user);
    if (!transcript) {
        if (transcript.error().code == Errc::not_found)
            co_return error_answer(404, "NOT_FOUND", "Session not found");
        co_return storage_failure(state, transcript.error());
    }
    const model::Session& session = transcript->session;
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("session_id", session.id.str()).field("name", session.name);
    json.field("model_id", session.model.str()).field("is_active", !session.end.has_value());
    json.field("last_seq", session.last_seq).key("messages").begin_array();
    for (const auto& event : transcript->events) wire::write_stored_message(json, event);
    json.end_array().end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> end_session(HttpRequest request, ServerState& state, model::SessionId id) {
    auto who = identify(request, state);
    if (auto* refused = std::get_if<HttpAnswer>(&who)) co_return std::move(*refused);
    auto ended = co_await state.queries.end(id, std::get<auth::Identity>(who).user);
    if (ended) co_return json_answer(R"({"status":"ended"})");
    if (ended.error().code == Errc::not_found) co_return error_answer(404, "NOT_FOUND", "Session not found");
    co_return storage_failure(state, ended.error());
}

// A leading number counts, anything else is the default (contract 7.7).
std::size_t leading_number(std::string_view text, std::size_t fallback, std::size_t limit) {
    std::size_t value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && value <= limit) {
        value = value * 10 + static_cast<std::size_t>(text[digits] - '0');
        ++digits;
    }
    return digits == 0 || value > limit ? fallback : value;
}

awaitable<HttpAnswer> list_all_sessions(HttpRequest request, ServerState& state) {
    auto who = identify(request, state);
    if (auto* refused = std::get_if<HttpAnswer>(&who)) co_return std::move(*refused);
    if (!std::get<auth::Identity>(who).is_admin()) {
        co_return error_answer(403, "FORBIDDEN", "Insufficient permissions");
    }
    std::size_t limit = leading_number(request.parameter("limit"), admin_list_default, admin_list_limit);
    if (limit == 0) limit = admin_list_default;
    const std::size_t offset = leading_number(request.parameter("offset"), 0, 1'000'000'000);
    auto sessions = co_await state.queries.all_sessions(limit, offset);
    if (!sessions) co_return storage_failure(state, sessions.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_sessions(json, *sessions, state.clock.now());
    json.field("count", std::uint64_t{sessions->size()}).field("limit", std::uint64_t{limit});
    json.field("offset", std::uint64_t{offset}).end_object();
    co_return json_answer(std::move(body));
}

HttpAnswer health(const ServerState& state) {
    std::string body;
    JsonWriter(body)
        .begin_object()
        .field("status", "healthy")
        .field("timestamp", base::format_rfc3339_seconds(state.clock.now()))
        .end_object();
    return json_answer(std::move(body));
}

awaitable<HttpAnswer> readiness(ServerState& state) {
    const auto store = co_await state.queries.ready();
    const bool draining = state.draining;
    const bool models = state.facts.providers > 0;
    const bool ready = store && models && !draining;
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("status", ready ? "ready" : "not ready");
    json.field("timestamp", base::format_rfc3339_seconds(state.clock.now())).key("checks").begin_object();
    // The key is the original's, whatever the store is.
    json.key("mongodb").begin_object().field("status", store ? "ready" : "not ready");
    if (!store) json.field("reason", "Database connectivity check failed");
    json.end_object().key("llm").begin_object().field("status", models ? "ready" : "not ready");
    if (!models) json.field("reason", "No LLM providers configured");
    json.field("providers_count", std::uint64_t{state.facts.providers}).end_object();
    if (draining) {
        json.key("server")
            .begin_object()
            .field("status", "not ready")
            .field("reason", "Shutting down")
            .end_object();
    }
    json.end_object().end_object();
    HttpAnswer answer = json_answer(std::move(body));
    answer.status = ready ? 200 : 503;
    co_return answer;
}

// Whether the client takes gzip: named (or *) without q=0 (RFC 9110 section 12.5.3).
bool accepts_gzip(std::string_view header) {
    while (!header.empty()) {
        const std::size_t comma = header.find(',');
        std::string item(header.substr(0, comma));
        header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
        std::erase_if(item, [](char c) { return c == ' ' || c == '\t'; });
        const std::size_t semicolon = item.find(';');
        const std::string coding = item.substr(0, semicolon);
        if (coding != "gzip" && coding != "*") continue;
        if (semicolon == std::string::npos) return true;
        const std::string weight = item.substr(semicolon + 1);
        return weight.find_first_not_of("0.", weight.find('=') + 1) != std::string::npos;
    }
    return false;
}

HttpAnswer page(const HttpRequest& request, std::string_view path) {
    const auto all = assets();
    const auto found =
        std::lower_bound(all.begin(), all.end(), path,
                         [](const Asset& asset, std::string_view wanted) { return asset.path < wanted; });
    if (found == all.end() || found->path != path) return not_found_page();
    HttpAnswer answer;
    answer.is_page = true;
    answer.content_type = found->content_type;
    answer.headers.emplace_back("ETag", std::string(found->etag));
    answer.headers.emplace_back("Cache-Control",
                                found->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    answer.headers.emplace_back("Vary", "Accept-Encoding");
    if (request.if_none_match == "*" || request.if_none_match.find(found->etag) != std::string::npos) {
        answer.status = 304;
        return answer;
    }
    const bool compressed = !found->gzip.empty() && accepts_gzip(request.accept_encoding);
    if (compressed) answer.headers.emplace_back("Content-Encoding", "gzip");
    answer.body = compressed ? found->gzip : found->bytes;
    return answer;
}

HttpAnswer redirect(unsigned status, std::string location) {
    HttpAnswer answer;
    answer.status = status;
    answer.content_type = "text/plain; charset=utf-8";
    answer.headers.emplace_back("Location", std::move(location));
    return answer;
}

// The session id in sessions/{id} or sessions/{id}/end, and which of the two it is.
struct SessionPath {
    model::SessionId id;
    std::string_view action;
};
std::optional<SessionPath> session_path(std::string_view path) {
    constexpr std::string_view head = "sessions/";
    if (!path.starts_with(head)) return std::nullopt;
    path.remove_prefix(head.size());
    const std::size_t slash = path.find('/');
    const std::string_view id = path.substr(0, slash);
    if (id.empty()) return std::nullopt;
    const std::string_view action =
        slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    return SessionPath{model::SessionId(std::string(id)), action};
}

bool is_route(std::string_view path) {
    return path == "healthz" || path == "readyz" || path == "sessions" || path == "admin/sessions" ||
           session_path(path).has_value();
}

awaitable<HttpAnswer> dispatch_get(HttpRequest request, ServerState& state, std::string path) {
    if (path == "healthz") co_return health(state);
    if (path == "readyz") co_return co_await readiness(state);
    if (path == "sessions") co_return co_await list_sessions(std::move(request), state);
    if (path == "admin/sessions") co_return co_await list_all_sessions(std::move(request), state);
    if (const auto session = session_path(path); session && session->action.empty()) {
        const model::SessionId id = session->id;
        co_return co_await show_session(std::move(request), state, id);
    }
    if (path.empty()) path = "index.html";
    co_return page(request, path);
}

}  // namespace

HttpAnswer error_answer(unsigned status, std::string_view code, std::string_view text) {
    HttpAnswer answer;
    answer.status = status;
    JsonWriter(answer.body).begin_object().field("error", text).field("code", code).end_object();
    if (status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    return answer;
}

void add_common_headers(HttpAnswer& answer, const Options& options) {
    auto& headers = answer.headers;
    headers.emplace_back("X-Content-Type-Options", "nosniff");
    headers.emplace_back("Referrer-Policy", "strict-origin-when-cross-origin");
    headers.emplace_back("X-XSS-Protection", "1; mode=block");
    if (!answer.is_page) {
        headers.emplace_back("X-Frame-Options", "DENY");
        return;
    }
    std::string ancestors;
    for (const auto& source : options.frame_ancestors) ancestors += " " + source;
    if (ancestors.empty()) ancestors = " 'self'";
    headers.emplace_back(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors" +
            ancestors);
    headers.emplace_back("Permissions-Policy", "geolocation=(), microphone=(self), camera=(self)");
}

awaitable<HttpAnswer> answer_request(HttpRequest request, ServerState& state) {
    const std::string& prefix = state.options.prefix;
    if (!request.path.starts_with(prefix)) co_return not_found_page();
    std::string path = request.path.substr(prefix.size());
    if (path.empty()) co_return redirect(301, prefix + "/");
    if (path.front() != '/') co_return not_found_page();
    path.erase(0, 1);
    const bool get = request.method == "GET";
    if (path.size() > 1 && path.back() == '/' &&
        is_route(std::string_view(path).substr(0, path.size() - 1))) {
        co_return redirect(get ? 301 : 307, prefix + "/" + path.substr(0, path.size() - 1));
    }
    if (get) co_return co_await dispatch_get(std::move(request), state, std::move(path));
    if (request.method == "POST") {
        const auto session = session_path(path);
        if (session && session->action == "end") {
            const model::SessionId id = session->id;
            co_return co_await end_session(std::move(request), state, id);
        }
    }
    co_return not_found_page();
}

}  // namespace chatbox::net
