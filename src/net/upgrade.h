#pragma once
// The WebSocket handshake (RFC 6455 section 4.2) and who may make one.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "auth/token.h"
#include "chat/client.h"
#include "http_types.h"
#include "shard.h"

namespace chatbox::net {

// The headers that only a handshake has.
struct UpgradeHeaders {
    bool upgrade_to_websocket = false;  // Connection: upgrade and Upgrade: websocket
    std::string version;                // Sec-WebSocket-Version
    std::string key;                    // Sec-WebSocket-Key
    std::string protocols;              // Sec-WebSocket-Protocol, as sent
};

struct AcceptedUpgrade {
    std::string response;  // the whole 101 answer
    chat::Introduction introduction;
    base::Time expires{};
};

// Checks in this order: token or ticket present, valid, handshake headers, origin, key. Nothing is counted
// yet, so a refused handshake costs its user nothing but the ticket.
boost::asio::awaitable<std::variant<AcceptedUpgrade, HttpAnswer>> check_upgrade(HttpRequest request,
                                                                                UpgradeHeaders headers,
                                                                                ServerState& state);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

// The token among the offered sub-protocols, and the value to answer with.
struct OfferedProtocol {
    std::string token;     // empty: none looks like a JWT
    std::string selected;  // empty: none was offered
};
OfferedProtocol read_protocols(std::string_view header);

}  // namespace chatbox::net
