// Is the process alive, is it ready (contract 7.10, 7.11).
#include "route_table.h"
#include "routes.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using boost::asio::awaitable;
using wire::JsonWriter;

namespace {

awaitable<HttpAnswer> health(Call call) {
    std::string body;
    JsonWriter(body)
        .begin_object()
        .field("status", "healthy")
        .field("timestamp", base::format_rfc3339_seconds(call.state.clock.now()))
        .end_object();
    co_return json_answer(std::move(body));
}

void write_check(JsonWriter& json, std::string_view name, bool ready, std::string_view reason) {
    json.key(name).begin_object().field("status", ready ? "ready" : "not ready");
    if (!ready) json.field("reason", reason);
}

awaitable<HttpAnswer> readiness(Call call) {
    ServerState& state = call.state;
    const auto store = co_await state.queries.ready();
    const bool draining = state.draining;
    const bool models = state.facts.providers > 0;
    const bool ready = store && models && !draining;
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("status", ready ? "ready" : "not ready");
    json.field("timestamp", base::format_rfc3339_seconds(state.clock.now())).key("checks").begin_object();
    // The key is the original's, whatever the store is.
    write_check(json, "mongodb", store.has_value(), "Database connectivity check failed");
    json.end_object();
    write_check(json, "llm", models, "No LLM providers configured");
    json.field("providers_count", std::uint64_t{state.facts.providers}).end_object();
    if (draining) {
        write_check(json, "server", false, "Shutting down");
        json.end_object();
    }
    json.end_object().end_object();
    HttpAnswer answer = json_answer(std::move(body));
    answer.status = ready ? 200 : 503;
    co_return answer;
}

awaitable<HttpAnswer> scrape(Call call) {
    ServerState& state = call.state;
    // Asked when it is wanted: so it is right after a start, and with many processes.
    const auto active = co_await state.queries.active_sessions();
    if (active) {
        state.metrics.set_active_sessions(*active);
    } else {
        state.log.warn("metrics", "active sessions could not be counted", {{"error", active.error().detail}});
    }
    HttpAnswer answer;
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer.body = state.metrics.text();
    co_return answer;
}

}  // namespace

std::vector<Route> health_routes() {
    return {{"GET",
             "healthz",
             Access::visitor,
             health,
             {.id = "isAlive",
              .summary = "The process lives. No dependency is checked",
              .topic = "health",
              .answers = {{200, "Health", "It does"}}}},
            {"GET",
             "readyz",
             Access::visitor,
             readiness,
             {.id = "isReady",
              .summary = "The process can serve: store, models, not shutting down",
              .topic = "health",
              .answers = {{200, "Readiness", "It can"}, {503, "Readiness", "It cannot; `checks` says why"}}}},
            {"GET",
             "metrics/prometheus",
             Access::scrape,
             scrape,
             {.id = "scrape",
              .summary = "Counters and times for Prometheus, for the networks that may read them",
              .topic = "health",
              .answers = {{200, "text/plain", "Text format 0.0.4"}}}}};
}

}  // namespace chatbox::net
