// Small frames there and back: the cost of the transport alone.
#include <memory>
#include <vector>

#include "client/chat_peer.h"
#include "client/options.h"
#include "support/samples.h"

namespace chatbox::bench {
namespace {

// Shared by all clients of one run.
struct EchoRun {
    const Options& options;
    std::string frame;
    Opcode sent = Opcode::text;
    bool measuring = false;
    std::uint32_t open = 0;
    std::uint64_t answers = 0;
    Samples latency{};
    Troubles troubles{};
};

// One frame outstanding at any time. Our server answers an unknown type with an error frame, a peer echoes.
class EchoClient final : public WsSocket::Listener {
public:
    EchoClient(EventLoop& loop, EchoRun& run, std::uint32_t index) : socket_(loop, *this), run_(run) {
        const Options& options = run.options;
        const bool ours = options.kind == Kind::chatbox;
        socket_.connect(options.port, ours ? chat_path(options, user_name(options, index)) : options.path,
                        index);
    }

    void send_next() {
        sent_at_ = now_ns();
        socket_.send(run_.sent, run_.frame);
    }

private:
    void on_open() override { ++run_.open; }

    void on_frame(Opcode opcode, std::string_view payload) override {
        if (opcode != (run_.sent == Opcode::ping ? Opcode::pong : Opcode::text)) return;
        if (type_of(payload) == FrameType::status) return;
        if (run_.measuring) {
            ++run_.answers;
            run_.latency.add(now_ns() - sent_at_);
        }
        send_next();
    }

    void on_closed(std::string_view why) override { run_.troubles.add("echo: " + std::string(why)); }

    WsSocket socket_;
    EchoRun& run_;
    Nanoseconds sent_at_ = 0;
};

std::string echo_frame(const Options& options) {
    if (options.ping) return std::string(std::min<std::uint32_t>(options.payload, 125), 'p');
    std::string frame = R"({"type":"unknown","content":")";
    while (frame.size() + 2 < options.payload) frame += 'x';
    return frame + "\"}";
}

}  // namespace

bool run_echo(const Options& options) {
    EventLoop loop;
    EchoRun run{.options = options, .frame = echo_frame(options)};
    if (options.ping) run.sent = Opcode::ping;
    std::vector<std::unique_ptr<EchoClient>> clients;
    for (std::uint32_t i = 0; i < options.connections; ++i) {
        clients.push_back(std::make_unique<EchoClient>(loop, run, i));
    }
    const auto failed = [&run] { return run.troubles.count() > 0; };
    if (!loop.run_until([&] { return run.open == options.connections || failed(); },
                        now_ns() + 20 * kSecond)) {
        run.troubles.add("echo: not all connections opened");
    }
    if (failed()) return false;
    for (auto& client : clients) client->send_next();
    loop.run_until(failed, now_ns() + kSecond / 2);
    run.measuring = true;
    const Nanoseconds cpu = cpu_time(options.pid);
    const Nanoseconds begun = now_ns();
    loop.run_until(failed, begun + static_cast<Nanoseconds>(options.seconds * kSecond));
    const auto length = static_cast<double>(now_ns() - begun);
    const auto used = static_cast<double>(cpu_time(options.pid) - cpu);
    if (failed() || run.answers == 0) return false;
    const auto answers = static_cast<double>(run.answers);
    Figures(options.what.empty() ? "echo" : options.what, options.who)
        .add("per_s", answers * kSecond / length)
        .add("cpu_us", used / 1000 / answers)
        .add("p50_us", run.latency.percentile_us(0.5))
        .add("p99_us", run.latency.percentile_us(0.99))
        .print();
    return true;
}

}  // namespace chatbox::bench
