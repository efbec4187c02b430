// The only translation unit that instantiates Beast: it is expensive to compile.
#include "http_session.h"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <iterator>

#include "origin.h"
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

// What answering a request needs to know of it once it was handled.
struct Manner {
    std::string method = "-";
    bool head = false;
    bool keep_alive = false;
    std::vector<std::pair<std::string, std::string>> cors;
};

// Everything on the shard's thread. While it waits for its client it may be ended to make room for another.
class HttpSession final : public NetShard::Member,
                          public NetShard::Waiting,
                          public TimerEntry,
                          public std::enable_shared_from_this<HttpSession> {
public:
    HttpSession(NetShard& shard, const std::vector<std::unique_ptr<NetShard>>& shards, tcp::socket socket,
                Slot slot)
        : shard_(shard), shards_(shards), socket_(std::move(socket)), slot_(std::move(slot)) {}

    // Serves request after request. `self` keeps the session alive while it runs.
    static asio::awaitable<void> run(std::shared_ptr<HttpSession> self) {
        error_code ec;
        self->peer_ = self->socket_.remote_endpoint(ec).address();
        while (!ec && !self->shard_.stopping()) {
            const bool more = co_await serve_one(self);
            if (!more) break;
        }
        self->TimerEntry::unlink();
        self->socket_.shutdown(tcp::socket::shutdown_send, ec);
    }

    void on_stop() override {
        if (idle_) socket_.cancel();
    }
    void on_cut() override { hang_up(); }

    Slot give_way() override {
        shard_.state().log.debug("http", "a waiting connection made room for another", {});
        hang_up();
        return std::exchange(slot_, Slot());
    }

    NetShard& shard() { return shard_; }

private:
    ServerState& state() const { return shard_.state(); }
    const Options& options() const { return shard_.state().options; }

    // --- deadlines: one at a time, of what is awaited from the client ---

    void within(base::Millis wait) {
        timed_out_ = false;
        deadline_ = state().clock.steady() + wait;
        shard_.wheel().schedule(*this, deadline_);
    }
    void on_due(base::Instant now) override {
        if (now < deadline_) return shard_.wheel().schedule(*this, deadline_);
        timed_out_ = true;
        error_code ignored;
        socket_.cancel(ignored);
    }
    void hang_up() {
        error_code ignored;
        socket_.close(ignored);
    }

    // --- one request ---

    // True when the connection goes on.
    static asio::awaitable<bool> serve_one(std::shared_ptr<HttpSession> self) {
        http::request_parser<http::string_body> parser;
        parser.header_limit(header_limit);
        parser.body_limit(self->options().http_max_body);
        self->shard_.waits(*self);
        const bool begun = co_await await_request(self);
        if (!begun) co_return false;
        const error_code ec = co_await read_request(self, parser);
        self->Waiting::unlink();
        self->TimerEntry::unlink();
        if (ec == http::error::end_of_stream || ec == asio::error::eof) co_return false;
        if (ec) co_return co_await refuse(self, ec);
        self->served_any_ = true;
        co_return co_await answer(self, parser.release());
    }

    // Until the first byte the connection is idle; then the request has its own, shorter time.
    static asio::awaitable<bool> await_request(std::shared_ptr<HttpSession> self) {
        if (self->buffer_.size() > 0) co_return true;
        self->idle_ = true;
        self->within(self->served_any_ ? self->options().http_idle_timeout
                                       : self->options().http_read_timeout);
        auto [ec, n] =
            co_await self->socket_.async_read_some(self->buffer_.prepare(read_bytes), awaitable_tuple);
        self->idle_ = false;
        self->buffer_.commit(n);
        co_return !ec;
    }

    static asio::awaitable<error_code> read_request(std::shared_ptr<HttpSession> self,
                                                    http::request_parser<http::string_body>& parser) {
        self->within(self->options().http_read_timeout);
        auto [ec, n] =
            co_await http::async_read_header(self->socket_, self->buffer_, parser, awaitable_tuple);
        if (ec) co_return ec;
        if (!acceptable(parser.get())) co_return make_error_code(http::error::bad_field);
        if (has_too_many_fields(parser.get())) co_return make_error_code(http::error::header_limit);
        if (parser.is_done()) co_return ec;
        if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
            constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            auto [failed, sent] =
                co_await asio::async_write(self->socket_, asio::buffer(go_on), awaitable_tuple);
            if (failed) co_return failed;
        }
        auto [failed, got] = co_await http::async_read(self->socket_, self->buffer_, parser, awaitable_tuple);
        co_return failed;
    }

    static bool has_too_many_fields(const Request& request) {
        return std::distance(request.begin(), request.end()) > max_fields;
    }
    // RFC 9112 section 3.2: exactly one Host in HTTP/1.1.
    static bool acceptable(const Request& request) {
        const auto hosts = request.count(http::field::host);
        return hosts == 1 || (hosts == 0 && request.version() < 11);
    }

    static asio::awaitable<bool> answer(std::shared_ptr<HttpSession> self, const Request request) {
        Manner manner;
        manner.method = text_of(request.method_string());
        manner.head = request.method() == http::verb::head;
        manner.keep_alive = request.keep_alive();
        auto plain = plain_request(request);
        if (!plain) {
            HttpAnswer bad = error_answer(400, "BAD_REQUEST", "Bad request");
            co_return co_await send(self, std::move(manner), std::move(bad));
        }
        self->find_client(*plain, request);
        const bool own = is_own_origin(plain->origin, {plain->host, plain->forwarded_host});
        CorsVerdict cors = check_cors(manner.method, plain->origin, own, self->options().cors_origins);
        manner.cors = std::move(cors.headers);
        if (cors.kind != CorsVerdict::Kind::pass) {
            HttpAnswer bare = without_body(cors.kind == CorsVerdict::Kind::refuse ? 403 : 204);
            co_return co_await send(self, std::move(manner), std::move(bare));
        }
        if (plain->method == "GET" && plain->path == self->options().prefix + "/ws") {
            co_return co_await open_web_socket(self, std::move(manner), std::move(*plain),
                                               upgrade_headers(request));
        }
        HttpAnswer answer = co_await answer_request(std::move(*plain), self->state());
        co_return co_await send(self, std::move(manner), std::move(answer));
    }

    static HttpAnswer without_body(unsigned status) {
        HttpAnswer answer;
        answer.status = status;
        answer.content_type.clear();
        return answer;
    }

    void find_client(HttpRequest& plain, const Request& request) const {
        const std::string forwarded = joined(request, "X-Forwarded-For");
        const std::string real = joined(request, "X-Real-IP");
        plain.client = state().guard.client_of(peer_, {forwarded, real});
        if (state().guard.is_trusted_proxy(peer_)) {
            plain.forwarded_host = text_of(request["X-Forwarded-Host"]);
        }
    }
    // All lines of one name, in order: a client may send one, and a proxy add another.
    static std::string joined(const Request& request, std::string_view name) {
        std::string all;
        const auto [first, last] = request.equal_range(beast::string_view(name.data(), name.size()));
        for (auto at = first; at != last; ++at) {
            if (!all.empty()) all += ',';
            all += text_of(at->value());
        }
        return all;
    }

    // A request that could not be read: say why where that helps, and hang up.
    static asio::awaitable<bool> refuse(std::shared_ptr<HttpSession> self, error_code ec) {
        HttpAnswer answer;
        if (ec == http::error::body_limit) {
            answer = error_answer(413, "BAD_REQUEST", "Request body too large");
        } else if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
            answer = error_answer(431, "BAD_REQUEST", "Request header too large");
        } else if (self->timed_out_) {
            answer = error_answer(408, "BAD_REQUEST", "Request took too long");
        } else if (ec.category() == http::make_error_code(http::error::bad_method).category()) {
            answer = error_answer(400, "BAD_REQUEST", "Bad request");
        } else {
            co_return false;  // the connection itself is broken
        }
        (void)co_await send(self, Manner(), std::move(answer));
        co_await linger(self);
        co_return false;
    }

    // What the client still sends is read for a while and dropped: closing a socket with unread bytes resets
    // it, and the client might not see the answer.
    static asio::awaitable<void> linger(std::shared_ptr<HttpSession> self) {
        error_code ec;
        self->socket_.shutdown(tcp::socket::shutdown_send, ec);
        self->within(linger_time);
        self->shard_.waits(*self);
        self->buffer_.clear();
        for (std::size_t dropped = 0; !ec && dropped < linger_bytes;) {
            auto [failed, n] =
                co_await self->socket_.async_read_some(self->buffer_.prepare(read_bytes), awaitable_tuple);
            ec = failed;
            dropped += n;
        }
        self->Waiting::unlink();
    }

    // --- answering ---

    static asio::awaitable<bool> send(std::shared_ptr<HttpSession> self, Manner manner, HttpAnswer answer) {
        // A page of a foreign origin learns nothing, not even how we protect ourselves (contract section 4).
        if (!answer.content_type.empty()) add_common_headers(answer, self->options());
        http::response<http::string_body> response;
        response.version(11);
        response.result(answer.status);
        if (!answer.content_type.empty()) response.set(http::field::content_type, answer.content_type);
        for (const auto& [name, value] : answer.headers) response.insert(name, value);
        for (const auto& [name, value] : manner.cors) response.insert(name, value);
        const bool keep = manner.keep_alive && !self->shard_.stopping();
        response.keep_alive(keep);
        const std::size_t length = answer.body.size();
        const bool bodiless = answer.status == 204 || answer.status == 304;
        const bool header_only = manner.head || bodiless;
        if (!header_only) response.body() = std::move(answer.body);
        if (!bodiless) response.content_length(length);
        self->state().log.debug("http", "request",
                                {{"method", manner.method},
                                 {"endpoint", answer.endpoint},
                                 {"status", static_cast<std::int64_t>(answer.status)}});
        const bool sent = co_await write(self, response, header_only);
        co_return sent&& keep;
    }

    // A slow client is waited for as long as it takes something now and then, but not for ever.
    static asio::awaitable<bool> write(std::shared_ptr<HttpSession> self,
                                       http::response<http::string_body>& response, bool header_only) {
        http::response_serializer<http::string_body> serializer(response);
        serializer.split(header_only);
        const base::Instant end = self->state().clock.steady() + self->options().http_write_timeout;
        error_code ec;
        while (!ec && !(header_only ? serializer.is_header_done() : serializer.is_done())) {
            const auto left = std::chrono::ceil<base::Millis>(end - self->state().clock.steady());
            if (left.count() <= 0) co_return false;
            self->within(std::min(left, self->options().write_wait));
            auto [failed, n] = co_await http::async_write_some(self->socket_, serializer, awaitable_tuple);
            ec = failed;
        }
        self->TimerEntry::unlink();
        co_return !ec;
    }

    // --- leaving HTTP ---

    static asio::awaitable<bool> open_web_socket(std::shared_ptr<HttpSession> self, Manner manner,
                                                 HttpRequest request, UpgradeHeaders headers) {
        ServerState& state = self->state();
        if (auto refused = state.guard.admit_handshake(request.client, state.clock.steady())) {
            state.metrics.add(base::Count::connection_limited);
            co_return co_await send(self, std::move(manner), std::move(*refused));
        }
        auto checked = co_await check_upgrade(std::move(request), std::move(headers), state);
        if (auto* refused = std::get_if<HttpAnswer>(&checked)) {
            HttpAnswer answer = std::move(*refused);
            co_return co_await send(self, std::move(manner), std::move(answer));
        }
        Slot slot = Slot::take(state.web_sockets, state.options.max_connections);
        if (!slot) {
            manner.keep_alive = false;
            HttpAnswer full;
            full.status = 503;
            full.content_type = "text/plain; charset=utf-8";
            full.body = "Service temporarily unavailable\n";
            co_return co_await send(self, std::move(manner), std::move(full));
        }
        self->hand_over(std::get<AcceptedUpgrade>(std::move(checked)), std::move(slot),
                        std::move(manner.cors));
        co_return false;
    }

    // The socket moves to the thread on which its user lives.
    void hand_over(AcceptedUpgrade accepted, Slot slot,
                   std::vector<std::pair<std::string, std::string>> refusal_headers) {
        WsConnection::Handshake handshake;
        handshake.response = std::move(accepted.response);
        handshake.introduction = std::move(accepted.introduction);
        handshake.expires = accepted.expires;
        handshake.early = beast::buffers_to_string(buffer_.data());
        handshake.refusal_headers = std::move(refusal_headers);
        NetShard& home = *shards_[shard_of(handshake.introduction.user, shards_.size())];
        tcp::socket socket = std::move(socket_);
        error_code ec;
        socket.non_blocking(true, ec);
        if (&home == &shard_) {
            std::make_shared<WsConnection>(home, std::move(socket), std::move(slot))
                ->start(std::move(handshake));
            return;
        }
        struct Moving {
            tcp protocol;
            int handle;
            Slot slot;
            WsConnection::Handshake handshake;
        };
        const tcp protocol = peer_.is_v6() ? tcp::v6() : tcp::v4();
        auto moving = std::make_shared<Moving>(
            Moving{protocol, socket.release(ec), std::move(slot), std::move(handshake)});
        if (ec) return;
        asio::post(home.loop(), [&home, moving] {
            tcp::socket arrived(home.loop());
            error_code failed;
            arrived.assign(moving->protocol, moving->handle, failed);
            if (failed) {
                ::close(moving->handle);  // nobody else knows of it
                return;
            }
            arrived.non_blocking(true, failed);
            std::make_shared<WsConnection>(home, std::move(arrived), std::move(moving->slot))
                ->start(std::move(moving->handshake));
        });
    }

    static constexpr std::size_t read_bytes = 4096;
    static constexpr std::ptrdiff_t max_fields = 100;
    static constexpr base::Millis linger_time{2000};
    static constexpr std::size_t linger_bytes = 4 * 1024 * 1024;

    NetShard& shard_;
    const std::vector<std::unique_ptr<NetShard>>& shards_;
    tcp::socket socket_;
    beast::flat_buffer buffer_{header_limit + read_bytes};
    Slot slot_;
    Address peer_;
    base::Instant deadline_{};
    bool timed_out_ = false;
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
