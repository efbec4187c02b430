#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/options.h"
#include "support/ws_socket.h"

namespace chatbox::bench {

// The string value of the first `key` in a frame, still escaped; empty when there is none. Enough for frames
// that our own server wrote, at a fraction of the cost of parsing them.
std::string_view field(std::string_view frame, std::string_view quoted_key);

enum class FrameType { status, loading, delta, end, whole, ack, error, snapshot, resumed, other };
FrameType type_of(std::string_view frame);

struct Position {
    std::string session_id;
    std::uint64_t after_seq = 0;
    std::string message_id;
    std::uint64_t offset = 0;
};

std::string user_name(const Options& options, std::uint32_t index);
std::string chat_path(const Options& options, std::string_view user);
std::string chat_path(const Options& options, std::string_view user, std::string_view session_id);
std::string resume_path(const Options& options, std::string_view user, const Position& position);

// A question whose answer follows the script (provider/script.h).
std::string question(std::string_view script, std::string_view client_id = {});

// Who owned which session, kept in a file between two runs of the server.
struct KnownSession {
    std::string user;
    std::string session_id;
};
std::vector<KnownSession> read_sessions(const std::string& file);

// One client of our server. Override what the bench looks at. Anything unexpected (a refused handshake, an
// error frame, a lost connection) ends up in on_trouble().
class ChatPeer : public WsSocket::Listener {
public:
    explicit ChatPeer(EventLoop& loop) : socket_(loop, *this) {}

    WsSocket& socket() { return socket_; }
    const std::string& session_id() const { return session_id_; }
    void ask(std::string_view script, std::string_view client_id = {}) {
        socket_.send(Opcode::text, question(script, client_id));
    }

protected:
    virtual void on_status() {}  // the first frame, whether bound to a session or not
    virtual void on_bound() {}   // session_id() is known from now on
    virtual void on_chat_frame(FrameType type, std::string_view frame) = 0;
    virtual void on_trouble(std::string_view what) = 0;

private:
    void on_frame(Opcode opcode, std::string_view payload) final;
    void on_closed(std::string_view why) final;

    WsSocket socket_;
    std::string session_id_;
    bool greeted_ = false;
};

// Counts failures and prints the first few.
class Troubles {
public:
    void add(std::string_view what);
    std::uint64_t count() const { return count_; }

private:
    std::uint64_t count_ = 0;
};

}  // namespace chatbox::bench
