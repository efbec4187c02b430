// Acknowledged messages. Each connection has at most one outstanding; it sends the next when the ack has
// come, or, at a given rate, when the next is due. A message that had to wait for the ack before it counts
// from when it was due, so that a slow server does not hide its slowness by slowing the load down.
#include <memory>
#include <vector>

#include "client/chat_peer.h"
#include "client/options.h"
#include "support/samples.h"

namespace chatbox::bench {
namespace {

struct DurableRun {
    const Options& options;
    bool measuring = false;
    std::uint32_t open = 0;
    std::uint64_t acknowledged = 0;
    Samples latency{};
    Troubles troubles{};
};

class Sender final : public ChatPeer {
public:
    Sender(EventLoop& loop, DurableRun& run, std::uint32_t index)
        : ChatPeer(loop), loop_(loop), run_(run), index_(index) {
        const Options& options = run.options;
        socket().connect(options.port, chat_path(options, user_name(options, index)), index);
    }

    void begin(Nanoseconds first) {
        due_ = first;
        loop_.at(due_, [this] { send_due(); });
    }

private:
    // The model never answers, so that messages are all that the server has to do: the first one begins an
    // answer, the others are stored behind it.
    void send_due() {
        client_id_ = std::to_string(index_) + "-" + std::to_string(++count_);
        ask("tokens=0 stall=1", client_id_);
    }

    void send_next() {
        if (run_.options.rate == 0) {
            due_ = now_ns();
            return send_due();
        }
        due_ += static_cast<Nanoseconds>(static_cast<double>(kSecond) / run_.options.rate);
        if (due_ <= now_ns()) return send_due();
        loop_.at(due_, [this] { send_due(); });
    }

    void on_status() override { ++run_.open; }

    void on_chat_frame(FrameType type, std::string_view frame) override {
        if (type != FrameType::ack) return;
        if (field(frame, "\"client_id\"") != client_id_) {
            run_.troubles.add("an ack for another message: " + std::string(frame));
            return;
        }
        if (run_.measuring) {
            ++run_.acknowledged;
            run_.latency.add(now_ns() - due_);
        }
        send_next();
    }

    void on_trouble(std::string_view what) override { run_.troubles.add(what); }

    EventLoop& loop_;
    DurableRun& run_;
    std::uint32_t index_;
    std::uint64_t count_ = 0;
    std::string client_id_;
    Nanoseconds due_ = 0;
};

}  // namespace

bool run_durable(const Options& options) {
    EventLoop loop;
    DurableRun run{.options = options};
    std::vector<std::unique_ptr<Sender>> senders;
    const auto failed = [&run] { return run.troubles.count() > 0; };
    for (std::uint32_t i = 0; i < options.connections; ++i) {
        senders.push_back(std::make_unique<Sender>(loop, run, i));
        const bool in_time =
            loop.run_until([&] { return run.open + options.concurrency > senders.size() || failed(); },
                           now_ns() + 10 * kSecond);
        if (!in_time) run.troubles.add("durable: connections do not open");
    }
    loop.run_until([&] { return run.open == options.connections || failed(); }, now_ns() + 10 * kSecond);
    if (failed() || run.open != options.connections) return false;
    const double gap =
        options.rate > 0 ? static_cast<double>(kSecond) / options.rate / options.connections : 0;
    const Nanoseconds start = now_ns();
    for (std::size_t i = 0; i < senders.size(); ++i) {
        senders[i]->begin(start + static_cast<Nanoseconds>(gap * static_cast<double>(i)));
    }
    // The first message of each makes its session and begins an answer; that is not what is measured.
    loop.run_until(failed, now_ns() + kSecond + kSecond / 2);
    run.measuring = true;
    const Nanoseconds cpu = cpu_time(options.pid);
    const Nanoseconds begun = now_ns();
    loop.run_until(failed, begun + static_cast<Nanoseconds>(options.seconds * kSecond));
    const auto length = static_cast<double>(now_ns() - begun);
    const auto used = static_cast<double>(cpu_time(options.pid) - cpu);
    if (failed() || run.acknowledged == 0) return false;
    const auto count = static_cast<double>(run.acknowledged);
    Figures(options.what.empty() ? "durable" : options.what, options.who)
        .add("per_s", count * kSecond / length)
        .add("cpu_us", used / 1000 / count)
        .add("p50_ms", run.latency.percentile_us(0.5) / 1000)
        .add("p99_ms", run.latency.percentile_us(0.99) / 1000)
        .print();
    return true;
}

}  // namespace chatbox::bench
