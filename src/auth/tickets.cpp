#include "auth/tickets.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/id.h"
#include "base64url.h"

namespace chatbox::auth {

namespace {

constexpr std::size_t ticket_bytes = 32;
constexpr std::size_t name_size = 21;    // characters; 126 bits that find the entry
constexpr std::size_t ticket_size = 43;  // the other 130 bits prove it

base::Error refused(std::string_view why) {
    return {base::Errc::invalid, std::string(why)};
}

std::string new_ticket() {
    std::array<char, ticket_bytes> bytes{};
    base::random_bytes(bytes.data(), bytes.size());
    return base64url_encode({bytes.data(), bytes.size()});
}

}  // namespace

std::variant<Ticket, NoTicket> Tickets::issue(const Identity& identity) {
    std::string text = new_ticket();
    const base::Instant now = clock_.steady();
    const std::lock_guard lock(mutex_);
    forget_ended(now);
    const auto owned = of_user_.find(identity.user);
    if (owned != of_user_.end() && owned->second.size() >= limits_.per_user)
        return NoTicket{NoTicket::Why::user_has_many, time_left(owned->second.front(), now)};
    if (tickets_.size() >= limits_.overall)
        return NoTicket{NoTicket::Why::process_has_many, time_left(order_.front(), now)};

    const std::string name = text.substr(0, name_size);
    const auto place = order_.insert(order_.end(), name);
    tickets_.emplace(name, Entry{text.substr(name_size), identity, now + limits_.lifetime, place});
    of_user_[identity.user].push_back(name);
    const base::Millis token_left = identity.expires - clock_.now();
    return Ticket{std::move(text), std::max(base::Millis(0), std::min(limits_.lifetime, token_left))};
}

base::Result<Identity> Tickets::redeem(std::string_view ticket) {
    if (ticket.size() != ticket_size) return refused("the ticket is none of ours");
    const std::lock_guard lock(mutex_);
    forget_ended(clock_.steady());
    const auto found = tickets_.find(std::string(ticket.substr(0, name_size)));
    if (found == tickets_.end()) return refused("the ticket is not known, used or has ended");
    const std::string& proof = found->second.proof;
    if (CRYPTO_memcmp(proof.data(), ticket.data() + name_size, proof.size()) != 0)
        return refused("the ticket is not known, used or has ended");
    Identity identity = std::move(found->second.identity);
    const model::UserId user = identity.user;
    found->second.identity.user = user;  // forget() asks whose it is
    forget(found);
    if (clock_.now() >= identity.expires) return refused("the token of the ticket has expired");
    return identity;
}

std::size_t Tickets::count() const {
    const std::lock_guard lock(mutex_);
    return tickets_.size();
}

void Tickets::forget_ended(base::Instant now) {
    while (!order_.empty()) {
        const auto oldest = tickets_.find(order_.front());
        if (oldest->second.ends > now) return;
        forget(oldest);
    }
}

void Tickets::forget(Entries::iterator entry) {
    const auto owned = of_user_.find(entry->second.identity.user);
    std::erase(owned->second, entry->first);
    if (owned->second.empty()) of_user_.erase(owned);
    order_.erase(entry->second.place);
    tickets_.erase(entry);
}

base::Millis Tickets::time_left(const std::string& name, base::Instant now) const {
    return std::chrono::ceil<base::Millis>(tickets_.at(name).ends - now);
}

}  // namespace chatbox::auth
