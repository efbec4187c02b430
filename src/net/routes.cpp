#include "routes.h"

#include <algorithm>
#include <optional>

#include "route_table.h"
#include "token_check.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using boost::asio::awaitable;
using wire::JsonWriter;

namespace {

constexpr std::string_view bearer = "Bearer ";

// Finds out who asks. Answers somebody who has no valid token.
awaitable<std::optional<HttpAnswer>> identify(Call& call) {
    ServerState& state = call.state;
    const std::string& authorization = call.request.authorization;
    if (!authorization.starts_with(bearer)) {
        co_return error_answer(401, "UNAUTHORIZED", "Invalid authorization header");
    }
    const Address client = call.request.client;
    if (auto wait = state.guard.admit_token(client, state.clock.steady())) co_return wait;
    std::string token = authorization.substr(bearer.size());
    auto identity = co_await check_token(std::move(token), state);
    if (!identity) {
        state.guard.token_refused(client, state.clock.steady());
        co_return error_answer(401, "INVALID_TOKEN", "Invalid or expired authentication token");
    }
    call.identity = std::move(*identity);
    co_return std::nullopt;
}

// What keeps the caller from using a route of this kind, if anything does. `call` belongs to the caller, who
// awaits this.
awaitable<std::optional<HttpAnswer>> refusal(Access access, Call& call) {
    Guard& guard = call.state.guard;
    const base::Instant now = call.state.clock.steady();
    if (access == Access::visitor) co_return guard.admit_visitor(call.request.client, now);
    if (access == Access::scrape) co_return guard.admit_scrape(call.request.client, now);
    if (access != Access::user && access != Access::admin) co_return std::nullopt;
    auto refused = co_await identify(call);
    if (refused) co_return refused;
    if (access == Access::user) co_return guard.admit_user(call.identity.user, now);
    if (!call.identity.is_admin()) co_return error_answer(403, "FORBIDDEN", "Insufficient permissions");
    co_return guard.admit_admin(call.identity.user, now);
}

HttpAnswer redirect(unsigned status, std::string location) {
    HttpAnswer answer;
    answer.status = status;
    answer.content_type = "text/plain; charset=utf-8";
    answer.headers.emplace_back("Location", std::move(location));
    return answer;
}

// A route with a slash too many behind it leads to the route. The location is the target as sent, without the
// slash: what is decoded may hold line breaks.
std::optional<HttpAnswer> redirect_to_route(const HttpRequest& request, std::string_view path) {
    const std::string& target = request.target;
    const std::size_t end = std::min(target.find('?'), target.size());
    if (path.size() < 2 || path.back() != '/' || target[end - 1] != '/') return std::nullopt;
    path.remove_suffix(1);
    if (find_route(request.method, path).route == nullptr) return std::nullopt;
    return redirect(request.method == "GET" ? 301 : 307, target.substr(0, end - 1) + target.substr(end));
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

namespace {

awaitable<HttpAnswer> dispatch(HttpRequest request, ServerState& state) {
    const std::string& prefix = state.options.prefix;
    if (!request.path.starts_with(prefix)) co_return not_found_page();
    const std::string rest = request.path.substr(prefix.size());
    if (rest.empty()) co_return redirect(301, prefix + "/");
    if (rest.front() != '/') co_return not_found_page();
    const std::string_view path = std::string_view(rest).substr(1);
    Match match = find_route(request.method, path);
    if (match.route == nullptr || match.route->handler == nullptr) {
        if (auto elsewhere = redirect_to_route(request, path)) co_return std::move(*elsewhere);
        if (request.method != "GET") co_return not_found_page();
        co_return page(request, path.empty() ? "index.html" : path);
    }
    const Route& route = *match.route;
    Call call{std::move(request), state, std::move(match.names), {}};
    std::optional<HttpAnswer> answer = co_await refusal(route.access, call);
    if (answer && answer->status == 429) state.metrics.add(base::Count::message_limited);
    if (!answer && call.request.query_cut) answer = bad_request("Too many query parameters");
    if (!answer) answer = co_await route.handler(std::move(call));
    answer->endpoint = route.pattern;
    co_return std::move(*answer);
}

// The name of a route in the metrics: /chatbox/sessions/:sessionID.
std::string metric_name(const std::string& prefix, std::string_view pattern) {
    if (pattern.empty()) return {};
    std::string name = prefix + "/";
    for (const char c : pattern) {
        if (c != '}') name += c == '{' ? ':' : c;
    }
    return name;
}

}  // namespace

awaitable<HttpAnswer> answer_request(HttpRequest request, ServerState& state) {
    const base::Instant start = state.clock.steady();
    const std::string method = request.method;
    HttpAnswer answer = co_await dispatch(std::move(request), state);
    const auto took = std::chrono::duration_cast<base::Millis>(state.clock.steady() - start);
    state.metrics.http_request(metric_name(state.options.prefix, answer.endpoint), method, took);
    co_return answer;
}

}  // namespace chatbox::net
