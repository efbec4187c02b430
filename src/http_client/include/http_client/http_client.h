#pragma once
// The one outbound HTTP client: libcurl's multi socket interface on an Asio event loop
// (curl.se/libcurl/c/libcurl-multi.html, "multi_socket"). HTTP/2 where the server offers it over TLS,
// connections are reused, certificates are verified.
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace chatbox::http_client {

// Zero means: no such limit.
struct Deadlines {
    base::Millis connect{10'000};     // name look-up, TCP and TLS
    base::Millis first_byte{30'000};  // from the start until the first byte of the body
    base::Millis silence{60'000};     // between two pieces of the body
    base::Millis total{120'000};
};

enum class DeadlineKind { connect, first_byte, silence, total };

struct Request {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    Deadlines deadlines;
    std::size_t max_body_bytes = 64 * 1024 * 1024;  // of the answer; one byte more is Errc::limit
};

// Called on the client's event loop, never from inside start() or a destructor.
class ResponseSink {
public:
    virtual ~ResponseSink() = default;
    virtual void on_status(int status,
                           std::string_view content_type) = 0;  // once, before the first body piece
    virtual void on_retry_after(base::Millis) {}                // when the header came, before on_status
    virtual void on_body(std::string_view bytes) = 0;           // the view is good during the call
    // At most once, just before on_done() with timeout: which deadline passed, and how long it was.
    virtual void on_deadline(DeadlineKind, base::Millis) {}
    // Once, last. Errors: timeout, unavailable (look-up, connect, TLS, reset, cut short), limit, invalid
    // (URL), forbidden (the host's address is not a public one, see Options::internal_hosts).
    virtual void on_done(base::Result<base::Nothing> result) = 0;
};

// A request under way. Destroying it closes its connection and silences the sink; allowed inside a sink call.
class Call {
public:
    virtual ~Call() = default;
    // From now on the rest may take only so long and so many bytes of the body, or less if the request's own
    // limits come first. Allowed inside a sink call; without effect after the end.
    virtual void tighten(base::Millis time, std::size_t bytes) = 0;
};

// Belongs to one event loop: all calls on its executor, which has one thread. Destroy all calls first.
class Client {
public:
    virtual ~Client() = default;
    // `sink` outlives the returned call. Never fails in place: errors arrive at the sink.
    virtual std::unique_ptr<Call> start(Request request, ResponseSink& sink) = 0;
};

// Where requests may go, and through what. A redirect is never followed: it is an answer like any other.
struct Options {
    // Hosts (names or IP literals, lower case, without brackets) that may have an address that is not public:
    // loopback, private, link-local ... Every other host is refused then, by the address that is connected
    // to, so that a name cannot point elsewhere after it was checked.
    std::vector<std::string> internal_hosts = {};
    // Proxies as curl takes them (http://host:port), for http and https requests; empty: none. A request to
    // loopback never goes through one, nor does one to a host of `no_proxy`: names, which stand for what ends
    // in them, too, IP literals, or "*".
    std::string http_proxy = {};
    std::string https_proxy = {};
    std::vector<std::string> no_proxy = {};
};

std::unique_ptr<Client> make_client(boost::asio::any_io_executor loop, Options options = {});

}  // namespace chatbox::http_client
