#pragma once
// Hosts and addresses, as far as it matters where a request goes.
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

namespace chatbox::http_client {

// False for what the IANA special-purpose registries (RFC 6890 and its updates) call not globally reachable:
// loopback, private, link-local, shared (100.64/10), documentation, multicast ... An IPv6 address that holds
// an IPv4 one (mapped, NAT64, 6to4) is judged by that. False for any other family.
bool is_public_address(const sockaddr& address);
std::string address_text(const sockaddr& address);

// "localhost", what ends in ".localhost", 127.0.0.0/8 and ::1.
bool is_loopback_host(std::string_view host);

// Whether `host` (lower case, no brackets) is one of `list` or, for a name, ends in "." and one of it.
bool matches_no_proxy(std::string_view host, const std::vector<std::string>& list);

}  // namespace chatbox::http_client
