#include "guard.h"

#include <string>

#include "routes.h"
#include "wire/json_writer.h"

namespace chatbox::net {

using base::Millis;

namespace {

constexpr std::size_t purged_at_once = 10'000;  // a lock is held so long, about a millisecond

std::string whole_seconds(Millis wait) {
    return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count()));
}

enum class Hint { header, header_and_body };

HttpAnswer too_many(Millis wait, Hint hint) {
    HttpAnswer answer;
    answer.status = 429;
    wire::JsonWriter json(answer.body);
    json.begin_object().field("error", "rate_limit_exceeded");
    json.field("message", "Too many requests. Please try again later.");
    if (hint == Hint::header_and_body) json.field("retry_after_ms", std::uint64_t(wait.count()));
    json.end_object();
    answer.headers.emplace_back("Retry-After", whole_seconds(wait));
    return answer;
}

HttpAnswer too_many_handshakes(Millis wait) {
    HttpAnswer answer;
    answer.status = 429;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = "Too many requests, please try again later\n";
    answer.headers.emplace_back("Retry-After", whole_seconds(wait));
    return answer;
}

std::optional<HttpAnswer> refusal(Millis wait, Hint hint) {
    if (wait.count() == 0) return std::nullopt;
    return too_many(wait, hint);
}

}  // namespace

Guard::Guard(const Options& options)
    : trusted_(options.trusted_proxies),
      metrics_(options.metrics_networks),
      visitors_(options.public_rate),
      users_(options.user_rate),
      admins_(options.admin_rate),
      handshakes_(options.handshake_rate),
      bad_tokens_(options.bad_token_rate) {}

std::optional<HttpAnswer> Guard::admit_visitor(const Address& client, base::Instant now) {
    return refusal(visitors_.admit(limit_key(client), now), Hint::header);
}

std::optional<HttpAnswer> Guard::admit_scrape(const Address& client, base::Instant now) {
    if (!metrics_.contains(client)) return error_answer(403, "FORBIDDEN", "Insufficient permissions");
    return admit_visitor(client, now);
}

std::optional<HttpAnswer> Guard::admit_user(const model::UserId& user, base::Instant now) {
    return refusal(users_.admit(user.str(), now), Hint::header_and_body);
}

std::optional<HttpAnswer> Guard::admit_admin(const model::UserId& user, base::Instant now) {
    return refusal(admins_.admit(user.str(), now), Hint::header_and_body);
}

std::optional<HttpAnswer> Guard::admit_handshake(const Address& client, base::Instant now) {
    if (trusted_.contains(client)) return std::nullopt;
    const Millis wait = handshakes_.admit(limit_key(client), now);
    if (wait.count() == 0) return std::nullopt;
    return too_many_handshakes(wait);
}

std::optional<HttpAnswer> Guard::admit_token(const Address& client, base::Instant now) {
    return refusal(bad_tokens_.wait(limit_key(client), now), Hint::header_and_body);
}

std::optional<HttpAnswer> Guard::admit_handshake_token(const Address& client, base::Instant now) {
    const Millis wait = bad_tokens_.wait(limit_key(client), now);
    if (wait.count() == 0) return std::nullopt;
    return too_many_handshakes(wait);
}

void Guard::token_refused(const Address& client, base::Instant now) {
    (void)bad_tokens_.admit(limit_key(client), now);
}

void Guard::purge(base::Instant now) {
    for (auto* limiter : {&visitors_, &users_, &admins_, &handshakes_, &bad_tokens_}) {
        limiter->purge(now, purged_at_once);
    }
}

}  // namespace chatbox::net
