// Sessions that their owner shares by a link (contract 7.5, 7.6).
#include "route_table.h"
#include "routes.h"
#include "session_json.h"
#include "session_query.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using boost::asio::awaitable;
using wire::JsonWriter;

namespace {

awaitable<HttpAnswer> share_session(Call call) {
    const auto options = read_share_options(call.request.body);
    if (const auto* wrong = std::get_if<BadParameter>(&options)) co_return bad_request(wrong->text);
    const model::SessionId id(call.names.front());
    const chat::ShareOptions wanted = std::get<chat::ShareOptions>(options);
    auto link = co_await call.state.queries.share(id, call.identity.user, wanted);
    if (!link) co_return store_failure(call.state, link.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("share_token", link->token);
    if (link->expires) json.field("expires_at", base::format_rfc3339(*link->expires));
    if (link->up_to_seq) json.field("snapshot", true);
    json.end_object();
    co_return json_answer(std::move(body));
}

awaitable<HttpAnswer> revoke_share(Call call) {
    const model::SessionId id(call.names.front());
    auto revoked = co_await call.state.queries.revoke_share(id, call.identity.user);
    if (!revoked) co_return store_failure(call.state, revoked.error());
    co_return json_answer(R"({"status":"revoked"})");
}

awaitable<HttpAnswer> show_shared(Call call) {
    const std::string token = call.names.front();
    auto transcript = co_await call.state.queries.shared(token);
    if (!transcript && transcript.error().code == base::Errc::not_found) {
        co_return error_answer(404, "NOT_FOUND", "Shared session not found");
    }
    if (!transcript) co_return store_failure(call.state, transcript.error());
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_shared(json, *transcript);
    json.end_object();
    HttpAnswer answer = json_answer(std::move(body));
    // Whoever has the address can read it: it should not be kept or found by a search.
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.headers.emplace_back("X-Robots-Tag", "noindex");
    co_return answer;
}

}  // namespace

std::vector<Route> shared_routes() {
    const ParameterDoc id{"sessionID", R"({"type":"string"})", "A session of the caller"};
    const AnswerDoc unknown{404, "Error", "No such session, or somebody else's"};
    return {
        {"POST",
         "sessions/{sessionID}/share",
         Access::user,
         share_session,
         {.id = "shareSession",
          .summary = "The token of the session's link, under which everybody can read it. A session has one "
                     "link: what is asked of it counts when it is made",
          .topic = "sharing",
          .names = {id},
          .body = "ShareOptions",
          .answers = {{200, "ShareLink", "The link"}, unknown}}},
        {"DELETE",
         "sessions/{sessionID}/share",
         Access::user,
         revoke_share,
         {.id = "revokeShare",
          .summary = "The session's link works no more. Doing it again changes nothing",
          .topic = "sharing",
          .names = {id},
          .answers = {{200, "Revoked", "There is no link"}, unknown}}},
        {"GET",
         "shared/{shareToken}",
         Access::visitor,
         show_shared,
         {.id = "getShared",
          .summary = "A session that its owner shares",
          .topic = "sharing",
          .names = {{"shareToken", R"({"type":"string"})", "From shareSession"}},
          .answers = {{200, "SharedTranscript", "The session, or what it was when the link was made"},
                      {404, "Error", "No such link: unknown, revoked or expired"},
                      {500, "Error", "An internal error; the log says more"},
                      {503, "Error", "The database cannot be reached"}}}}};
}

}  // namespace chatbox::net
