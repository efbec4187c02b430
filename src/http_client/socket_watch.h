#pragma once
// Readiness of one socket of curl's.
#include <curl/curl.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>

namespace chatbox::http_client {

// Tells its listener when the socket that curl opened can be read or written, as often as curl wants to know.
// The socket stays curl's: release() hands it back, and curl closes it.
//
// A wait that curl does not want any more is left to run out instead of being cancelled: curl changes its
// mind a few times per request, and a cancelled wait costs more than one that finds nothing to do.
class SocketWatch : public std::enable_shared_from_this<SocketWatch> {
public:
    class Listener {
    public:
        virtual ~Listener() = default;
        // `events` as curl_multi_socket_action takes them. May release the watch.
        virtual void on_ready(curl_socket_t socket, int events) = 0;
    };

    SocketWatch(const boost::asio::any_io_executor& loop, Listener& listener)
        : listener_(&listener), descriptor_(loop) {}

    // Starts to watch. False if the kernel refuses, for instance because it is out of memory for it.
    bool open(curl_socket_t socket);
    // What to wait for from now on: CURL_POLL_IN, CURL_POLL_OUT, CURL_POLL_INOUT or CURL_POLL_NONE.
    // False if the kernel refuses.
    bool want(int what);
    // The end. No on_ready() comes after it.
    void release();

private:
    using Descriptor = boost::asio::posix::stream_descriptor;
    struct Direction {
        Descriptor::wait_type wait_for;
        int event;  // what curl calls it
        bool wanted = false;
        bool waiting = false;
        bool was_waited_for = false;  // since the socket was opened
    };

    void want_direction(Direction& direction, bool wanted);
    bool forget_writing();
    void wait(Direction& direction, std::shared_ptr<SocketWatch> self);

    Listener* listener_;  // null once released
    Descriptor descriptor_;
    Direction read_{Descriptor::wait_read, CURL_CSELECT_IN};
    Direction write_{Descriptor::wait_write, CURL_CSELECT_OUT};
};

}  // namespace chatbox::http_client
