// New connections: TCP, upgrade, token check, bind to a session, orderly end.
#include <memory>
#include <vector>

#include "client/chat_peer.h"
#include "client/options.h"
#include "support/samples.h"

namespace chatbox::bench {
namespace {

struct HandshakeRun {
    EventLoop& loop;
    const Options& options;
    std::vector<std::string> paths;  // one is used after the other
    std::size_t next_path = 0;
    std::uint32_t next_source = 0;
    bool measuring = false;
    std::uint64_t done = 0;
    Samples latency{};
    Troubles troubles{};
};

// Makes one connection after the other.
class Visitor final : WsSocket::Listener {
public:
    explicit Visitor(HandshakeRun& run) : run_(run) { begin(); }

private:
    void begin() {
        socket_ = std::make_unique<WsSocket>(run_.loop, static_cast<WsSocket::Listener&>(*this));
        begun_ = now_ns();
        const auto& path = run_.paths.at(run_.next_path++ % run_.paths.size());
        socket_->connect(run_.options.port, path, run_.next_source++);
    }

    void on_open() override {
        if (run_.options.kind != Kind::chatbox) leave();
    }

    void on_frame(Opcode opcode, std::string_view payload) override {
        if (opcode == Opcode::close) {
            end();
        } else if (type_of(payload) == FrameType::status && !field(payload, "\"session_id\"").empty()) {
            leave();
        }
    }

    void on_closed(std::string_view why) override {
        if (!leaving_) run_.troubles.add("handshake: " + std::string(why));
        end();
    }

    void leave() {
        leaving_ = true;
        if (run_.measuring) {
            ++run_.done;
            run_.latency.add(now_ns() - begun_);
        }
        socket_->send(Opcode::close, "\x03\xe8");
    }

    void end() {
        leaving_ = false;
        socket_->close();
        // Not from inside the socket's own callback.
        run_.loop.at(now_ns(), [this] { begin(); });
    }

    HandshakeRun& run_;
    std::unique_ptr<WsSocket> socket_;
    Nanoseconds begun_ = 0;
    bool leaving_ = false;
};

std::vector<std::string> paths_of(const Options& options) {
    std::vector<std::string> paths;
    if (options.kind != Kind::chatbox) return {options.path};
    for (const auto& known : read_sessions(options.sessions_in)) {
        paths.push_back(chat_path(options, known.user, known.session_id));
    }
    return paths;
}

}  // namespace

bool run_handshakes(const Options& options) {
    EventLoop loop;
    HandshakeRun run{.loop = loop, .options = options, .paths = paths_of(options)};
    if (run.paths.empty()) return false;
    std::vector<std::unique_ptr<Visitor>> visitors;
    for (std::uint32_t i = 0; i < options.concurrency; ++i) {
        visitors.push_back(std::make_unique<Visitor>(run));
    }
    const auto failed = [&run] { return run.troubles.count() > 0; };
    loop.run_until(failed, now_ns() + kSecond / 2);
    run.measuring = true;
    const Nanoseconds cpu = cpu_time(options.pid);
    const Nanoseconds begun = now_ns();
    loop.run_until(failed, begun + static_cast<Nanoseconds>(options.seconds * kSecond));
    const auto length = static_cast<double>(now_ns() - begun);
    const auto used = static_cast<double>(cpu_time(options.pid) - cpu);
    if (failed() || run.done == 0) return false;
    const auto done = static_cast<double>(run.done);
    Figures(options.what.empty() ? "handshakes" : options.what, options.who)
        .add("per_s", done * kSecond / length)
        .add("cpu_us", used / 1000 / done)
        .add("per_core_s", used > 0 ? done * kSecond / used : 0)
        .add("p50_us", run.latency.percentile_us(0.5))
        .add("p99_us", run.latency.percentile_us(0.99))
        .print();
    return true;
}

}  // namespace chatbox::bench
