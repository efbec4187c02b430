#pragma once
// Whom a request comes from, when proxies stand in front of us (contract, http-api.md 5). Pure.
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatbox::net {

using Address = boost::asio::ip::address;

// An IPv4 address, an IPv6 address with or without brackets, and either with a port behind it (which is
// dropped): what proxies write into their headers. An IPv4 address in IPv6 clothes (::ffff:1.2.3.4) is shown
// as IPv4. Empty for anything else.
std::optional<Address> parse_address(std::string_view text);

// A set of networks. Immutable; any thread.
class Networks {
public:
    Networks() = default;
    // Addresses and address/bits, IPv4 or IPv6. What is neither is left out: settings are checked before.
    explicit Networks(const std::vector<std::string>& texts);
    bool contains(const Address& address) const;

private:
    struct Network {
        boost::asio::ip::address_v6::bytes_type bits;  // IPv4 as ::ffff:a.b.c.d
        unsigned length;
    };
    std::vector<Network> networks_;
};

// What the headers of one request say, as sent; several lines of one name joined with commas, in order.
struct ForwardedHeaders {
    std::string_view forwarded_for;  // X-Forwarded-For
    std::string_view real_ip;        // X-Real-IP
};

// The address of the client. Headers count only when `peer` is a trusted proxy. X-Forwarded-For is then read
// from the right, where each proxy adds whom it got the request from: the first address that is not a
// trusted proxy is the client; if all are trusted, the leftmost is. When something on that way is not an
// address the header is not usable, because what stands left of it may be the client's invention; then
// X-Real-IP counts, and when that is no address either, the peer.
Address client_address(const Address& peer, const ForwardedHeaders& headers, const Networks& trusted);

// What limits per client count by: the address, or its /64 network with IPv6, where one subscriber has that
// many addresses.
std::string limit_key(const Address& address);

}  // namespace chatbox::net
