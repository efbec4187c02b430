#pragma once
// Who is let in, and how often (contract, http-api.md 5; docs/protocol.md). What refuses is an HTTP answer.
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "client_address.h"
#include "http_types.h"
#include "limits/rate_limiter.h"
#include "model/types.h"
#include "net/server.h"

namespace chatbox::net {

// One for all shards. Any thread. Every function that returns an answer returns nothing when the request may
// go on; it is counted then.
class Guard {
public:
    explicit Guard(const Options& options);

    // The address behind the peer's, see client_address().
    Address client_of(const Address& peer, const ForwardedHeaders& headers) const {
        return client_address(peer, headers, trusted_);
    }
    bool is_trusted_proxy(const Address& peer) const { return trusted_.contains(peer); }

    // Public routes: one budget of the client's address for all of them.
    std::optional<HttpAnswer> admit_visitor(const Address& client, base::Instant now);
    // The metrics: from the networks that are allowed, within the budget of public routes.
    std::optional<HttpAnswer> admit_scrape(const Address& client, base::Instant now);
    // Routes of users and of administrators: a budget of each user.
    std::optional<HttpAnswer> admit_user(const model::UserId& user, base::Instant now);
    std::optional<HttpAnswer> admit_admin(const model::UserId& user, base::Instant now);
    // WebSocket handshakes of the client's address. A proxy that does not say for whom it speaks is not
    // limited: that would be one budget for all its clients.
    std::optional<HttpAnswer> admit_handshake(const Address& client, base::Instant now);

    // Asked before a token is looked at: an address that keeps sending bad ones has to wait, whatever it
    // sends. The handshake has a plain text of its own.
    std::optional<HttpAnswer> admit_token(const Address& client, base::Instant now);
    std::optional<HttpAnswer> admit_handshake_token(const Address& client, base::Instant now);
    void token_refused(const Address& client, base::Instant now);

    // Forgets what is older than its window, a bounded part of it at a time.
    void purge(base::Instant now);

private:
    Networks trusted_;
    Networks metrics_;
    limits::SharedRateLimiter visitors_;
    limits::SharedRateLimiter users_;
    limits::SharedRateLimiter admins_;
    limits::SharedRateLimiter handshakes_;
    limits::SharedRateLimiter bad_tokens_;
};

}  // namespace chatbox::net
