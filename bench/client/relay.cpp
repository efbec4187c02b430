// Streams of tokens through a server: processor time per token, latency added, cost of one viewer more.
#include <cstdio>
#include <memory>
#include <vector>

#include "client/chat_peer.h"
#include "client/options.h"
#include "client/slow_reader.h"
#include "support/samples.h"
#include "support/stamp.h"

namespace chatbox::bench {
namespace {

// Shared by all viewers of one run. Figures come from the middle of the run: the first and the last tenth,
// where streams begin and end, are left out.
class RelayRun {
public:
    explicit RelayRun(const Options& options)
        : options_(options), expected_(options.tokens * options.streams * options.viewers) {}

    const Options& options() const { return options_; }
    std::uint64_t seen() const { return seen_; }
    std::uint64_t expected() const { return expected_; }
    bool complete() const { return seen_ == expected_; }
    Troubles& troubles() { return troubles_; }

    void on_token(Nanoseconds sent_at) {
        const Nanoseconds now = now_ns();
        ++seen_;
        if (seen_ == expected_ / 10) begin_ = {now, cpu_time(options_.pid), seen_};
        if (begin_.seen != 0 && end_.seen == 0) latency_.add(now - sent_at);
        if (seen_ == expected_ - expected_ / 10) end_ = {now, cpu_time(options_.pid), seen_};
    }

    void begin() { memory_ = memory_of(options_.pid).resident; }

    void print() {
        const auto grown =
            static_cast<double>(memory_of(options_.pid).resident) - static_cast<double>(memory_);
        const auto tokens = static_cast<double>(end_.seen - begin_.seen) / options_.viewers;
        Figures(options_.what.empty() ? "relay" : options_.what, options_.who)
            .add("cpu_us_per_token", static_cast<double>(end_.cpu - begin_.cpu) / 1000 / tokens)
            .add("p50_us", latency_.percentile_us(0.5))
            .add("p99_us", latency_.percentile_us(0.99))
            .add("tokens_per_s", tokens * kSecond / static_cast<double>(end_.time - begin_.time))
            .add("rss_growth_mb", grown / 1e6)
            .print();
    }

private:
    struct Mark {
        Nanoseconds time = 0;
        Nanoseconds cpu = 0;
        std::uint64_t seen = 0;
    };

    const Options& options_;
    std::uint64_t expected_;
    std::uint64_t seen_ = 0;
    std::uint64_t memory_ = 0;
    Mark begin_;
    Mark end_;
    Samples latency_;
    Troubles troubles_;
};

std::string stream_script(const Options& options) {
    return "tokens=" + std::to_string(options.tokens) + " rate=" + std::to_string(options.rate) + " stamp=1";
}

std::string stream_path(const Options& options) {
    return options.path + "?tokens=" + std::to_string(options.tokens) +
           "&rate=" + std::to_string(options.rate) + "&stamp=1";
}

// One viewer of one stream; `start` asks for the stream.
class Viewer {
public:
    virtual ~Viewer() = default;
    virtual void connect() = 0;
    virtual bool is_ready() const = 0;
    virtual void start() = 0;
};

// A viewer of our server. The first of a session makes the session with a one-token answer; the others bind
// to it by its id.
class ChatViewer final : public Viewer, ChatPeer {
public:
    ChatViewer(EventLoop& loop, RelayRun& run, std::uint32_t stream, const ChatViewer* first)
        : ChatPeer(loop), run_(run), stream_(stream), first_(first) {}

    const std::string& session() const { return session_id(); }

    void connect() override {
        const Options& options = run_.options();
        const auto user = user_name(options, stream_);
        socket().connect(
            options.port,
            first_ == nullptr ? chat_path(options, user) : chat_path(options, user, first_->session()),
            stream_);
    }
    bool is_ready() const override { return ready_; }
    void start() override {
        started_ = true;
        if (first_ == nullptr) ask(stream_script(run_.options()));
    }

private:
    void on_status() override {
        if (first_ == nullptr) ask("tokens=1");
    }
    void on_bound() override {
        if (first_ != nullptr) ready_ = true;
    }
    void on_chat_frame(FrameType type, std::string_view frame) override {
        if (type == FrameType::end) ready_ = true;
        // What comes in before the start is the replayed first answer, which has no stamps.
        if (!started_ || (type != FrameType::delta && type != FrameType::end)) return;
        const auto rest = scan_stamps(frame, [this](Nanoseconds sent_at) { run_.on_token(sent_at); });
        if (!rest.empty()) run_.troubles().add("a token was cut in two");
    }
    void on_trouble(std::string_view what) override { run_.troubles().add(what); }

