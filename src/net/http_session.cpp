// The only translation unit that instantiates Beast: it is expensive to compile.
#include "http_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <exception>

#include "routes.h"
#include "upgrade.h"
#include "ws_connection.h"

namespace chatbox::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint32_t header_limit = 32 * 1024;  // a token in the query may be long
constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);

using Request = http::request<http::string_body>;

std::string text_of(beast::string_view view) {
    return {view.data(), view.size()};
}

std::optional<HttpRequest> plain_request(const Request& request) {
    const beast::string_view target = request.target();
    auto plain = parse_target({target.data(), target.size()});
    if (!plain) return std::nullopt;
    plain->method = request.method() == http::verb::head ? "GET" : text_of(request.method_string());
    plain->body = request.body();
    plain->authorization = text_of(request[http::field::authorization]);
    plain->origin = text_of(request[http::field::origin]);
    plain->host = text_of(request[http::field::host]);
    plain->if_none_match = text_of(request[http::field::if_none_match]);
    plain->accept_encoding = text_of(request[http::field::accept_encoding]);
    return plain;
}

UpgradeHeaders upgrade_headers(const Request& request) {
    UpgradeHeaders headers;
    // RFC 6455 section 4.2.1: HTTP/1.1 or higher.
    headers.upgrade_to_websocket = request.version() >= 11 &&
                                   http::token_list(request[http::field::connection]).exists("upgrade") &&
                                   http::token_list(request[http::field::upgrade]).exists("websocket");
    headers.version = text_of(request[http::field::sec_websocket_version]);
    headers.key = text_of(request[http::field::sec_websocket_key]);
    headers.protocols = text_of(request[http::field::sec_websocket_protocol]);
    return headers;
}

class HttpSession final : public NetShard::Member, public std::enable_shared_from_this<HttpSession> {
public:
    HttpSession(NetShard& shard, const std::vector<std::unique_ptr<NetShard>>& shards, tcp::socket socket,
                Slot slot)
        : shard_(shard), shards_(shards), stream_(std::move(socket)), slot_(std::move(slot)) {}

    // Serves request after request. `self` keeps the session alive while it runs.
    static asio::awaitable<void> run(std::shared_ptr<HttpSession> self) {
        while (!self->shard_.stopping()) {
            const bool more = co_await serve_one(self);
            if (!more) break;
        }
        error_code ignored;
        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    void on_stop() override {
        if (idle_) stream_.cancel();
    }
    void on_cut() override { stream_.close(); }

    NetShard& shard() { return shard_; }

private:
    // True when the connection goes on.
    static asio::awaitable<bool> serve_one(std::shared_ptr<HttpSession> self) {
        const Options& options = self->shard_.state().options;
        http::request_parser<http::string_body> parser;
        parser.header_limit(header_limit);
        parser.body_limit(options.http_max_body);
        // Until the first byte the connection is idle; then the request has its own, shorter time.
        if (self->buffer_.size() == 0) {
            self->idle_ = true;
            self->stream_.expires_after(self->served_any_ ? options.http_idle_timeout
                                                          : options.http_read_timeout);
            auto [ec, n] =
                co_await self->stream_.async_read_some(self->buffer_.prepare(read_bytes), awaitable_tuple);
            self->idle_ = false;
            if (ec) co_return false;
            self->buffer_.commit(n);
        }
        self->stream_.expires_after(options.http_read_timeout);
        auto [ec, n] = co_await http::async_read(self->stream_, self->buffer_, parser, awaitable_tuple);
        if (ec == http::error::end_of_stream || ec == asio::error::eof) co_return false;
        if (ec) co_return co_await refuse(self, ec);
        self->served_any_ = true;
        const Request request = parser.release();
        auto plain = plain_request(request);
        if (!plain) {
            HttpAnswer bad = error_answer(400, "BAD_REQUEST", "Bad request");
            co_return co_await send(self, request, std::move(bad));
        }
        if (plain->method == "GET" && plain->path == options.prefix + "/ws") {
            auto checked = check_upgrade(*plain, upgrade_headers(request), self->shard_.state());
            if (auto* accepted = std::get_if<AcceptedUpgrade>(&checked)) {
                co_return hand_over(*self, std::move(*accepted));
            }
            HttpAnswer refused = std::move(std::get<HttpAnswer>(checked));
            co_return co_await send(self, request, std::move(refused));
        }
        HttpAnswer answer = co_await answer_request(std::move(*plain), self->shard_.state());
        co_return co_await send(self, request, std::move(answer));
    }

    // A request that could not be read: say why where that helps, and hang up.
    static asio::awaitable<bool> refuse(std::shared_ptr<HttpSession> self, error_code ec) {
        HttpAnswer answer;
        if (ec == http::error::body_limit) {
            answer = error_answer(413, "BAD_REQUEST", "Request body too large");
        } else if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
            answer = error_answer(431, "BAD_REQUEST", "Request header too large");
        } else if (ec == beast::error::timeout) {
            answer = error_answer(408, "BAD_REQUEST", "Request took too long");
        } else if (ec.category() == http::make_error_code(http::error::bad_method).category()) {
            answer = error_answer(400, "BAD_REQUEST", "Bad request");
        } else {
            co_return false;  // the connection itself is broken
        }
        Request unread;
        unread.keep_alive(false);
        (void)co_await send(self, unread, std::move(answer));
        co_return false;
    }

