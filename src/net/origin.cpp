#include "origin.h"

#include <algorithm>

namespace chatbox::net {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string_view without_port(std::string_view host, std::string_view port) {
    return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

bool names(std::string_view origin, std::string_view host) {
    if (origin.empty() || host.empty()) return false;
    const std::string from = lower(origin);
    const std::string here = lower(host);
    for (const auto& [scheme, port] : {std::pair<std::string_view, std::string_view>{"http://", ":80"},
                                       std::pair<std::string_view, std::string_view>{"https://", ":443"}}) {
        if (from.starts_with(scheme)) {
            return without_port(std::string_view(from).substr(scheme.size()), port) ==
                   without_port(here, port);
        }
    }
    return false;
}

}  // namespace

bool is_own_origin(std::string_view origin, const Hosts& hosts) {
    return names(origin, hosts.host) || names(origin, hosts.forwarded_host);
}

bool origin_allowed(std::string_view origin, const Hosts& hosts, const std::vector<std::string>& allowed,
                    bool allow_any) {
    if (allow_any) return true;
    if (!allowed.empty()) return std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
    return origin.empty() || is_own_origin(origin, hosts);
}

CorsVerdict check_cors(std::string_view method, std::string_view origin, bool own,
                       const std::vector<std::string>& allowed) {
    if (allowed.empty() || origin.empty() || own) return {};
    const bool any = allowed.size() == 1 && allowed.front() == "*";
    if (!any && std::find(allowed.begin(), allowed.end(), lower(origin)) == allowed.end()) {
        return {CorsVerdict::Kind::refuse, {}};
    }
    CorsVerdict verdict;
    verdict.headers.emplace_back("Access-Control-Allow-Origin", any ? "*" : std::string(origin));
    verdict.headers.emplace_back("Access-Control-Allow-Credentials", "true");
    if (!any) verdict.headers.emplace_back("Vary", "Origin");
    if (method != "OPTIONS") {
        verdict.headers.emplace_back("Access-Control-Expose-Headers", "Content-Length");
        return verdict;
    }
    verdict.kind = CorsVerdict::Kind::preflight;
    verdict.headers.emplace_back("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,OPTIONS");
    verdict.headers.emplace_back("Access-Control-Allow-Headers", "Origin,Content-Type,Accept,Authorization");
    verdict.headers.emplace_back("Access-Control-Max-Age", "43200");
    verdict.headers.emplace_back("Vary", "Access-Control-Request-Method");
    verdict.headers.emplace_back("Vary", "Access-Control-Request-Headers");
    return verdict;
}

}  // namespace chatbox::net
