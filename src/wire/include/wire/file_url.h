#pragma once
// Which addresses of files a client may name (contract, websocket-protocol 6.5). Pure: no name is looked up,
// because a lookup would hold up the session and would let anybody probe a network through us. The server
// never fetches such an address by itself.
#include <string_view>

namespace chatbox::wire {

// An absolute https URL (RFC 3986) with a host, without user information, whose host is not an address of a
// private, loopback, link-local or unspecified range, in whatever notation, and not a name that always means
// one ("localhost" and names below it, "local", "internal").
bool is_public_https_url(std::string_view url);

}  // namespace chatbox::wire
