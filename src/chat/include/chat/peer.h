#pragma once
// A connected client as the application sees it. net implements it over a WebSocket, tests over a vector.
#include <cstdint>
#include <string>
#include <string_view>

namespace chatbox::chat {

// Why the server ends a connection. Close codes are RFC 6455 section 7.4.1 and the IANA registry.
enum class CloseReason {
    shutting_down,  // 1001: come back and resume
    token_expired,  // 4001, version 1 1008: come back with a new token
    too_slow,       // 1013: come back and resume
};

// All calls on the hub's thread. None of them calls back into the application.
class Peer {
public:
    virtual ~Peer() = default;

    // Queues one text frame; the view is good during the call only. Order is kept. A peer whose unsent bytes
    // pass their bound is closed with too_slow, and what is sent to it then goes nowhere.
    virtual void send(std::string_view frame) = 0;

    // True while so much is unsent that pieces of an answer should wait and be merged. When it has become
    // false again the peer calls Client::on_drained().
    virtual bool congested() const = 0;

    // The client offers a token in place of the one that it came with. The transport checks it and tells the
    // client; a token of somebody else is refused.
    virtual void refresh(std::string token) = 0;

    // Asks for an orderly close after what was sent before. The client is destroyed later, not now.
    virtual void close(CloseReason reason) = 0;
};

}  // namespace chatbox::chat
