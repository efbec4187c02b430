// One-time tickets for opening a WebSocket without a token in its URL.
#include "route_table.h"
#include "routes.h"
#include "wire/json_writer.h"

namespace chatbox::net {

namespace {

using boost::asio::awaitable;
using wire::JsonWriter;

HttpAnswer too_many(const auth::NoTicket& refused) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(refused.retry_after).count();
    HttpAnswer answer;
    if (refused.why == auth::NoTicket::Why::process_has_many) {
        answer = error_answer(503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable");
    } else {
        answer.status = 429;
        JsonWriter(answer.body)
            .begin_object()
            .field("error", "rate_limit_exceeded")
            .field("message", "Too many requests. Please try again later.")
            .field("retry_after_ms", std::int64_t{refused.retry_after.count()})
            .end_object();
    }
    answer.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
    return answer;
}

HttpAnswer give_ticket(const Call& call) {
    const auto given = call.state.tickets.issue(call.identity);
    if (const auto* refused = std::get_if<auth::NoTicket>(&given)) return too_many(*refused);
    const auto& ticket = std::get<auth::Ticket>(given);
    HttpAnswer answer;
    answer.status = 201;
    answer.headers.emplace_back("Cache-Control", "no-store");
    JsonWriter(answer.body)
        .begin_object()
        .field("ticket", ticket.text)
        .field("expires_in", std::chrono::floor<std::chrono::seconds>(ticket.lifetime).count())
        .end_object();
    return answer;
}

awaitable<HttpAnswer> post_ticket(Call call) {
    co_return give_ticket(call);
}

}  // namespace

std::vector<Route> ticket_routes() {
    return {{"POST",
             "ws/ticket",
             Access::user,
             post_ticket,
             {.id = "createTicket",
              .summary = "A ticket that opens one WebSocket of the caller: `ws?ticket=`",
              .topic = "chat",
              .answers = {{201, "Ticket", "The ticket. It is good once"},
                          {429, "RateLimited", "The caller has many tickets that were not used yet"},
                          {503, "Error", "Everybody together has too many"}}}}};
}

}  // namespace chatbox::net
