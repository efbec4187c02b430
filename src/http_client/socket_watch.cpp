#include "socket_watch.h"

#include <boost/asio/error.hpp>
#include <utility>

namespace chatbox::http_client {

namespace asio = boost::asio;
using boost::system::error_code;

bool SocketWatch::open(curl_socket_t socket) {
    error_code ec;
    descriptor_.assign(socket, ec);
    return !ec;
}

bool SocketWatch::want(int what) {
    want_direction(read_, (what & CURL_POLL_IN) != 0);
    want_direction(write_, (what & CURL_POLL_OUT) != 0);
    return write_.wanted || !write_.was_waited_for || forget_writing();
}

void SocketWatch::want_direction(Direction& direction, bool wanted) {
    direction.wanted = wanted;
    if (wanted && !direction.waiting) wait(direction, shared_from_this());
}

// Asio never takes a socket's EPOLLOUT back. A socket is nearly always writable, so each new wait for reading
// would wake the loop up once more for nothing: with one registration more per request, a token costs half
// the wake-ups. The waits that run are aborted, and begin again in their handlers.
bool SocketWatch::forget_writing() {
    write_.was_waited_for = false;
    return open(descriptor_.release());
}

void SocketWatch::release() {
    listener_ = nullptr;
    descriptor_.release();
}

// `self` travels from wait to wait, so that a socket that is read a thousand times counts its references
// once.
void SocketWatch::wait(Direction& direction, std::shared_ptr<SocketWatch> self) {
    direction.waiting = true;
    direction.was_waited_for = true;
    descriptor_.async_wait(direction.wait_for, [&direction, self = std::move(self)](error_code ec) mutable {
        SocketWatch& watch = *self;
        direction.waiting = false;
        if (watch.listener_ == nullptr || !direction.wanted) return;
        if (ec != asio::error::operation_aborted)
            watch.listener_->on_ready(watch.descriptor_.native_handle(),
                                      ec ? CURL_CSELECT_ERR : direction.event);
        if (watch.listener_ != nullptr && direction.wanted && !direction.waiting)
            watch.wait(direction, std::move(self));
    });
}

}  // namespace chatbox::http_client
