// Bytes on the wire: of a whole answer, and of coming back in the middle of one.
#include <cstdio>
#include <memory>

#include "client/chat_peer.h"
#include "client/options.h"
#include "support/samples.h"

namespace chatbox::bench {
namespace {

// Asks one question and remembers where the answer is.
class Asker final : public ChatPeer {
public:
    Asker(EventLoop& loop, const Options& options, std::string script)
        : ChatPeer(loop), script_(std::move(script)) {
        socket().connect(options.port, chat_path(options, user_name(options, 0)), 0);
    }

    bool ended() const { return ended_; }
    bool failed() const { return troubles_.count() > 0; }
    std::uint64_t text_bytes() const { return text_bytes_; }
    std::uint64_t frames() const { return frames_; }
    std::uint64_t answer_bytes() const { return socket_bytes_at_end_ - socket_bytes_at_begin_; }
    // Where a client that saw all this would resume.
    Position position() const { return {session_id(), last_seq_, message_id_, text_bytes_}; }

private:
    void on_status() override { ask(script_); }

    void on_chat_frame(FrameType type, std::string_view frame) override {
        const auto seq = frame.find("\"seq\":");
        if (seq != std::string_view::npos) {
            last_seq_ = std::stoull(std::string(frame.substr(seq + 6, 20)));
        }
        if (type == FrameType::loading) socket_bytes_at_begin_ = socket().bytes_received();
        if (type != FrameType::delta && type != FrameType::end) return;
        ++frames_;
        text_bytes_ += field(frame, "\"content\"").size();
        message_id_ = field(frame, "\"message_id\"");
        socket_bytes_at_end_ = socket().bytes_received();
        ended_ = type == FrameType::end;
    }

    void on_trouble(std::string_view what) override { troubles_.add(what); }

    std::string script_;
    Troubles troubles_;
    bool ended_ = false;
    std::uint64_t frames_ = 0;
    std::uint64_t text_bytes_ = 0;
    std::uint64_t last_seq_ = 0;
    std::string message_id_;
    std::uint64_t socket_bytes_at_begin_ = 0;
    std::uint64_t socket_bytes_at_end_ = 0;
};

// Comes back to an answer that it holds a part of.
class Returner final : public ChatPeer {
public:
    Returner(EventLoop& loop, const Options& options, const Position& position) : ChatPeer(loop) {
        socket().connect(options.port, resume_path(options, user_name(options, 0), position), 0);
    }

    bool resumed() const { return resumed_; }
    bool failed() const { return troubles_.count() > 0; }
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t snapshot_text() const { return snapshot_text_; }

private:
    void on_chat_frame(FrameType type, std::string_view frame) override {
        if (type == FrameType::snapshot) snapshot_text_ += field(frame, "\"content\"").size();
        if (type != FrameType::resumed) return;
        resumed_ = true;
        bytes_ = socket().bytes_received();
    }
    void on_trouble(std::string_view what) override { troubles_.add(what); }

    Troubles troubles_;
    bool resumed_ = false;
    std::uint64_t bytes_ = 0;
    std::uint64_t snapshot_text_ = 0;
};

std::string wire_script(const Options& options, std::uint64_t tokens) {
    return "tokens=" + std::to_string(tokens) + " rate=" + std::to_string(options.rate) +
           " size=" + std::to_string(options.size);
}

}  // namespace

bool run_wire(const Options& options) {
    EventLoop loop;
    const Nanoseconds deadline = now_ns() + static_cast<Nanoseconds>(options.deadline * kSecond);
    Asker asker(loop, options, wire_script(options, options.tokens));
    loop.run_until([&] { return asker.ended() || asker.failed(); }, deadline);
    const std::uint64_t expected = options.tokens * options.size;
    if (!asker.ended() || asker.text_bytes() != expected) {
        std::fprintf(stderr, "bench_client: %llu of %llu bytes of text arrived\n",
                     static_cast<unsigned long long>(asker.text_bytes()),
                     static_cast<unsigned long long>(expected));
        return false;
    }
    const auto bytes = static_cast<double>(asker.answer_bytes());
    Figures(options.what.empty() ? "wire" : options.what, options.who)
        .add("bytes", bytes)
        .add("bytes_per_text_byte", bytes / static_cast<double>(expected))
        .add("frames", static_cast<double>(asker.frames()))
        .add("envelope", (bytes - static_cast<double>(expected)) / static_cast<double>(asker.frames()))
        .print();
    return true;
}

bool run_reconnect(const Options& options) {
    double least = 0;
    double most = 0;
    for (const std::uint64_t tokens : options.positions) {
        EventLoop loop;
        const Nanoseconds deadline = now_ns() + static_cast<Nanoseconds>(options.deadline * kSecond);
        Options own = options;
        own.prefix += "-" + std::to_string(tokens);
        // The provider stops in mid-answer, so that every position is exact.
        Asker asker(loop, own, wire_script(own, tokens) + " stall=1");
        const std::uint64_t expected = tokens * options.size;
        loop.run_until([&] { return asker.text_bytes() >= expected || asker.failed(); }, deadline);
        const Position position = asker.position();
        asker.socket().close();
        Returner returner(loop, own, position);
        loop.run_until([&] { return returner.resumed() || returner.failed(); }, deadline);
        if (!returner.resumed() || returner.failed()) {
            std::fprintf(stderr, "bench_client: not resumed at token %llu\n",
                         static_cast<unsigned long long>(tokens));
            return false;
        }
        const auto bytes = static_cast<double>(returner.bytes());
        if (least == 0 || bytes < least) least = bytes;
        if (bytes > most) most = bytes;
        Figures("reconnect at " + std::to_string(tokens), options.who)
            .add("bytes", bytes)
            .add("text_sent_again", static_cast<double>(returner.snapshot_text()))
            .print();
    }
    Figures("reconnect", options.who)
        .add("bytes", most)
        .add("most_over_least", least > 0 ? most / least : 0)
        .print();
    return true;
}

}  // namespace chatbox::bench
