#include "ws_connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "routes.h"
#include "token_check.h"
#include "wire/server_frame.h"

namespace chatbox::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// How long the peer may take to answer our close frame.
constexpr base::Millis close_wait{3000};
constexpr int reads_per_event = 4;  // then others get their turn

struct CloseWords {
    std::uint16_t code;
    std::string_view reason;
};

CloseWords words_for(chat::CloseReason reason, wire::Version version) {
    switch (reason) {
        case chat::CloseReason::shutting_down:
            return {1001, "Server shutting down"};
        case chat::CloseReason::token_expired:
            if (version == wire::Version::v2) return {4001, "token expired: refresh and come back"};
            return {1008, "Authentication token has expired"};
        case chat::CloseReason::too_slow:
            return {1013, "Reading too slowly, come back and resume"};
    }
    return {1011, ""};
}

}  // namespace

WsConnection::WsConnection(NetShard& shard, asio::ip::tcp::socket socket, Slot slot)
    : shard_(shard),
      socket_(std::move(socket)),
      slot_(std::move(slot)),
      decoder_(shard.state().options.max_message_bytes) {}

WsConnection::~WsConnection() = default;

void WsConnection::start(Handshake handshake) {
    outbox() = std::move(handshake.response);
    expires_ = handshake.expires;
    version_ = handshake.introduction.version;
    admin_ = handshake.introduction.admin;
    auto joined = shard_.hub().connect(handshake.introduction, *this);
    if (!joined) {
        const bool limit = joined.error().code == base::Errc::limit;
        if (limit) shard_.state().metrics.add(base::Count::connection_limited);
        HttpAnswer answer;
        answer.status = limit ? 429 : 503;
        answer.content_type = "text/plain; charset=utf-8";
        answer.body = limit ? "Connection limit exceeded, please try again later\n"
                            : "Service temporarily unavailable\n";
        answer.headers = std::move(handshake.refusal_headers);
        add_common_headers(answer, shard_.state().options);
        error_code ignored;
        socket_.write_some(asio::buffer(last_answer(answer)), ignored);  // a few bytes into an empty buffer
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        return;
    }
    client_ = std::move(*joined);
    shard_.join(*this);
    const base::Instant now = shard_.state().clock.steady();
    opened_ = now;
    shard_.state().metrics.connection_opened();
    next_ping_ = now + shard_.state().options.ping_period;
    pong_deadline_ = now + shard_.state().options.pong_wait;
    queued();
    schedule(now);
    if (!handshake.early.empty()) take(std::span<char>(handshake.early.data(), handshake.early.size()));
    if (!dropped_) wait_readable();
}

// --- reading ---

void WsConnection::wait_readable() {
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
        if (!ec && !self->dropped_) self->on_readable();
    });
}

void WsConnection::on_readable() {
    std::vector<char>& buffer = shard_.read_buffer();
    for (int i = 0; i < reads_per_event && !dropped_; ++i) {
        error_code ec;
        const std::size_t got = socket_.read_some(asio::buffer(buffer), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) break;
        if (ec) return drop(ec == asio::error::eof ? "closed by peer" : ec.message());
        take(std::span<char>(buffer.data(), got));
        if (got < buffer.size()) break;
    }
    if (!dropped_) wait_readable();
}

void WsConnection::take(std::span<char> bytes) {
    decoder_.feed(bytes, [this](const WsItem& item) { return on_item(item); });
}

bool WsConnection::on_item(const WsItem& item) {
    switch (item.kind) {
        case WsKind::message:
            slow_message_ = false;
            if (!closing_) client_->on_frame(item.payload);
            break;
        case WsKind::ping:
            if (!closing_) {
                append_ws_frame(outbox(), WsOpcode::pong, item.payload);
                queued();
                check_outbox();
            }
            break;
        case WsKind::pong:
            pong_deadline_ = shard_.state().clock.steady() + shard_.state().options.pong_wait;
            break;
        case WsKind::close:
            on_peer_close(item);
            break;
        case WsKind::failure:
            fail(item.code, item.code == 1009 ? "" : "Protocol error");
            break;
    }
    return !dropped_;
}

