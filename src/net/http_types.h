#pragma once
// A request and an answer, without Beast: what routes see.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatbox::net {

struct HttpRequest {
    std::string method;  // HEAD is shown as GET; the body of the answer is left out later
    std::string path;    // decoded, without the query
    std::vector<std::pair<std::string, std::string>> query;  // decoded
    std::string authorization;
    std::string origin;
    std::string host;
    std::string if_none_match;
    std::string accept_encoding;

    std::string_view parameter(std::string_view name) const {
        for (const auto& [key, value] : query) {
            if (key == name) return value;
        }
        return {};
    }
};

struct HttpAnswer {
    unsigned status = 200;
    std::string content_type = "application/json; charset=utf-8";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    bool is_page = false;  // a page may be framed by whom the settings name, everything else by nobody
};

// The target of a request line, taken apart. Empty when it is not a path with an optional query.
std::optional<HttpRequest> parse_target(std::string_view target);

}  // namespace chatbox::net
