#pragma once
// A WebSocket client (RFC 6455), as little of it as a load client needs: no fragments, no extensions.
#include <cstdint>
#include <string>
#include <string_view>

#include "support/tcp_socket.h"

namespace chatbox::bench {

enum class Opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

class WsSocket final : TcpSocket::Owner {
public:
    // Called from the event loop. May close() the socket from inside, but must not destroy it there.
    class Listener {
    public:
        virtual ~Listener() = default;
        virtual void on_open() {}
        virtual void on_frame(Opcode opcode, std::string_view payload) = 0;
        // The connection ended, was refused or broke the protocol. Not called after close().
        virtual void on_closed(std::string_view why) = 0;
    };

    WsSocket(EventLoop& loop, Listener& listener) : tcp_(loop, *this), listener_(listener) {}

    // `path` with its query, as it stands in the request line.
    void connect(std::uint16_t port, std::string_view path, std::uint32_t source);
    void send(Opcode opcode, std::string_view payload);
    void close() { tcp_.close(); }
    bool is_open() const { return tcp_.is_open(); }
    // Bytes of frames, headers included, since the handshake.
    std::uint64_t bytes_received() const { return bytes_received_; }

private:
    void on_connected() override;
    void on_bytes(std::string_view bytes) override;
    void on_gone(std::string_view why) override;
    std::size_t take_handshake(std::string_view bytes);
    std::size_t take_frame(std::string_view bytes);
    void fail(std::string_view why);

    TcpSocket tcp_;
    Listener& listener_;
    bool open_ = false;
    std::string request_;
    std::string partial_;  // an incomplete handshake or frame
    std::uint64_t bytes_received_ = 0;
};

}  // namespace chatbox::bench
