#include "token_check.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace chatbox::net {

namespace asio = boost::asio;
using Identified = base::Result<auth::Identity>;

namespace {

Identified verify(const std::string& token, const ServerState& state) {
    return state.verifier.verify(token, state.clock.now());
}

bool may_be_newer_than_our_keys(const Identified& identity) {
    return !identity && identity.error().code == base::Errc::unavailable;
}

void log_refusal(const Identified& identity, const ServerState& state) {
    if (!identity) state.log.info("auth", "token refused", {{"cause", identity.error().detail}});
}

asio::awaitable<void> renew_keys(const ServerState& state) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto initiate = [&state, executor](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        state.verifier.renew({executor, [shared] { std::move (*shared)(); }});
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(std::move(initiate),
                                                                          asio::use_awaitable);
}

}  // namespace

asio::awaitable<Identified> check_token(std::string token, const ServerState& state) {
    Identified identity = verify(token, state);
    if (may_be_newer_than_our_keys(identity)) {
        co_await renew_keys(state);
        identity = verify(token, state);
    }
    log_refusal(identity, state);
    co_return identity;
}

void check_token(std::string token, const ServerState& state, asio::any_io_executor on,
                 std::function<void(Identified)> done) {
    Identified first = verify(token, state);
    if (!may_be_newer_than_our_keys(first)) {
        log_refusal(first, state);
        return done(std::move(first));
    }
    auto again = [&state, token = std::move(token), done = std::move(done)] {
        Identified second = verify(token, state);
        log_refusal(second, state);
        done(std::move(second));
    };
    state.verifier.renew({std::move(on), std::move(again)});
}

}  // namespace chatbox::net
