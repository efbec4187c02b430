#include "net/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http_session.h"
#include "openapi.h"
#include "shard.h"

namespace chatbox::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// After accept failed for want of descriptors or memory: soon enough, and no busy loop.
constexpr base::Millis accept_pause{100};

class TcpServer final : public Server {
public:
    TcpServer(Options options, Facts facts, std::vector<Shard> shards, const auth::TokenVerifier& verifier,
              chat::Queries& queries, const base::Clock& clock, base::Log& log, base::Metrics& metrics)
        : state_{std::move(options), std::move(facts), verifier, queries, clock, log, metrics},
          acceptor_(shards.front().loop),
          pause_(shards.front().loop),
          purge_(shards.front().loop) {
        state_.openapi = openapi_document(state_.options, state_.facts);
        for (const Shard& shard : shards)
            shards_.push_back(std::make_unique<NetShard>(state_, shard.loop, shard.hub));
    }

    base::Result<std::uint16_t> listen() override {
        error_code ec;
        const auto address = asio::ip::make_address(state_.options.host, ec);
        const tcp::endpoint endpoint(address, state_.options.port);
        if (!ec) acceptor_.open(endpoint.protocol(), ec);
        // A server that was just stopped leaves connections in TIME_WAIT; they must not keep us from
        // listening.
        if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
        if (!ec && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), ec);
        if (!ec) acceptor_.bind(endpoint, ec);
        if (!ec) acceptor_.listen(backlog, ec);
        if (ec) return base::Error{base::Errc::unavailable, ec.message()};
        for (auto& shard : shards_) {
            NetShard* each = shard.get();
            asio::post(each->loop(), [each] { each->start(); });
        }
        accept();
        purge_limiters();
        return acceptor_.local_endpoint().port();
    }

    void begin_draining() override { state_.draining = true; }

    void stop(base::Millis grace, std::function<void()> done) override {
        begin_draining();
        auto left = std::make_shared<std::atomic<std::size_t>>(shards_.size());
        auto one_stopped = [left, done = std::move(done)] {
            if (left->fetch_sub(1) == 1) done();
        };
        asio::post(acceptor_.get_executor(), [this] {
            error_code ignored;
            acceptor_.close(ignored);
            pause_.cancel();
            purge_.cancel();
        });
        for (auto& shard : shards_) {
            NetShard* each = shard.get();
            asio::post(each->loop(), [each, grace, one_stopped] { each->stop(grace, one_stopped); });
        }
    }

private:
    static constexpr int backlog = 4096;

    // Sockets are spread over the shards; a WebSocket then moves to the shard of its user.
    void accept() {
        NetShard& shard = *shards_[next_];
        next_ = (next_ + 1) % shards_.size();
        acceptor_.async_accept(shard.loop(), [this, &shard](error_code ec, tcp::socket socket) {
            if (ec == asio::error::operation_aborted || !acceptor_.is_open()) return;
            if (ec) {
                state_.log.warn("http", "a connection could not be accepted", {{"error", ec.message()}});
                pause_.expires_after(accept_pause);
                pause_.async_wait([this](error_code cancelled) {
                    if (!cancelled) accept();
                });
                return;
            }
            admit(shard, std::move(socket));
            accept();
        });
    }

    void admit(NetShard& shard, tcp::socket socket) {
        Slot slot = Slot::take(state_.http_connections, state_.options.max_http_connections);
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        if (shards_.size() == 1) return serve(shard, std::move(socket), std::move(slot));
        auto held = std::make_shared<std::pair<tcp::socket, Slot>>(std::move(socket), std::move(slot));
        asio::post(shard.loop(),
                   [this, &shard, held] { serve(shard, std::move(held->first), std::move(held->second)); });
    }

    // On the shard's thread. Without a slot somebody has to make room, or the socket is closed.
    void serve(NetShard& shard, tcp::socket socket, Slot slot) {
        if (!slot) slot = shard.make_room();
        if (slot) serve_http(shard, shards_, std::move(socket), std::move(slot));
    }

    void purge_limiters() {
        purge_.expires_after(state_.options.limiter_purge_period);
        purge_.async_wait([this](error_code ec) {
            if (ec) return;
            state_.guard.purge(state_.clock.steady());
            purge_limiters();
        });
    }

    ServerState state_;
    std::vector<std::unique_ptr<NetShard>> shards_;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    asio::steady_timer purge_;
    std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Server> make_server(Options options, Facts facts, std::vector<Shard> shards,
                                    const auth::TokenVerifier& verifier, chat::Queries& queries,
                                    const base::Clock& clock, base::Log& log, base::Metrics& metrics) {
    return std::make_unique<TcpServer>(std::move(options), std::move(facts), std::move(shards), verifier,
                                       queries, clock, log, metrics);
}

std::size_t shard_of(const model::UserId& user, std::size_t shard_count) {
    return std::hash<model::UserId>{}(user) % shard_count;
}

}  // namespace chatbox::net
