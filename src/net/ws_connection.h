#pragma once
// One WebSocket after its handshake: the transport of one chat::Client.
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "chat/client.h"
#include "chat/peer.h"
#include "shard.h"
#include "ws_codec.h"

namespace chatbox::net {

// Lives on its shard's thread. Callbacks instead of a coroutine: an idle connection then holds no frame, no
// buffer and no timer of its own, only one wait for readability.
class WsConnection final : public chat::Peer,
                           public TimerEntry,
                           public NetShard::Member,
                           public std::enable_shared_from_this<WsConnection> {
public:
    struct Handshake {
        std::string response;  // the 101, sent in front of the first frame
        chat::Introduction introduction;
        base::Time expires{};  // of the token
        std::string early;     // what the client sent behind its request
        // Of an answer that refuses the connection after all.
        std::vector<std::pair<std::string, std::string>> refusal_headers;
    };

    // `socket` belongs to the shard's loop and is non-blocking.
    WsConnection(NetShard& shard, boost::asio::ip::tcp::socket socket, Slot slot);
    ~WsConnection() override;

    // Joins the hub. When that is refused the client gets an HTTP answer and the connection ends.
    void start(Handshake handshake);
    // Writes what is unsent, as far as the socket takes it.
    void flush();

    void send(std::string_view frame) override;
    bool congested() const override;
    void refresh(std::string token) override;
    void close(chat::CloseReason reason) override;

private:
    void on_due(base::Instant now) override;
    void on_stop() override;
    void on_cut() override { drop("cut off at the end of the server"); }

    void on_refreshed(const base::Result<auth::Identity>& identity);
    void watch_token();
    base::Time warning_time() const;

    void wait_readable();
    void on_readable();
    void take(std::span<char> bytes);
    bool on_item(const WsItem& item);
    void on_peer_close(const WsItem& item);
    void fail(std::uint16_t code, std::string_view reason);

    std::string& outbox();
    void queued();
    void check_outbox();
    void on_writable();
    void sent_all();
    std::size_t unsent() const { return out_ ? out_->size() - sent_ : 0; }
    void begin_close(std::uint16_t code, std::string_view reason, base::Millis wait);
    void schedule(base::Instant now);
    void drop(std::string_view why);

    NetShard& shard_;
    boost::asio::ip::tcp::socket socket_;
    Slot slot_;
    std::shared_ptr<chat::Client> client_;
    WsDecoder decoder_;
    std::unique_ptr<std::string> out_;  // null: nothing unsent
    std::size_t sent_ = 0;
    base::Instant opened_{};
    base::Instant next_ping_{};
    base::Instant pong_deadline_{};
    base::Instant write_deadline_{};  // while blocked_
    base::Instant close_deadline_{};  // while closing_
    base::Time expires_{};            // of the token
    wire::Version version_ = wire::Version::v1;
    bool flush_scheduled_ = false;
    bool blocked_ = false;      // the socket takes no more; waiting for writability
    bool closing_ = false;      // a close frame is queued: nothing may follow it
    bool peer_closed_ = false;  // the peer's close was received: TCP ends when all is sent
    bool failed_ = false;       // the peer broke the protocol: what it still sends is read and dropped
    bool dropped_ = false;
    bool admin_ = false;         // what its token said when it connected
    bool warned_ = false;        // of the end of the token that is in force
    bool refreshing_ = false;    // a token is being checked
    bool slow_message_ = false;  // no message was completed since the last ping, and one had begun
    mutable bool was_congested_ = false;
};

}  // namespace chatbox::net
