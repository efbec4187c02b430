// A scripted model for the benches: an OpenAI-compatible stream whose pace the question chooses.
// Prints "listening on PORT" and serves until it is killed.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>
#include <unordered_map>

#include "provider/exchange.h"
#include "support/event_loop.h"
#include "support/tcp_socket.h"

namespace chatbox::bench {
namespace {

class Provider final : EventLoop::Handler {
public:
    explicit Provider(std::uint16_t port) : listener_(listen_on_loopback(port)) {
        loop_.add(listener_, EPOLLIN, *this);
    }

    void run() {
        std::printf("listening on %u\n", static_cast<unsigned>(local_port(listener_)));
        std::fflush(stdout);
        loop_.run_until([] { return false; }, std::numeric_limits<Nanoseconds>::max());
    }

private:
    void on_ready(std::uint32_t) override {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const std::uint64_t id = next_id_++;
            const auto later = [this, id](Nanoseconds when, void (Exchange::*action)()) {
                loop_.at(when, [this, id, action] {
                    const auto found = exchanges_.find(id);
                    if (found != exchanges_.end()) (found->second.get()->*action)();
                });
            };
            exchanges_[id] =
                std::make_unique<Exchange>(loop_, fd, later, [this, id] { exchanges_.erase(id); });
        }
    }

    EventLoop loop_;
    int listener_;
    std::uint64_t next_id_ = 1;
    std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>> exchanges_;
};

}  // namespace
}  // namespace chatbox::bench

int main(int argc, char** argv) {
    try {
        const int port = argc > 1 ? std::atoi(argv[1]) : 0;
        chatbox::bench::Provider(static_cast<std::uint16_t>(port)).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_provider: %s\n", error.what());
        return 1;
    }
}
