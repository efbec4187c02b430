#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "provider/script.h"
#include "support/tcp_socket.h"

namespace chatbox::bench {

// One HTTP connection to the provider: reads requests, streams the scripted answers.
//   POST .../chat/completions   an OpenAI-compatible stream, chunked, connection kept
//   GET  /sse?tokens=..&rate=.. the same events until the connection closes, for peers that only pipe
//   GET  .../models             one model
class Exchange final : TcpSocket::Owner {
public:
    // Runs an action later, unless this exchange is gone by then.
    using Later = std::function<void(Nanoseconds when, void (Exchange::*action)())>;

    // `gone` is called last, when the connection has ended; it may destroy this.
    Exchange(EventLoop& loop, int fd, Later later, std::function<void()> gone);

private:
    void on_bytes(std::string_view bytes) override;
    void on_drained() override;
    void on_gone(std::string_view why) override;

    void take_requests();
    void take_request(std::string_view head, std::string_view body);
    void begin(const Script& script);
    void stream_paced();
    void stream_unpaced();
    void send_token();
    void finish();
    void end_answer();
    void send_event(std::string_view data);
    void send_delta(std::string_view text);
    void send_json(std::string_view status, std::string_view body);

    TcpSocket tcp_;
    Later later_;
    std::function<void()> gone_;
    std::string in_;
    Script script_;
    bool answering_ = false;
    bool chunked_ = false;
    bool wants_usage_ = false;
    std::uint64_t sent_ = 0;
    Nanoseconds started_ = 0;
};

}  // namespace chatbox::bench
