#include "client_address.h"

#include <algorithm>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>

namespace chatbox::net {

namespace ip = boost::asio::ip;

namespace {

constexpr unsigned v4_prefix_bits = 96;  // of an IPv4 address written as IPv6

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Address> plain_address(std::string_view text) {
    // A zone (fe80::1%eth0) names an interface of the machine that wrote it: it says nothing here.
    if (text.empty() || text.find('%') != std::string_view::npos) return std::nullopt;
    boost::system::error_code ec;
    const Address address = ip::make_address(std::string(text), ec);
    if (ec) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

ip::address_v6::bytes_type bits_of(const Address& address) {
    return address.is_v6() ? address.to_v6().to_bytes()
                           : ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

// The first address from the right that is not a trusted proxy. Empty when the header is not usable.
std::optional<Address> walk(std::string_view header, const Networks& trusted) {
    std::optional<Address> found;
    while (!header.empty()) {
        const std::size_t comma = header.rfind(',');
        const std::string_view item =
            trimmed(comma == std::string_view::npos ? header : header.substr(comma + 1));
        header = comma == std::string_view::npos ? std::string_view() : header.substr(0, comma);
        if (item.empty()) continue;  // RFC 9110 section 5.6.1: empty elements do not count
        found = parse_address(item);
        if (!found || !trusted.contains(*found)) return found;
    }
    return found;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
        auto inside = plain_address(text.substr(1, end - 1));
        // Brackets are for IPv6.
        return text.substr(1, end - 1).find(':') == std::string_view::npos ? std::nullopt : inside;
    }
    if (std::count(text.begin(), text.end(), ':') == 1) {
        const std::size_t colon = text.find(':');
        if (!is_port(text.substr(colon + 1))) return std::nullopt;
        text = text.substr(0, colon);
    }
    return plain_address(text);
}

Networks::Networks(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        const std::size_t slash = text.find('/');
        const auto address = plain_address(std::string_view(text).substr(0, slash));
        if (!address) continue;
        const bool mapped = address->is_v4() && text.find(':') != std::string::npos;
        const unsigned shift = address->is_v4() && !mapped ? v4_prefix_bits : 0;
        unsigned length = 128;
        if (slash != std::string::npos) {
            unsigned bits = 0;
            const char* end = text.data() + text.size();
            const auto [at, error] = std::from_chars(text.data() + slash + 1, end, bits);
            if (error != std::errc() || at != end || bits + shift > 128) continue;
            length = bits + shift;
        }
        networks_.push_back({bits_of(*address), length});
    }
}

bool Networks::contains(const Address& address) const {
    if (networks_.empty()) return false;
    const auto bits = bits_of(address);
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        const unsigned bytes = network.length / 8;
        if (!std::equal(bits.begin(), bits.begin() + bytes, network.bits.begin())) return false;
        const unsigned rest = network.length % 8;
        return rest == 0 || ((bits[bytes] ^ network.bits[bytes]) >> (8 - rest)) == 0;
    });
}

Address client_address(const Address& peer, const ForwardedHeaders& headers, const Networks& trusted) {
    Address from = peer;
    if (from.is_v6() && from.to_v6().is_v4_mapped()) from = ip::make_address_v4(ip::v4_mapped, from.to_v6());
    if ((headers.forwarded_for.empty() && headers.real_ip.empty()) || !trusted.contains(from)) return from;
    if (const auto client = walk(headers.forwarded_for, trusted)) return *client;
    return parse_address(headers.real_ip).value_or(from);
}

std::string limit_key(const Address& address) {
    if (address.is_v4()) return address.to_string();
    const ip::network_v6 network(address.to_v6(), 64);
    return network.canonical().to_string();
}

}  // namespace chatbox::net
