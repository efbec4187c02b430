#pragma once
// One-time tickets for opening a socket, so that no token needs to stand in a URL, where proxies and browsers
// keep it. Whoever holds a token gets one over HTTP and uses it up in the handshake.
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "auth/token.h"
#include "base/clock.h"
#include "base/result.h"

namespace chatbox::auth {

struct TicketLimits {
    base::Millis lifetime{30'000};
    std::size_t per_user = 20;      // unused ones; one more is refused until one is used or ends
    std::size_t overall = 100'000;  // likewise, of the process
};

struct Ticket {
    std::string text;          // 43 characters of base64url: 256 random bits
    base::Millis lifetime{0};  // how long it can be used: never longer than the token that it was given for
};

struct NoTicket {
    enum class Why { user_has_many, process_has_many } why{};
    base::Millis retry_after{0};  // when the oldest one ends
};

// Shared by all threads.
class Tickets {
public:
    // `clock` outlives it.
    Tickets(TicketLimits limits, const base::Clock& clock) : limits_(limits), clock_(clock) {}
    Tickets(const Tickets&) = delete;
    Tickets& operator=(const Tickets&) = delete;

    std::variant<Ticket, NoTicket> issue(const Identity& identity);

    // Uses it up: of several that try at the same time, one succeeds. Errc::invalid: not known, used, ended,
    // or the token that it was given for has expired.
    base::Result<Identity> redeem(std::string_view ticket);

    // Unused ones; those that ended since the last call of issue() or redeem() still count.
    std::size_t count() const;

private:
    struct Entry {
        std::string proof;  // the half that is not the name; compared in constant time
        Identity identity;
        base::Instant ends{};
        std::list<std::string>::iterator place;  // in order_
    };
    using Entries = std::unordered_map<std::string, Entry>;

    void forget_ended(base::Instant now);
    void forget(Entries::iterator entry);
    base::Millis time_left(const std::string& name, base::Instant now) const;

    const TicketLimits limits_;
    const base::Clock& clock_;
    mutable std::mutex mutex_;
    Entries tickets_;               // by name, which is half of the ticket
    std::list<std::string> order_;  // names, the one that ends first in front
    std::unordered_map<model::UserId, std::vector<std::string>> of_user_;  // names, in the same order
};

}  // namespace chatbox::auth
