#pragma once
// Which web sites may connect (contract, websocket-protocol 1.3, with the open default closed). Pure.
#include <string>
#include <string_view>
#include <vector>

namespace chatbox::net {

// `origin` and `host` are header values, empty when absent.
//
// A request without Origin does not come from a page of another site: it is allowed unless a list says
// otherwise. With an empty list only the server's own origin may connect: http or https on the same host and
// port. With a list the origin must equal one entry byte for byte, and a request without Origin is refused.
bool origin_allowed(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed,
                    bool allow_any);

}  // namespace chatbox::net
