// The built pages.
#include <algorithm>

#include "assets.h"
#include "route_table.h"
#include "routes.h"

namespace chatbox::net {

namespace {

// Whether the client takes gzip: named (or *) without q=0 (RFC 9110 section 12.5.3).
bool accepts_gzip(std::string_view header) {
    while (!header.empty()) {
        const std::size_t comma = header.find(',');
        std::string item(header.substr(0, comma));
        header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
        std::erase_if(item, [](char c) { return c == ' ' || c == '\t'; });
        const std::size_t semicolon = item.find(';');
        const std::string coding = item.substr(0, semicolon);
        if (coding != "gzip" && coding != "*") continue;
        if (semicolon == std::string::npos) return true;
        const std::string weight = item.substr(semicolon + 1);
        return weight.find_first_not_of("0.", weight.find('=') + 1) != std::string::npos;
    }
    return false;
}

}  // namespace

HttpAnswer page(const HttpRequest& request, std::string_view path) {
    const auto all = assets();
    const auto found =
        std::lower_bound(all.begin(), all.end(), path,
                         [](const Asset& asset, std::string_view wanted) { return asset.path < wanted; });
    if (found == all.end() || found->path != path) return not_found_page();
    HttpAnswer answer;
    answer.is_page = true;
    answer.content_type = found->content_type;
    answer.headers.emplace_back("ETag", std::string(found->etag));
    answer.headers.emplace_back("Cache-Control",
                                found->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    answer.headers.emplace_back("Vary", "Accept-Encoding");
    if (request.if_none_match == "*" || request.if_none_match.find(found->etag) != std::string::npos) {
        answer.status = 304;
        return answer;
    }
    const bool compressed = !found->gzip.empty() && accepts_gzip(request.accept_encoding);
    if (compressed) answer.headers.emplace_back("Content-Encoding", "gzip");
    answer.body = compressed ? found->gzip : found->bytes;
    return answer;
}

}  // namespace chatbox::net
