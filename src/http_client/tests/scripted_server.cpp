#include "scripted_server.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace chatbox::http_client::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string ReceivedRequest::header(std::string_view name) const {
    std::string lower = head;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto at = lower.find("\r\n" + std::string(name) + ":");
    if (at == lower.npos) return {};
    auto from = at + 2 + name.size() + 1;
    while (head[from] == ' ') ++from;
    return head.substr(from, head.find("\r\n", from) - from);
}

void Peer::send(std::string bytes, std::function<void()> then) {
    output_.push_back({std::move(bytes), std::move(then)});
    if (output_.size() == 1) write_next();
}

void Peer::write_next() {
    asio::async_write(socket_, asio::buffer(output_.front().bytes),
                      [self = shared_from_this()](error_code ec, std::size_t) {
                          if (ec) return;
                          const auto then = std::move(self->output_.front().then);
                          self->output_.pop_front();
                          if (!self->output_.empty()) self->write_next();
                          if (then) then();
                          if (self->output_.empty() && self->closing_) self->close();
                      });
}

void Peer::close() {
    closing_ = true;
    if (!output_.empty()) return;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
}

void Peer::reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

void Peer::serve(std::shared_ptr<OnRequest> on_request) {
    socket_.async_read_some(asio::buffer(read_area_),
                            [self = shared_from_this(), on_request](error_code ec, std::size_t n) {
                                if (ec) {
                                    if (self->socket_.is_open()) self->closed_by_client_ = true;
                                    return;
                                }
                                self->input_.append(self->read_area_, 0, n);
                                self->take_requests(*on_request);
                                if (self->socket_.is_open()) self->serve(on_request);
                            });
}

void Peer::take_requests(OnRequest& on_request) {
    for (;;) {
        const auto end = input_.find("\r\n\r\n");
        if (end == input_.npos) return;
        ReceivedRequest request;
        request.head = input_.substr(0, end + 2);
        const std::string length = request.header("content-length");
        std::size_t body = 0;
        std::from_chars(length.data(), length.data() + length.size(), body);
        if (input_.size() < end + 4 + body) return;
        request.body = input_.substr(end + 4, body);
        input_.erase(0, end + 4 + body);
        on_request(*this, request);
    }
}

ScriptedServer::ScriptedServer(asio::io_context& loop, OnRequest on_request)
    : acceptor_(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      on_request_(std::make_shared<OnRequest>(std::move(on_request))) {
    accept();
}

ScriptedServer::~ScriptedServer() = default;

void ScriptedServer::accept() {
    acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
        if (ec) return;  // the server is gone
        ++connections_;
        socket.set_option(tcp::no_delay(true));
        last_peer_ = std::make_shared<Peer>(std::move(socket));
        last_peer_->serve(on_request_);
        accept();
    });
}

std::string ScriptedServer::url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

bool run_until(asio::io_context& loop, const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        if (loop.stopped()) loop.restart();
        loop.run_one_for(std::chrono::seconds(1));
    }
    return true;
}

std::string answer(std::string_view status_and_reason, std::string_view headers, std::string_view body) {
    return "HTTP/1.1 " + std::string(status_and_reason) + "\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string chunk(std::string_view bytes) {
    std::array<char, 20> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    return std::string(size.data(), end) + "\r\n" + std::string(bytes) + "\r\n";
}

}  // namespace chatbox::http_client::testing
