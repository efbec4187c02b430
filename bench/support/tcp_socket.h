#pragma once
// A non-blocking TCP connection on the bench's event loop.
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/event_loop.h"

namespace chatbox::bench {

// An IPv4 loopback endpoint.
sockaddr_in loopback(std::uint16_t port);

// Opens a listening socket on 127.0.0.1; port 0 picks a free one. Throws std::system_error.
int listen_on_loopback(std::uint16_t port);
std::uint16_t local_port(int fd);

class TcpSocket final : public EventLoop::Handler {
public:
    // Is told one thing per wake-up, so that it may destroy the socket from inside any of these.
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual void on_connected() {}
        // Valid during the call.
        virtual void on_bytes(std::string_view bytes) = 0;
        // Everything queued has been handed to the kernel.
        virtual void on_drained() {}
        // The peer closed, or the connection broke; `why` is empty for an orderly end. Not called after
        // close().
        virtual void on_gone(std::string_view why) = 0;
    };

    TcpSocket(EventLoop& loop, Owner& owner);
    ~TcpSocket() override;
    TcpSocket(const TcpSocket&) = delete;
    TcpSocket& operator=(const TcpSocket&) = delete;

    // Starts to connect. `source` chooses the own address out of 127.0.0.0/8, because one address has only
    // 28 000 ports to offer.
    void connect(std::uint16_t port, std::uint32_t source);
    // Takes over an accepted socket.
    void adopt(int fd);

    // Sends now what the kernel takes and queues the rest.
    void send(std::string_view bytes);
    std::size_t queued() const { return out_.size() - out_sent_; }
    bool is_open() const { return fd_ >= 0; }
    void close();

private:
    void on_ready(std::uint32_t events) override;
    void finish_connect();
    void flush();
    void read_some();
    void fail(std::string_view why);
    void watch(std::uint32_t events);

    EventLoop& loop_;
    Owner& owner_;
    int fd_ = -1;
    bool connecting_ = false;
    std::uint32_t watched_ = 0;
    std::string out_;
    std::size_t out_sent_ = 0;
};

}  // namespace chatbox::bench
