#include "chat/queries.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>

namespace chatbox::chat {

namespace asio = boost::asio;
using asio::awaitable;
using base::Errc;
using base::Result;

namespace {

constexpr std::size_t transcript_page = 1000;
constexpr base::Millis ready_limit{2000};

// Awaits an operation that takes a Reply.
template <class T, class Start>
awaitable<Result<T>> ask(Start start) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto initiate = [executor, start](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        store::Reply<T> reply{executor,
                              [shared](Result<T> result) { std::move (*shared)(std::move(result)); }};
        start(std::move(reply));
    };
    Result<T> result = co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result<T>)>(
        std::move(initiate), asio::use_awaitable);
    co_return result;
}

}  // namespace

Queries::Queries(store::Store& store, const base::Clock& clock,
                 std::function<void(const model::Session&)> announce_end)
    : store_(store), clock_(clock), announce_end_(std::move(announce_end)) {}

awaitable<Result<store::SessionPage>> Queries::list(store::SessionQuery query) {
    query.now = clock_.now();
    auto start = [this, query](store::Reply<store::SessionPage> reply) {
        store_.list_sessions(query, std::move(reply));
    };
    return ask<store::SessionPage>(std::move(start));
}

awaitable<Result<std::vector<model::Session>>> Queries::sessions_of(model::UserId user) {
    store::SessionQuery query;
    query.user = std::move(user);
    query.limit = list_limit;
    auto page = co_await list(std::move(query));
    if (!page) co_return page.error();
    co_return std::move(page->sessions);
}

awaitable<Result<Transcript>> Queries::transcript(model::SessionId session, model::UserId user) {
    auto read_session = [this, session](store::Reply<model::Session> reply) {
        store_.session(session, std::move(reply));
    };
    Result<model::Session> found = co_await ask<model::Session>(std::move(read_session));
    if (!found) co_return found.error();
    if (found->user != user) co_return base::Error{Errc::not_found, "another user's session"};
    Transcript transcript;
    transcript.session = std::move(*found);
    model::Seq after = 0;
    while (true) {
        auto read_page = [this, session, after](store::Reply<std::vector<model::Event>> reply) {
            store_.events_after(session, after, transcript_page, std::move(reply));
        };
        Result<std::vector<model::Event>> page =
            co_await ask<std::vector<model::Event>>(std::move(read_page));
        if (!page) co_return page.error();
        for (auto& event : *page) {
            after = event.seq;
            // One moment in time: what came after the session was read is left for the next reader.
            if (event.seq <= transcript.session.last_seq) transcript.events.push_back(std::move(event));
        }
        if (page->size() < transcript_page || after >= transcript.session.last_seq) break;
    }
    co_return transcript;
}

awaitable<Result<model::Session>> Queries::end(model::SessionId session, model::UserId user) {
    const base::Time now = clock_.now();
    auto start = [this, session, user, now](store::Reply<model::Session> reply) {
        store_.end_session(session, user, now, std::move(reply));
    };
    Result<model::Session> ended = co_await ask<model::Session>(std::move(start));
    if (ended && ended->end == now) announce_end_(*ended);
    co_return ended;
}

awaitable<Result<std::vector<model::Session>>> Queries::all_sessions(std::size_t limit, std::size_t offset) {
    store::SessionQuery query;
    query.limit = limit;
    query.offset = offset;
    auto page = co_await list(std::move(query));
    if (!page) co_return page.error();
    co_return std::move(page->sessions);
}

awaitable<Result<base::Nothing>> Queries::ready() {
    // A store that hangs never answers, so the wait is on the timer; the answer cuts it short.
    struct Wait {
        asio::steady_timer timer;
        std::optional<Result<base::Nothing>> answer;
    };
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto wait = std::make_shared<Wait>(Wait{asio::steady_timer(executor, ready_limit), std::nullopt});
    store::Reply<base::Nothing> reply{executor, [wait](Result<base::Nothing> answer) {
                                          wait->answer = std::move(answer);
                                          wait->timer.cancel();
                                      }};
    store_.ping(std::move(reply));
    (void)co_await wait->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (wait->answer) co_return *wait->answer;
    co_return base::Error{Errc::timeout, "the store did not answer in time"};
}

}  // namespace chatbox::chat
