// Memory of connections that do nothing, and the maker of sessions for other benches.
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "client/chat_peer.h"
#include "client/options.h"
#include "support/samples.h"

namespace chatbox::bench {
namespace {

enum class Then { stay, leave };

// Opens connections, a bounded number at a time, until each is where it should be: bound to a session of its
// own after one question and its answer, bound to a known session, or (a peer) simply open.
class Opener {
public:
    Opener(EventLoop& loop, const Options& options, std::vector<KnownSession> known)
        : loop_(loop), options_(options), known_(std::move(known)) {}

    // Opens `count` connections more. False when the deadline came first or something went wrong.
    bool open(std::uint32_t count, Then then, Nanoseconds deadline) {
        then_ = then;
        target_ = begun_ + count;
        while (busy_ < options_.concurrency && begun_ < target_) begin_next();
        const bool in_time =
            loop_.run_until([this] { return settled_ == target_ || troubles_.count() > 0; }, deadline);
        if (!in_time) std::fprintf(stderr, "bench_client: %u of %u connections in time\n", settled_, target_);
        return in_time && troubles_.count() == 0;
    }

    const std::vector<KnownSession>& made() const { return made_; }
    std::uint64_t troubles() const { return troubles_.count(); }

private:
    class Client final : public ChatPeer {
    public:
        Client(Opener& opener, std::uint32_t index) : ChatPeer(opener.loop_), opener_(opener), index_(index) {
            socket().connect(opener.options_.port, opener.path_for(index), index);
        }

    private:
        void on_open() override {
            if (opener_.options_.kind != Kind::chatbox) settle();
        }
        void on_status() override {
            if (opener_.known_.empty()) ask("tokens=1");
        }
        void on_bound() override {
            if (!opener_.known_.empty()) settle();
        }
        void on_chat_frame(FrameType type, std::string_view) override {
            if (type == FrameType::end && opener_.known_.empty()) settle();
        }
        void on_trouble(std::string_view what) override {
            socket().close();
            opener_.troubles_.add(what);
        }
        void settle() {
            if (std::exchange(settled_, true)) return;
            if (opener_.options_.kind == Kind::chatbox && opener_.known_.empty()) {
                opener_.made_.push_back({user_name(opener_.options_, index_), session_id()});
            }
            opener_.on_settled(index_);
        }

        Opener& opener_;
        std::uint32_t index_;
        bool settled_ = false;
    };

    std::string path_for(std::uint32_t index) const {
        if (options_.kind != Kind::chatbox) return options_.path;
        if (known_.empty()) return chat_path(options_, user_name(options_, index));
        const auto& known = known_.at(index % known_.size());
        return chat_path(options_, known.user, known.session_id);
    }

    void begin_next() {
        ++busy_;
        clients_.push_back(std::make_unique<Client>(*this, begun_++));
    }

    void on_settled(std::uint32_t index) {
        ++settled_;
        --busy_;
        if (then_ == Then::leave) {
            // A socket must not be destroyed from inside its own callback; after the batch is early enough.
            loop_.at(now_ns(), [this, index] { clients_.at(index).reset(); });
        }
        if (begun_ < target_) begin_next();
    }

    EventLoop& loop_;
    const Options& options_;
    std::vector<KnownSession> known_;
    std::vector<KnownSession> made_;
    std::vector<std::unique_ptr<Client>> clients_;
    Troubles troubles_;
    Then then_ = Then::stay;
    std::uint32_t target_ = 0;
    std::uint32_t begun_ = 0;
    std::uint32_t settled_ = 0;
    std::uint32_t busy_ = 0;
};

std::vector<KnownSession> known_sessions(const Options& options) {
    return options.sessions_in.empty() ? std::vector<KnownSession>{} : read_sessions(options.sessions_in);
}

void write_sessions(const Options& options, const std::vector<KnownSession>& sessions) {
    if (options.sessions_out.empty()) return;
    std::ofstream file(options.sessions_out);
    for (const auto& session : sessions) file << session.user << ' ' << session.session_id << '\n';
}

void pause(EventLoop& loop, Nanoseconds length) {
    loop.run_until([] { return false; }, now_ns() + length);
}

}  // namespace

bool run_idle(const Options& options) {
    constexpr Nanoseconds kSettle = 2 * kSecond;  // for what the server tidies up after the last answer
    EventLoop loop;
    Opener opener(loop, options, known_sessions(options));
    const Nanoseconds deadline = now_ns() + static_cast<Nanoseconds>(options.deadline * kSecond);
    if (options.warmup > 0 && !opener.open(options.warmup, Then::leave, deadline)) return false;
    pause(loop, kSettle);
    const Memory before = memory_of(options.pid);
    const Nanoseconds begun = now_ns();
    if (!opener.open(options.connections, Then::stay, deadline)) return false;
    const double seconds = static_cast<double>(now_ns() - begun) / kSecond;
    pause(loop, kSettle);
    const Memory after = memory_of(options.pid);
    const auto growth = [&](std::uint64_t from, std::uint64_t to) {
        return (static_cast<double>(to) - static_cast<double>(from)) / 1024 / options.connections;
    };
    Figures(options.what.empty() ? "idle" : options.what, options.who)
        .add("kb_per_connection", growth(before.resident, after.resident))
        .add("pss_kb_per_connection", growth(before.proportional, after.proportional))
        .add("connections", options.connections)
        .add("seconds_to_open", seconds)
        .print();
    write_sessions(options, opener.made());
    return opener.troubles() == 0;
}

bool run_fill(const Options& options) {
    EventLoop loop;
    Opener opener(loop, options, {});
    const Nanoseconds begun = now_ns();
    const Nanoseconds deadline = begun + static_cast<Nanoseconds>(options.deadline * kSecond);
    if (!opener.open(options.connections, Then::leave, deadline)) return false;
    const double seconds = static_cast<double>(now_ns() - begun) / kSecond;
    Figures(options.what.empty() ? "fill" : options.what, options.who)
        .add("sessions_per_s", options.connections / seconds)
        .print();
    write_sessions(options, opener.made());
    return true;
}

bool run_memory(const Options& options) {
    const Memory memory = memory_of(options.pid);
    if (memory.resident == 0) return false;
    Figures(options.what.empty() ? "memory" : options.what, options.who)
        .add("rss_mb", static_cast<double>(memory.resident) / 1e6)
        .add("pss_mb", static_cast<double>(memory.proportional) / 1e6)
        .print();
    return true;
}

}  // namespace chatbox::bench
