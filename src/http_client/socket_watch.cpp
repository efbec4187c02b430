#include "socket_watch.h"

#include <utility>

namespace chatbox::http_client {

namespace asio = boost::asio;
using boost::system::error_code;

bool SocketWatch::open(curl_socket_t socket) {
    error_code ec;
    descriptor_.assign(socket, ec);
    return !ec;
}

void SocketWatch::want(int what) {
    want(read_, (what & CURL_POLL_IN) != 0);
    want(write_, (what & CURL_POLL_OUT) != 0);
}

void SocketWatch::want(Direction& direction, bool wanted) {
    direction.wanted = wanted;
    if (wanted && !direction.waiting) wait(direction, shared_from_this());
}

void SocketWatch::release() {
    listener_ = nullptr;
    descriptor_.release();
}

// `self` travels from wait to wait, so that a socket that is read a thousand times counts its references
// once.
void SocketWatch::wait(Direction& direction, std::shared_ptr<SocketWatch> self) {
    direction.waiting = true;
    descriptor_.async_wait(direction.wait_for, [&direction, self = std::move(self)](error_code ec) mutable {
        SocketWatch& watch = *self;
        direction.waiting = false;
        if (watch.listener_ == nullptr || !direction.wanted) return;
        watch.listener_->on_ready(watch.descriptor_.native_handle(), ec ? CURL_CSELECT_ERR : direction.event);
        if (watch.listener_ != nullptr && direction.wanted && !direction.waiting)
            watch.wait(direction, std::move(self));
    });
}

}  // namespace chatbox::http_client