    static asio::awaitable<bool> send(std::shared_ptr<HttpSession> self, const Request& request,
                                      HttpAnswer answer) {
        const Options& options = self->shard_.state().options;
        add_common_headers(answer, options);
        http::response<http::string_body> response;
        response.version(11);
        response.result(answer.status);
        response.set(http::field::content_type, answer.content_type);
        for (const auto& [name, value] : answer.headers) response.insert(name, value);
        const bool keep = request.keep_alive() && !self->shard_.stopping();
        response.keep_alive(keep);
        const std::size_t length = answer.body.size();
        const bool without_body = request.method() == http::verb::head || answer.status == 304;
        if (!without_body) response.body() = std::move(answer.body);
        if (answer.status != 304) response.content_length(length);
        self->stream_.expires_after(options.http_read_timeout);
        http::response_serializer<http::string_body> serializer(response);
        std::size_t sent = 0;
        error_code failed;
        if (without_body) {
            std::tie(failed, sent) =
                co_await http::async_write_header(self->stream_, serializer, awaitable_tuple);
        } else {
            std::tie(failed, sent) = co_await http::async_write(self->stream_, serializer, awaitable_tuple);
        }
        self->shard_.state().log.debug("http", "request",
                                       {{"method", std::string_view(request.method_string())},
                                        {"endpoint", answer.endpoint},
                                        {"status", static_cast<std::int64_t>(answer.status)}});
        co_return !failed && keep;
    }

    // The socket leaves HTTP and moves to the thread on which its user lives.
    static bool hand_over(HttpSession& self, AcceptedUpgrade accepted) {
        ServerState& state = self.shard_.state();
        WsConnection::Handshake handshake;
        handshake.response = std::move(accepted.response);
        handshake.introduction = std::move(accepted.introduction);
        handshake.expires = accepted.expires;
        handshake.early = beast::buffers_to_string(self.buffer_.data());
        NetShard& home = *self.shards_[shard_of(handshake.introduction.user, self.shards_.size())];
        Slot slot = Slot::take(state.web_sockets, state.options.max_connections);
        self.stream_.expires_never();
        tcp::socket socket = self.stream_.release_socket();
        error_code ec;
        if (!slot) {
            constexpr std::string_view full =
                "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
                "Connection: close\r\nContent-Length: 32\r\n\r\nService temporarily unavailable\n";
            socket.write_some(asio::buffer(full), ec);
            socket.shutdown(tcp::socket::shutdown_send, ec);
            return false;
        }
        socket.non_blocking(true, ec);
        if (&home == &self.shard_) {
            std::make_shared<WsConnection>(home, std::move(socket), std::move(slot))
                ->start(std::move(handshake));
            return false;
        }
        const tcp protocol = socket.local_endpoint(ec).protocol();
        struct Moving {
            tcp protocol;
            int handle;
            Slot slot;
            WsConnection::Handshake handshake;
        };
        auto moving = std::make_shared<Moving>(
            Moving{protocol, socket.release(ec), std::move(slot), std::move(handshake)});
        if (ec) return false;
        asio::post(home.loop(), [&home, moving] {
            tcp::socket arrived(home.loop());
            error_code failed;
            arrived.assign(moving->protocol, moving->handle, failed);
            if (failed) return;
            arrived.non_blocking(true, failed);
            std::make_shared<WsConnection>(home, std::move(arrived), std::move(moving->slot))
                ->start(std::move(moving->handshake));
        });
        return false;
    }

    static constexpr std::size_t read_bytes = 4096;

    NetShard& shard_;
    const std::vector<std::unique_ptr<NetShard>>& shards_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_{header_limit + read_bytes};
    Slot slot_;
    bool idle_ = false;
    bool served_any_ = false;
};

}  // namespace

void serve_http(NetShard& shard, const std::vector<std::unique_ptr<NetShard>>& shards, tcp::socket socket,
                Slot slot) {
    auto session = std::make_shared<HttpSession>(shard, shards, std::move(socket), std::move(slot));
    shard.join(*session);
    auto ended = [session](const std::exception_ptr& error) {
        if (error) {
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& e) {
                session->shard().state().log.error("http", "a session failed", {{"error", e.what()}});
            }
        }
        session->shard().part(*session);
    };
    asio::co_spawn(shard.loop(), HttpSession::run(session), std::move(ended));
}

}  // namespace chatbox::net
