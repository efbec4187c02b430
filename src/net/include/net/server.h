#pragma once
// The network side: listener, HTTP routes, WebSocket transport, pages. The only module that knows Beast.
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/tickets.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "chat/hub.h"
#include "chat/queries.h"
#include "limits/rate_limiter.h"

namespace chatbox::net {

// Each is a setting (docs/configuration.md).
struct Options {
    std::string host = "0.0.0.0";              // an address, not a name
    std::uint16_t port = 8080;                 // 0: a free one
    std::string prefix = "/chatbox";           // begins with a slash, does not end with one
    std::vector<std::string> allowed_origins;  // empty: the server's own origin only
    bool allow_any_origin = false;             // development only
    std::vector<std::string> frame_ancestors;  // who may frame the pages; empty: the own origin
    std::size_t max_connections = 10'000;      // WebSockets; one more is refused with 503
    // Besides. One more takes the place of the one that has waited longest for its request to come in; when
    // all are being answered it is closed.
    std::size_t max_http_connections = 1'024;
    std::size_t max_message_bytes = 1'048'576;  // inbound WebSocket message; more is closed with 1009
    std::size_t outbox_bytes = 1'048'576;       // unsent bytes of a connection; more is closed with 1013
    std::size_t merge_bytes = 16 * 1024;        // unsent bytes from which on pieces of an answer are merged
    base::Millis ping_period{54'000};
    base::Millis pong_wait{60'000};            // since the last pong (or the start)
    base::Millis write_wait{10'000};           // without progress
    base::Millis http_read_timeout{15'000};    // for one request
    base::Millis http_idle_timeout{120'000};   // between requests
    base::Millis http_write_timeout{120'000};  // for one answer, of which a part is taken every write_wait
    std::size_t http_max_body = 1'048'576;
    std::vector<std::string> cors_origins;                   // lower case, or `*` alone; empty: no CORS
    std::vector<std::string> trusted_proxies;                // address or address/bits; empty: nobody
    std::vector<std::string> metrics_networks;               // who may read the metrics; empty: nobody
    limits::Rate public_rate{60, base::Millis(60'000)};      // public routes, per client address
    limits::Rate user_rate{3'000, base::Millis(60'000)};     // routes of users, per user
    limits::Rate admin_rate{20, base::Millis(60'000)};       // routes of administrators, per user
    limits::Rate handshake_rate{600, base::Millis(60'000)};  // WebSocket handshakes, per client address
    limits::Rate bad_token_rate{100, base::Millis(60'000)};  // tokens that are not valid, per client address
    base::Millis limiter_purge_period{300'000};  // how often limiters forget whom they have not seen lately
    auth::TicketLimits tickets = {};
    base::Millis token_warning{60'000};  // before a token expires its connection is told; zero: it is not
};

// One network thread's loop with its hub. The loop is run by one thread.
struct Shard {
    boost::asio::io_context& loop;
    chat::Hub& hub;
};

// What readiness shows beside the store.
struct Facts {
    std::size_t providers = 0;
    std::string version;
};

class Server {
public:
    virtual ~Server() = default;

    // Binds and listens. The answer is the port. Errors: unavailable, with a sentence for a person.
    virtual base::Result<std::uint16_t> listen() = 0;

    // From now on readyz says 503. Any thread.
    virtual void begin_draining() = 0;

    // Stops listening, closes WebSockets with 1001 and idle HTTP connections at once, and after `grace` cuts
    // off whoever is still there; `done` is called once, on some loop's thread, when all are gone. Any
    // thread, once.
    virtual void stop(base::Millis grace, std::function<void()> done) = 0;
};

// All arguments that are references outlive the server; destroy it after the loops have stopped.
std::unique_ptr<Server> make_server(Options options, Facts facts, std::vector<Shard> shards,
                                    const auth::TokenVerifier& verifier, chat::Queries& queries,
                                    const base::Clock& clock, base::Log& log, base::Metrics& metrics);

// The shard on which everything of this user lives.
std::size_t shard_of(const model::UserId& user, std::size_t shard_count);

}  // namespace chatbox::net
