#pragma once
// Who a token belongs to, for everything that runs on a network thread.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "auth/token.h"
#include "shard.h"

namespace chatbox::net {

// Verifies `token`. When it names a signing key that is not known the keys are fetched first, at most once
// and within the deadline of that. A refusal is logged, with its reason and without the token.
boost::asio::awaitable<base::Result<auth::Identity>> check_token(std::string token, const ServerState& state);

// The same with a callback, which comes through `on`, or at once when there is nothing to wait for.
void check_token(std::string token, const ServerState& state, boost::asio::any_io_executor on,
                 std::function<void(base::Result<auth::Identity>)> done);

}  // namespace chatbox::net