void WsConnection::on_peer_close(const WsItem& item) {
    peer_closed_ = true;
    if (!closing_) {
        if (item.code == 1005) {
            append_ws_frame(outbox(), WsOpcode::close, {});
        } else {
            append_ws_close(outbox(), item.code, {});
        }
        closing_ = true;
        close_deadline_ = shard_.state().clock.steady() + close_wait;
        queued();
    }
    if (unsent() == 0) drop("closed by peer");
}

void WsConnection::fail(std::uint16_t code, std::string_view reason) {
    // What the peer still sends means nothing, but is read: closing a socket with unread bytes resets it, and
    // the peer would not see why.
    failed_ = true;
    begin_close(code, reason, close_wait);
}

// --- writing ---

std::string& WsConnection::outbox() {
    if (!out_) out_ = shard_.borrow_buffer();
    return *out_;
}

void WsConnection::send(std::string_view frame) {
    if (closing_ || dropped_) return;
    append_ws_frame(outbox(), WsOpcode::text, frame);
    shard_.state().metrics.add(base::Count::message_sent);
    queued();
    check_outbox();
}

void WsConnection::check_outbox() {
    if (unsent() > shard_.state().options.outbox_bytes) close(chat::CloseReason::too_slow);
}

bool WsConnection::congested() const {
    const bool yes = unsent() > shard_.state().options.merge_bytes;
    was_congested_ = was_congested_ || yes;
    return yes;
}

void WsConnection::queued() {
    if (flush_scheduled_ || blocked_ || dropped_) return;
    flush_scheduled_ = true;
    shard_.flush_later(shared_from_this());
}

void WsConnection::flush() {
    flush_scheduled_ = false;
    while (!dropped_ && !blocked_ && unsent() > 0) {
        error_code ec;
        const std::size_t n = socket_.write_some(asio::buffer(out_->data() + sent_, unsent()), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) {
            blocked_ = true;
            const base::Instant now = shard_.state().clock.steady();
            write_deadline_ = now + shard_.state().options.write_wait;
            schedule(now);
            socket_.async_wait(asio::ip::tcp::socket::wait_write,
                               [self = shared_from_this()](error_code failed) {
                                   if (!failed) self->on_writable();
                               });
            return;
        }
        if (ec) return drop(ec.message());
        sent_ += n;
    }
    if (!dropped_ && out_ && unsent() == 0) sent_all();
}

void WsConnection::on_writable() {
    if (dropped_) return;
    blocked_ = false;
    // What was sent is dropped now and then, so that a reader who is always a little behind costs no more.
    if (out_ && sent_ > 0) {
        out_->erase(0, sent_);
        sent_ = 0;
    }
    flush();
    if (!dropped_ && was_congested_ && unsent() <= shard_.state().options.merge_bytes) {
        was_congested_ = false;
        client_->on_drained();
    }
}

void WsConnection::sent_all() {
    shard_.give_back(std::move(out_));
    sent_ = 0;
    if (closing_ && peer_closed_) return drop("closed");
    if (failed_) {
        error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }
    if (std::exchange(was_congested_, false)) client_->on_drained();
}

// --- ending ---

void WsConnection::refresh(std::string token) {
    const ServerState& state = shard_.state();
    if (refreshing_) {
        std::string frame;
        wire::append_fault(frame, wire::Fault::busy(), {}, state.clock.now(), version_);
        return send(frame);
    }
    refreshing_ = true;
    auto done = [weak = weak_from_this()](const base::Result<auth::Identity>& identity) {
        if (const auto self = weak.lock()) self->on_refreshed(identity);
    };
    check_token(std::move(token), state, shard_.loop().get_executor(), std::move(done));
}

