#pragma once
// A tiny HTTP/1.1 server whose every byte the test decides. It runs on the test's own loop and thread, so a
// test knows what happened before what.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace chatbox::http_client::testing {

struct ReceivedRequest {
    std::string head;  // request line and headers, as they came
    std::string body;
    std::string line() const { return head.substr(0, head.find("\r\n")); }
    // The value of a header, "" if it did not come. `name` in lower case.
    std::string header(std::string_view name) const;
};

// The server's end of one connection.
class Peer : public std::enable_shared_from_this<Peer> {
public:
    explicit Peer(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

    // Queues bytes; `then` is called when they are with the kernel.
    void send(std::string bytes, std::function<void()> then = {});
    // Ends the connection once the queue is written, or at once with a TCP reset.
    void close();
    void reset();
    bool closed_by_client() const { return closed_by_client_; }

private:
    friend class ScriptedServer;
    struct Piece {
        std::string bytes;
        std::function<void()> then;
    };
    using OnRequest = std::function<void(Peer&, const ReceivedRequest&)>;

    void serve(std::shared_ptr<OnRequest> on_request);
    void take_requests(OnRequest& on_request);
    void write_next();

    boost::asio::ip::tcp::socket socket_;
    std::string input_;
    std::string read_area_ = std::string(65536, '\0');
    std::deque<Piece> output_;
    bool closing_ = false;
    bool closed_by_client_ = false;
};

class ScriptedServer {
public:
    using OnRequest = std::function<void(Peer&, const ReceivedRequest&)>;

    // `on_request` is called for each request, when its body is complete.
    ScriptedServer(boost::asio::io_context& loop, OnRequest on_request);
    ~ScriptedServer();

    std::string url(std::string_view path = "/") const;
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    int connections() const { return connections_; }
    // The connection that was accepted last.
    Peer& last_peer() { return *last_peer_; }

private:
    void accept();

    boost::asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<OnRequest> on_request_;
    std::shared_ptr<Peer> last_peer_;
    int connections_ = 0;
};

// Runs `loop` until `done` holds. False if that takes unreasonably long, which a test reports as a failure.
bool run_until(boost::asio::io_context& loop, const std::function<bool()>& done);

// The usual answers.
std::string answer(std::string_view status_and_reason, std::string_view headers, std::string_view body);
std::string chunk(std::string_view bytes);  // of a chunked body; an empty one ends it
inline constexpr std::string_view chunked_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace chatbox::http_client::testing
