#include "wire/file_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <cstdint>
#include <string>

namespace chatbox::wire {

namespace {

struct Range {
    std::uint32_t first;
    int bits;
};

// RFC 6890: what is not reachable from outside, or is somebody in here.
constexpr std::array<Range, 9> private_ranges{{{0x00000000, 8},    // 0/8, "this host"
                                               {0x0A000000, 8},    // 10/8
                                               {0x64400000, 10},   // 100.64/10, carrier grade NAT
                                               {0x7F000000, 8},    // 127/8
                                               {0xA9FE0000, 16},   // 169.254/16
                                               {0xAC100000, 12},   // 172.16/12
                                               {0xC0A80000, 16},   // 192.168/16
                                               {0xE0000000, 4},    // multicast
                                               {0xF0000000, 4}}};  // reserved, broadcast

bool is_private(std::uint32_t address) {
    return std::any_of(private_ranges.begin(), private_ranges.end(), [&](const Range& range) {
        return (address >> (32 - range.bits)) == (range.first >> (32 - range.bits));
    });
}

bool is_private(const std::array<unsigned char, 16>& address) {
    const auto begins_with = [&](std::string_view hex_zeroes_then, std::size_t zeroes) {
        return std::all_of(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(zeroes),
                           [](unsigned char byte) { return byte == 0; }) &&
               std::equal(hex_zeroes_then.begin(), hex_zeroes_then.end(),
                          address.begin() + static_cast<std::ptrdiff_t>(zeroes),
                          [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
    };
    const auto embedded = [&](std::size_t at) {
        return std::uint32_t{address[at]} << 24 | std::uint32_t{address[at + 1]} << 16 |
               std::uint32_t{address[at + 2]} << 8 | std::uint32_t{address[at + 3]};
    };
    if (begins_with("\xff\xff", 10) || begins_with({}, 12))
        return is_private(embedded(12));  // ::ffff:a.b.c.d
    if (address[0] == 0x00 && address[1] == 0x64 && address[2] == 0xff && address[3] == 0x9b) {
        return is_private(embedded(12));  // 64:ff9b::/96, RFC 6052
    }
    if (address[0] == 0x20 && address[1] == 0x02) return is_private(embedded(2));  // 6to4, RFC 3056
    return (address[0] & 0xfe) == 0xfc                                             // fc00::/7
           || (address[0] == 0xfe && (address[1] & 0x80) == 0x80)                  // fe80::/10, fec0::/10
           || address[0] == 0xff;                                                  // multicast
}

// What browsers and inet_aton(3) take for an IPv4 address beside four decimal numbers: fewer parts, octal,
// hexadecimal.
bool looks_like_a_number(std::string_view host) {
    const std::size_t dot = host.find_last_of('.');
    const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
    if (last.empty()) return true;
    if (last.size() > 1 && last[0] == '0' && (last[1] == 'x' || last[1] == 'X')) return true;
    return std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_local_name(std::string host) {
    std::transform(host.begin(), host.end(), host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (!host.empty() && host.back() == '.') host.pop_back();
    for (const std::string_view name : {"localhost", "local", "internal", "localdomain"}) {
        if (host == name || (host.size() > name.size() && host.ends_with(name) &&
                             host[host.size() - name.size() - 1] == '.')) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool is_public_https_url(std::string_view text) {
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed || parsed->scheme_id() != boost::urls::scheme::https || parsed->has_userinfo()) return false;
    const std::string host = parsed->host_address();
    switch (parsed->host_type()) {
        case boost::urls::host_type::ipv4:
        case boost::urls::host_type::name: {
            in_addr v4{};
            if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return !is_private(ntohl(v4.s_addr));
            return !host.empty() && !looks_like_a_number(host) && !is_local_name(host);
        }
        case boost::urls::host_type::ipv6: {
            std::array<unsigned char, 16> v6{};
            return inet_pton(AF_INET6, host.c_str(), v6.data()) == 1 && !is_private(v6);
        }
        default:
            return false;
    }
}

}  // namespace chatbox::wire
