#include "chat/queries.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "base/id.h"
#include "base/text.h"

namespace chatbox::chat {

namespace asio = boost::asio;
using asio::awaitable;
using base::Errc;
using base::Result;
using model::Control;
using model::Event;
using model::Seq;
using model::Session;
using model::SessionId;
using model::UserId;

namespace {

constexpr std::size_t events_page = 1000;
constexpr std::size_t name_bytes = 100;  // of an admin, in the text of a notice

// Awaits an operation that takes a Reply. A store that hangs never answers, so the wait is on the timer; the
// answer cuts it short.
template <class T, class Start>
awaitable<Result<T>> ask(base::Millis limit, Start start) {
    struct Wait {
        asio::steady_timer timer;
        std::optional<Result<T>> answer;
    };
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto wait = std::make_shared<Wait>(Wait{asio::steady_timer(executor, limit), std::nullopt});
    store::Reply<T> reply{executor, [wait](Result<T> answer) {
                              wait->answer = std::move(answer);
                              wait->timer.cancel();
                          }};
    start(std::move(reply));
    (void)co_await wait->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (wait->answer) co_return std::move(*wait->answer);
    co_return base::Error{Errc::timeout, "the store did not answer in time"};
}

// The event by which a change of control is seen in the session (contract, websocket-protocol 6.7, 6.8).
model::Message notice(const Admin& admin, model::MessageKind kind, base::Time now) {
    model::Message message;
    message.id = model::MessageId(base::ordered_hex_id(now));
    message.sender = model::Sender::admin;
    message.kind = kind;
    const std::string_view name =
        std::string_view(admin.name).substr(0, base::utf8_floor(admin.name, name_bytes));
    message.content = "Administrator " + std::string(name) +
                      (kind == model::MessageKind::join ? " has joined" : " has left") + " the session";
    message.metadata = {{"admin_id", admin.id.str()}, {"admin_name", admin.name}};
    message.at = now;
    return message;
}

// The time that an operation of the store took goes to the metrics when this is gone.
class Measured {
public:
    Measured(base::Metrics& metrics, const base::Clock& clock, std::string_view operation)
        : metrics_(metrics), clock_(clock), operation_(operation), start_(clock.steady()) {}
    Measured(const Measured&) = delete;
    Measured& operator=(const Measured&) = delete;
    ~Measured() {
        metrics_.store_operation(operation_,
                                 std::chrono::duration_cast<base::Millis>(clock_.steady() - start_));
    }

private:
    base::Metrics& metrics_;
    const base::Clock& clock_;
    std::string_view operation_;
    base::Instant start_;
};

store::ChangeControl handover(SessionId session, Admin admin, Control to, base::Time now) {
    store::ChangeControl change;
    change.session = std::move(session);
    change.to = to;
    change.event =
        notice(admin, to == Control::human ? model::MessageKind::join : model::MessageKind::leave, now);
    change.actor = std::move(admin.id);
    change.actor_name = std::move(admin.name);
    return change;
}

}  // namespace

Queries::Queries(store::Store& store, const base::Clock& clock, Announcements announce,
                 base::Metrics& metrics, base::Millis store_limit)
    : store_(store),
      clock_(clock),
      announce_(std::move(announce)),
      metrics_(metrics),
      store_limit_(store_limit) {}

awaitable<Result<store::SessionPage>> Queries::sessions(store::SessionQuery query) {
    query.now = clock_.now();
    auto start = [this, query](store::Reply<store::SessionPage> reply) {
        store_.list_sessions(query, std::move(reply));
    };
    const Measured measured(metrics_, clock_, "list_all_sessions_with_options");
    Result<store::SessionPage> page = co_await ask<store::SessionPage>(store_limit_, std::move(start));
    co_return page;
}

// Up to `up_to` only, so that a transcript is of one moment: what came after the session was read is left for
// the next reader.
awaitable<Result<std::vector<Event>>> Queries::events(SessionId session, EventRange range, Seq up_to) {
    if (range.before) up_to = std::min(up_to, *range.before == 0 ? 0 : *range.before - 1);
    std::size_t left = range.limit.value_or(up_to);
    // seq has no gaps, so it is known where the last ones begin.
    Seq after = range.after.value_or(up_to > left ? up_to - left : 0);
    std::vector<Event> events;
    while (after < up_to && left > 0) {
        const std::size_t wanted = std::min(left, events_page);
        auto read = [this, session, after, wanted](store::Reply<std::vector<Event>> reply) {
            store_.events_after(session, after, wanted, std::move(reply));
        };
        Result<std::vector<Event>> page = co_await ask<std::vector<Event>>(store_limit_, std::move(read));
        if (!page) co_return page.error();
        for (Event& event : *page) {
            after = event.seq;
            if (event.seq <= up_to) events.push_back(std::move(event));
        }
        if (page->size() < wanted) break;
        left -= page->size();
    }
    co_return events;
}

awaitable<Result<Transcript>> Queries::transcript(SessionId session, std::optional<UserId> owner,
                                                  EventRange range) {
    auto read = [this, session](store::Reply<Session> reply) { store_.session(session, std::move(reply)); };
    Result<Session> found = co_await ask<Session>(store_limit_, std::move(read));
    if (!found) co_return found.error();
    if (owner && found->user != *owner) co_return base::Error{Errc::not_found, "another user's session"};
    Result<std::vector<Event>> events_read = co_await events(session, range, found->last_seq);
    if (!events_read) co_return events_read.error();
    Transcript transcript;
    transcript.session = std::move(*found);
    transcript.events = std::move(*events_read);
    co_return transcript;
}

awaitable<Result<Session>> Queries::end(SessionId session, UserId user) {
    const base::Time now = clock_.now();
    auto start = [this, session, user, now](store::Reply<Session> reply) {
        store_.end_session(session, user, now, std::move(reply));
    };
    const Measured measured(metrics_, clock_, "end_session");
    Result<Session> ended = co_await ask<Session>(store_limit_, std::move(start));
    if (ended && ended->end == now) {
        metrics_.add(base::Count::session_ended);
        announce_.ended(*ended);
    }
    co_return ended;
}

awaitable<Result<store::ShareLink>> Queries::share(SessionId session, UserId user, ShareOptions options) {
    store::ShareSession request;
    request.session = std::move(session);
    request.user = std::move(user);
    request.fresh_token = base::random_hex_id();
    request.at = clock_.now();
    if (options.expires_in) request.expires = request.at + *options.expires_in;
    request.snapshot = options.snapshot;
    auto start = [this, request](store::Reply<store::ShareLink> reply) {
        store_.share_session(request, std::move(reply));
    };
    return ask<store::ShareLink>(store_limit_, std::move(start));
}

awaitable<Result<Session>> Queries::revoke_share(SessionId session, UserId user) {
    auto start = [this, session, user](store::Reply<Session> reply) {
        store_.revoke_share(session, user, std::move(reply));
    };
    return ask<Session>(store_limit_, std::move(start));
}

awaitable<Result<Transcript>> Queries::shared(std::string token) {
    const base::Time now = clock_.now();
    auto read = [this, token, now](store::Reply<store::SharedSession> reply) {
        store_.shared(token, now, std::move(reply));
    };
    Result<store::SharedSession> found = co_await ask<store::SharedSession>(store_limit_, std::move(read));
    if (!found) co_return found.error();
    const EventRange all;
    Result<std::vector<Event>> events_read = co_await events(found->session.id, all, found->up_to_seq);
    if (!events_read) co_return events_read.error();
    Transcript transcript;
    transcript.session = std::move(found->session);
    transcript.events = std::move(*events_read);
    co_return transcript;
}

awaitable<Result<store::Metrics>> Queries::metrics(base::Time from, base::Time to) {
    const base::Time now = clock_.now();
    auto start = [this, from, to, now](store::Reply<store::Metrics> reply) {
        store_.metrics(from, to, now, std::move(reply));
    };
    const Measured measured(metrics_, clock_, "get_session_metrics");
    Result<store::Metrics> metrics = co_await ask<store::Metrics>(store_limit_, std::move(start));
    co_return metrics;
}

awaitable<Result<store::ControlChanged>> Queries::change_control(store::ChangeControl change) {
    auto start = [this, change](store::Reply<store::ControlChanged> reply) {
        store_.change_control(change, std::move(reply));
    };
    Result<store::ControlChanged> changed =
        co_await ask<store::ControlChanged>(store_limit_, std::move(start));
    if (changed && changed->event) announce_.control_changed(changed->session, *changed->event);
    co_return changed;
}

awaitable<Result<std::uint64_t>> Queries::active_sessions() {
    store::SessionQuery query;
    query.active = true;
    query.limit = 1;  // only the total is wanted
    Result<store::SessionPage> page = co_await sessions(query);
    if (!page) co_return page.error();
    co_return page->total;
}

awaitable<Result<store::ControlChanged>> Queries::take_over(SessionId session, Admin admin) {
    store::ChangeControl change =
        handover(std::move(session), std::move(admin), Control::human, clock_.now());
    Result<store::ControlChanged> changed = co_await change_control(std::move(change));
    if (changed && changed->outcome == store::ControlOutcome::changed) {
        metrics_.add(base::Count::admin_takeover);
    }
    co_return changed;
}

awaitable<Result<store::ControlChanged>> Queries::release(SessionId session, Admin admin) {
    return change_control(handover(std::move(session), std::move(admin), Control::ai, clock_.now()));
}

awaitable<Result<base::Nothing>> Queries::ready() {
    auto start = [this](store::Reply<base::Nothing> reply) { store_.ping(std::move(reply)); };
    return ask<base::Nothing>(std::min(ready_limit, store_limit_), std::move(start));
}

}  // namespace chatbox::chat