    RelayRun& run_;
    std::uint32_t stream_;
    const ChatViewer* first_;
    bool ready_ = false;
    bool started_ = false;
};

// A peer that turns the stream into WebSocket frames: it begins when the connection opens.
class SocketViewer final : public Viewer, WsSocket::Listener {
public:
    SocketViewer(EventLoop& loop, RelayRun& run) : socket_(loop, *this), run_(run) {}
    void connect() override {}
    bool is_ready() const override { return true; }
    void start() override { socket_.connect(run_.options().port, stream_path(run_.options()), 0); }

private:
    void on_frame(Opcode, std::string_view payload) override {
        scan_stamps(payload, [this](Nanoseconds sent_at) { run_.on_token(sent_at); });
    }
    void on_closed(std::string_view why) override {
        if (!run_.complete() && !why.empty()) run_.troubles().add(why);
    }

    WsSocket socket_;
    RelayRun& run_;
};

// A peer that passes server-sent events on over HTTP/1.0, that is until the connection closes.
class SseViewer final : public Viewer, TcpSocket::Owner {
public:
    SseViewer(EventLoop& loop, RelayRun& run) : socket_(loop, *this), run_(run) {}
    void connect() override {}
    bool is_ready() const override { return true; }
    void start() override { socket_.connect(run_.options().port, 0); }

private:
    void on_connected() override {
        socket_.send("GET " + stream_path(run_.options()) + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
    }
    void on_bytes(std::string_view bytes) override {
        rest_.append(bytes);
        const auto rest = scan_stamps(rest_, [this](Nanoseconds sent_at) { run_.on_token(sent_at); });
        rest_ = std::string(rest);
    }
    void on_gone(std::string_view why) override {
        if (!why.empty()) run_.troubles().add(why);
    }

    TcpSocket socket_;
    RelayRun& run_;
    std::string rest_;
};

std::vector<std::unique_ptr<Viewer>> make_viewers(EventLoop& loop, RelayRun& run) {
    const Options& options = run.options();
    std::vector<std::unique_ptr<Viewer>> viewers;
    for (std::uint32_t stream = 0; stream < options.streams; ++stream) {
        const ChatViewer* first = nullptr;
        for (std::uint32_t i = 0; i < options.viewers; ++i) {
            if (options.kind == Kind::sse) {
                viewers.push_back(std::make_unique<SseViewer>(loop, run));
            } else if (options.kind == Kind::websocket) {
                viewers.push_back(std::make_unique<SocketViewer>(loop, run));
            } else {
                auto viewer = std::make_unique<ChatViewer>(loop, run, stream, first);
                if (first == nullptr) first = viewer.get();
                viewers.push_back(std::move(viewer));
            }
        }
    }
    return viewers;
}

}  // namespace

bool run_relay(const Options& options) {
    EventLoop loop;
    RelayRun run(options);
    const Nanoseconds deadline = now_ns() + static_cast<Nanoseconds>(options.deadline * kSecond);
    auto viewers = make_viewers(loop, run);
    // First viewers first: the others need the session.
    for (std::uint32_t i = 0; i < options.viewers; ++i) {
        for (std::size_t v = i; v < viewers.size(); v += options.viewers) viewers[v]->connect();
        const auto ready = [&] {
            if (run.troubles().count() > 0) return true;
            for (std::size_t v = i; v < viewers.size(); v += options.viewers) {
                if (!viewers[v]->is_ready()) return false;
            }
            return true;
        };
        if (!loop.run_until(ready, deadline)) run.troubles().add("relay: viewers were not bound in time");
        if (run.troubles().count() > 0) return false;
    }
    SlowReader slow(loop);
    if (options.slow) {
        const auto& first = static_cast<const ChatViewer&>(*viewers.front());
        slow.connect(options.port, chat_path(options, user_name(options, 0), first.session()));
        bool bound = false;
        loop.at(now_ns() + kSecond, [&bound] { bound = true; });
        loop.run_until([&bound] { return bound; }, deadline);
    }
    run.begin();
    // Spread over the pause between two tokens, or all streams would burst together. The first viewer of a
    // session asks; so it is started after the ones that only watch.
    const double gap = options.rate > 0 ? static_cast<double>(kSecond) / options.rate : 0;
    const Nanoseconds begun = now_ns();
    for (std::size_t v = 0; v < viewers.size(); ++v) {
        const auto stream = v / options.viewers;
        const bool asks = v % options.viewers == 0;
        const auto wait =
            asks ? static_cast<Nanoseconds>(gap * static_cast<double>(stream) / options.streams) : 0;
        if (asks) {
            loop.at(begun + kMillisecond + wait, [viewer = viewers[v].get()] { viewer->start(); });
        } else {
            viewers[v]->start();
        }
    }
    const bool in_time =
        loop.run_until([&run] { return run.complete() || run.troubles().count() > 0; }, deadline);
    if (!in_time || !run.complete()) {
        std::fprintf(stderr, "bench_client: %llu of %llu tokens arrived\n",
                     static_cast<unsigned long long>(run.seen()),
                     static_cast<unsigned long long>(run.expected()));
        return false;
    }
    if (options.slow && (!slow.is_open() || slow.bytes_read() == 0)) {
        std::fprintf(stderr, "bench_client: the slow reader was not there to the end\n");
        return false;
    }
    run.print();
    return true;
}

}  // namespace chatbox::bench
