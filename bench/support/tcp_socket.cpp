#include "support/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace chatbox::bench {
namespace {

// One read area for all connections of the process: it is only used between a read and its callback.
std::array<char, 256 * 1024>& read_area() {
    static thread_local std::array<char, 256 * 1024> area;
    return area;
}

void set_option(int fd, int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof value);
}

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int bind_to(int fd, const sockaddr_in& address) {
    return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int listen_on_loopback(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw_errno("socket");
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind_to(fd, loopback(port)) != 0 || listen(fd, 4096) != 0) throw_errno("listen");
    return fd;
}

std::uint16_t local_port(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) throw_errno("getsockname");
    return ntohs(address.sin_port);
}

TcpSocket::TcpSocket(EventLoop& loop, Owner& owner) : loop_(loop), owner_(owner) {}

TcpSocket::~TcpSocket() {
    close();
}

void TcpSocket::connect(std::uint16_t port, std::uint32_t source) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw_errno("socket");
    set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    sockaddr_in own = loopback(0);
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + source % 64);
    if (bind_to(fd_, own) != 0) throw_errno("bind");
    const sockaddr_in peer = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0 && errno != EINPROGRESS) {
        throw_errno("connect");
    }
    connecting_ = true;
    watched_ = EPOLLOUT;
    loop_.add(fd_, watched_, *this);
}

void TcpSocket::adopt(int fd) {
    fd_ = fd;
    set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
    watched_ = EPOLLIN;
    loop_.add(fd_, watched_, *this);
}

void TcpSocket::close() {
    if (fd_ < 0) return;
    loop_.remove(fd_, *this);
    ::close(fd_);
    fd_ = -1;
}

void TcpSocket::watch(std::uint32_t events) {
    if (events == watched_) return;
    watched_ = events;
    loop_.modify(fd_, events, *this);
}

void TcpSocket::send(std::string_view bytes) {
    if (fd_ < 0) return;
    if (queued() == 0 && !connecting_) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent == static_cast<ssize_t>(bytes.size())) return;
        // A broken connection is reported by the read that follows, not from inside send().
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    out_.append(bytes);
    watch(EPOLLIN | EPOLLOUT);
}

void TcpSocket::on_ready(std::uint32_t events) {
    if (connecting_) {
        finish_connect();
    } else if ((events & EPOLLIN) != 0) {
        read_some();
    } else if ((events & EPOLLOUT) != 0 && (events & (EPOLLERR | EPOLLHUP)) == 0) {
        flush();
    } else {
        read_some();
    }
}

void TcpSocket::finish_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        fail(std::strerror(error));
        return;
    }
    connecting_ = false;
    watch(queued() > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    owner_.on_connected();
}

void TcpSocket::flush() {
    const ssize_t sent = ::send(fd_, out_.data() + out_sent_, queued(), MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) fail(std::strerror(errno));
        return;
    }
    out_sent_ += static_cast<std::size_t>(sent);
    if (queued() > 0) return;
    out_.clear();
    out_sent_ = 0;
    watch(EPOLLIN);
    owner_.on_drained();
}

void TcpSocket::read_some() {
    auto& area = read_area();
    const ssize_t count = recv(fd_, area.data(), area.size(), 0);
    if (count > 0) {
        owner_.on_bytes(std::string_view(area.data(), static_cast<std::size_t>(count)));
    } else if (count == 0) {
        fail("");
    } else if (errno != EAGAIN && errno != EINTR) {
        fail(std::strerror(errno));
    }
}

void TcpSocket::fail(std::string_view why) {
    close();
    owner_.on_gone(why);
}

}  // namespace chatbox::bench
