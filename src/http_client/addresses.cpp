#include "addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace chatbox::http_client {

namespace {

struct Network4 {
    std::uint32_t address;
    int bits;
};

constexpr Network4 not_public4[] = {
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local, and with it the metadata services of clouds
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC0586300, 24},  // 6to4 relay, deprecated
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarks
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 4},   // multicast
    {0xF0000000, 4},   // reserved, broadcast
};

bool is_public4(std::uint32_t address) {
    return std::none_of(std::begin(not_public4), std::end(not_public4), [&](const Network4& network) {
        return (address >> (32 - network.bits)) == (network.address >> (32 - network.bits));
    });
}

using Bytes6 = std::array<std::uint8_t, 16>;

template <std::size_t N>
bool begins_with(const Bytes6& address, const std::array<std::uint8_t, N>& bytes) {
    return std::equal(bytes.begin(), bytes.end(), address.begin());
}

std::uint32_t four_bytes(const Bytes6& address, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | address[i];
    return value;
}

bool is_public6(const Bytes6& a) {
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    constexpr std::array<std::uint8_t, 12> nat64{0, 0x64, 0xFF, 0x9B};
    constexpr std::array<std::uint8_t, 2> six_to_four{0x20, 0x02};
    constexpr std::array<std::uint8_t, 4> documentation{0x20, 0x01, 0x0D, 0xB8};
    constexpr std::array<std::uint8_t, 4> teredo{0x20, 0x01, 0, 0};
    if (begins_with(a, mapped) || begins_with(a, nat64)) return is_public4(four_bytes(a, 12));
    if (begins_with(a, six_to_four)) return is_public4(four_bytes(a, 2));
    if (begins_with(a, documentation) || begins_with(a, teredo)) return false;
    return (a[0] & 0xE0) == 0x20;  // 2000::/3 is all that is given out for global unicast
}

}  // namespace

bool is_public_address(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        return is_public4(ntohl(v4.sin_addr.s_addr));
    }
    if (address.sa_family != AF_INET6) return false;
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    Bytes6 bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return is_public6(bytes);
}

std::string address_text(const sockaddr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    } else if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    return text.data();
}

bool is_loopback_host(std::string_view host) {
    if (host == "localhost" || host.ends_with(".localhost")) return true;
    const std::string text(host);
    std::uint32_t v4 = 0;
    if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return ntohl(v4) >> 24 == 127;
    in6_addr v6{};
    return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool matches_no_proxy(std::string_view host, const std::vector<std::string>& list) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view entry) {
        if (entry == "*") return true;
        while (entry.starts_with('.')) entry.remove_prefix(1);
        if (entry.empty()) return false;
        return host == entry || (host.size() > entry.size() && host.ends_with(entry) &&
                                 host[host.size() - entry.size() - 1] == '.');
    });
}

}  // namespace chatbox::http_client