void WsConnection::on_refreshed(const base::Result<auth::Identity>& identity) {
    refreshing_ = false;
    if (closing_ || dropped_) return;
    const ServerState& state = shard_.state();
    const base::Time now = state.clock.now();
    std::string frame;
    // Who it is, and what it may do, was settled when it connected: another role needs another connection.
    if (!identity || !client_ || identity->user != client_->user_id() || identity->is_admin() != admin_) {
        if (identity) state.log.info("auth", "token refused", {{"cause", "another user or role"}});
        wire::append_fault(frame, wire::Fault::bad_token(), {}, now, version_);
        return send(frame);
    }
    expires_ = identity->expires;
    warned_ = false;
    schedule(state.clock.steady());
    wire::append_token_time(frame, true, std::chrono::duration_cast<base::Millis>(expires_ - now), now);
    send(frame);
}

// Version 2 is told in time to bring a new token; when the old one has ended the connection does, too.
void WsConnection::watch_token() {
    const base::Time now = shard_.state().clock.now();
    std::string frame;
    if (now >= expires_) {
        wire::append_fault(frame, wire::Fault::expired(), {}, now, version_);
        send(frame);
        close(chat::CloseReason::token_expired);
    } else if (now >= warning_time()) {
        warned_ = true;
        wire::append_token_time(frame, false, expires_ - now, now);
        send(frame);
    }
}

// Of the next thing to do about the token.
base::Time WsConnection::warning_time() const {
    const bool wanted = version_ == wire::Version::v2 && !warned_;
    return wanted ? expires_ - shard_.state().options.token_warning : expires_;
}

void WsConnection::close(chat::CloseReason reason) {
    const CloseWords words = words_for(reason, version_);
    const bool slow = reason == chat::CloseReason::too_slow;
    begin_close(words.code, words.reason, slow ? shard_.state().options.write_wait : close_wait);
}

void WsConnection::begin_close(std::uint16_t code, std::string_view reason, base::Millis wait) {
    if (closing_ || dropped_) return;
    append_ws_close(outbox(), code, reason);
    closing_ = true;
    const base::Instant now = shard_.state().clock.steady();
    close_deadline_ = now + wait;
    schedule(now);
    queued();
}

void WsConnection::on_stop() {
    close(chat::CloseReason::shutting_down);
}

void WsConnection::on_due(base::Instant now) {
    const auto keep = shared_from_this();
    if (closing_ && now >= close_deadline_) return drop("no answer to a close");
    if (blocked_ && now >= write_deadline_) return drop("the peer does not read");
    if (now >= pong_deadline_) return drop("no pong");
    if (!closing_) watch_token();
    if (!closing_ && now >= next_ping_) {
        // What is held for a message that does not come to its end is memory that only this client uses.
        const bool incomplete = decoder_.incomplete();
        if (incomplete && slow_message_) return fail(1008, "A message was not completed in time");
        slow_message_ = incomplete;
        next_ping_ = now + shard_.state().options.ping_period;
        append_ws_frame(outbox(), WsOpcode::ping, {});
        queued();
    }
    schedule(now);
}

// To be visited when the first of all deadlines comes.
void WsConnection::schedule(base::Instant now) {
    base::Instant due = std::min(next_ping_, pong_deadline_);
    if (closing_) due = std::min(pong_deadline_, close_deadline_);
    if (blocked_) due = std::min(due, write_deadline_);
    if (!closing_) due = std::min(due, now + (warning_time() - shard_.state().clock.now()));
    shard_.wheel().schedule(*this, due);
}

void WsConnection::drop(std::string_view why) {
    if (dropped_) return;
    dropped_ = true;
    const auto keep = shared_from_this();
    shard_.state().log.debug("websocket", "connection ended", {{"cause", why}});
    if (client_) client_->leave();
    shard_.state().metrics.connection_closed(
        std::chrono::duration_cast<base::Millis>(shard_.state().clock.steady() - opened_));
    TimerEntry::unlink();
    if (out_) shard_.give_back(std::move(out_));
    sent_ = 0;
    error_code ignored;
    socket_.close(ignored);
    slot_ = Slot();
    shard_.part(*this);
}

}  // namespace chatbox::net
