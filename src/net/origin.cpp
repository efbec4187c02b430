#include "origin.h"

#include <algorithm>

namespace chatbox::net {

bool origin_allowed(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed,
                    bool allow_any) {
    if (allow_any) return true;
    if (!allowed.empty()) return std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
    if (origin.empty()) return true;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme) && !host.empty() && origin.substr(scheme.size()) == host) return true;
    }
    return false;
}

}  // namespace chatbox::net
