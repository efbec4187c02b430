#pragma once
// One accepted TCP connection until it ends or becomes a WebSocket.
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <vector>

#include "shard.h"

namespace chatbox::net {

// Serves HTTP/1.1 on `socket`, which belongs to `shard`'s loop, on that loop. A WebSocket moves to the shard
// of its user, one of `shards`. Returns at once; the session is a member of its shard and ends when that
// stops.
void serve_http(NetShard& shard, const std::vector<std::unique_ptr<NetShard>>& shards,
                boost::asio::ip::tcp::socket socket, Slot slot);

}  // namespace chatbox::net
