#pragma once
// The client behind the port: one curl multi handle on one event loop.
#include <curl/curl.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http_client/http_client.h"
#include "socket_watch.h"
#include "transfer.h"

namespace chatbox::http_client {

struct CurlOptions {
    Options route = {};
    std::string ca_file = {};          // instead of the system's certificate authorities
    long max_kept_connections = 1024;  // open connections, in use or waiting for the next request
};

// curl forbids most of its functions inside its own callbacks, and it is in those that sinks are called. So
// what a sink does there (start a request, drop a call) is written down and done as soon as curl returns:
// settle().
class CurlClient final : public Client, private SocketWatch::Listener, private TransferHost {
public:
    CurlClient(boost::asio::any_io_executor loop, CurlOptions options);
    ~CurlClient() override;
    std::unique_ptr<Call> start(Request request, ResponseSink& sink) override;

private:
    void on_ready(curl_socket_t socket, int events) override;
    void end(Transfer& transfer, base::Result<base::Nothing> result) override;
    void drop(Transfer& transfer) override;

    // For curl.
    bool watch(curl_socket_t socket, int what);
    void set_timer(long timeout_ms);

    static int socket_callback(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
    static int timer_callback(CURLM*, long timeout_ms, void* self) noexcept;

    void arm_timer();
    void on_timer();
    void act(curl_socket_t socket, int events);
    void settle();
    void add(Transfer& transfer);
    void fail_later(std::shared_ptr<Transfer> transfer, base::Error error);
    ResponseSink* forget(Transfer& transfer);

    struct FreeMulti {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    boost::asio::any_io_executor loop_;
    CurlOptions options_;
    std::unique_ptr<CURLM, FreeMulti> multi_;
    bool inside_curl_ = false;
    std::unordered_map<Transfer*, std::shared_ptr<Transfer>> transfers_;  // all that have not ended
    std::vector<std::shared_ptr<Transfer>> started_;                      // inside curl; wait for settle()
    std::vector<std::shared_ptr<Transfer>> dropped_;                      // "
    std::unordered_map<curl_socket_t, std::shared_ptr<SocketWatch>> watches_;

    boost::asio::steady_timer timer_;
    base::Instant timer_due_ = base::Instant::max();    // when curl wants to be called; max: not at all
    base::Instant timer_armed_ = base::Instant::max();  // when timer_ will fire; never later than timer_due_
    std::shared_ptr<CurlClient*> alive_;  // what timer handlers hold; null inside once destroyed
};

}  // namespace chatbox::http_client
