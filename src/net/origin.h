#pragma once
// Which web sites may connect (contract, websocket-protocol 1.3 and http-api 3, with the open default
// closed). Pure. `origin`, `host` and the like are header values, empty when absent.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatbox::net {

// The names that a request calls this server by: its Host header, and what a proxy in front of us was called.
struct Hosts {
    std::string_view host;
    std::string_view forwarded_host;
};

// Whether a page of `origin` came from this very server: http or https, whatever we speak behind a proxy, on
// the same host and port. Letters of host names have no case, and a port that is the scheme's own may be left
// out on either side.
bool is_own_origin(std::string_view origin, const Hosts& hosts);

// May a page of `origin` open a WebSocket?
//
// A request without Origin does not come from a page of another site: it is allowed unless a list says
// otherwise. With an empty list only the server's own origin may connect. With a list the origin must equal
// one entry byte for byte, and a request without Origin is refused.
bool origin_allowed(std::string_view origin, const Hosts& hosts, const std::vector<std::string>& allowed,
                    bool allow_any);

// What cross-origin resource sharing makes of a request (fetch.spec.whatwg.org, 3.3; contract, http-api 3).
struct CorsVerdict {
    enum class Kind {
        pass,       // goes on; `headers` are added to whatever the answer is
        preflight,  // 204 with `headers` and no body
        refuse,     // 403 with nothing
    };
    Kind kind = Kind::pass;
    std::vector<std::pair<std::string, std::string>> headers;
};

// `allowed`: lower-case origins, or the single entry `*` for any; empty turns all of this off. `own`: the
// origin is the server's own.
CorsVerdict check_cors(std::string_view method, std::string_view origin, bool own,
                       const std::vector<std::string>& allowed);

}  // namespace chatbox::net
