#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <system_error>
#include <thread>

namespace chatbox::server {

// Listens on a free port of loopback, takes one connection, reads one request, sends one answer.
class OneAnswerServer {
public:
    static constexpr const char* never = nullptr;  // accepts and stays silent

    explicit OneAnswerServer(const char* answer) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 4) != 0 ||
            ::getsockname(listener_, generic, &size) != 0) {
            throw std::system_error(errno, std::generic_category());
        }
        port_ = ntohs(address.sin_port);
        if (answer != never) thread_ = std::jthread([this, answer] { serve(answer); });
    }
    ~OneAnswerServer() {
        ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
        if (thread_.joinable()) thread_.join();
        ::close(listener_);
    }
    OneAnswerServer(const OneAnswerServer&) = delete;
    OneAnswerServer& operator=(const OneAnswerServer&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    // After the answer.
    std::string request() {
        thread_.join();
        return request_;
    }

private:
    void serve(const std::string& answer) {
        const int peer = ::accept(listener_, nullptr, nullptr);
        if (peer < 0) return;
        char part[4096];
        while (request_.find("\r\n\r\n") == std::string::npos) {
            const ssize_t n = ::recv(peer, part, sizeof part, 0);
            if (n <= 0) break;
            request_.append(part, static_cast<std::size_t>(n));
        }
        ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
        ::close(peer);
    }

    int listener_ = -1;
    int port_ = 0;
    std::string request_;
    std::jthread thread_;
};

}  // namespace chatbox::server
