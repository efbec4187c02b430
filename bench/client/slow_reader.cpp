#include "client/slow_reader.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "support/tcp_socket.h"

namespace chatbox::bench {

namespace {
constexpr int kReceiveBuffer = 2048;
constexpr std::size_t kBytesAtOnce = 100;  // ten times a second

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}
}  // namespace

SlowReader::~SlowReader() {
    if (fd_ >= 0) ::close(fd_);
}

void SlowReader::connect(std::uint16_t port, const std::string& path) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) fail("socket");
    // Before connecting: it limits the window that is offered.
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    const sockaddr_in server = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) fail("connect");
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                                "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
        fail("send");
    }
    open_ = true;
    read_some();
}

void SlowReader::read_some() {
    std::array<char, kBytesAtOnce> bytes;
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0) bytes_read_ += static_cast<std::uint64_t>(got);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        open_ = false;
        return;
    }
    loop_.at(now_ns() + 100 * kMillisecond, [this] { read_some(); });
}

}  // namespace chatbox::bench
