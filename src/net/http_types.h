#pragma once
// A request and an answer, without Beast: what routes see.
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatbox::net {

struct HttpRequest {
    std::string method;  // HEAD is shown as GET; the body of the answer is left out later
    std::string target;  // as sent: safe to send back in a header, unlike what is decoded
    std::string path;    // decoded, without the query; may hold any byte
    std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order sent
    bool query_cut = false;                                  // there were more parameters than we look at
    std::string body;
    std::string authorization;
    std::string origin;
    std::string host;
    std::string forwarded_host;       // X-Forwarded-Host, when a trusted proxy sent it
    boost::asio::ip::address client;  // behind trusted proxies
    std::string if_none_match;
    std::string accept_encoding;

    // The first one of that name counts, as in the original.
    std::optional<std::string_view> find_parameter(std::string_view name) const {
        for (const auto& [key, value] : query) {
            if (key == name) return value;
        }
        return std::nullopt;
    }
    // Empty when it is not there.
    std::string_view parameter(std::string_view name) const {
        return find_parameter(name).value_or(std::string_view());
    }
};

struct HttpAnswer {
    unsigned status = 200;
    std::string content_type = "application/json; charset=utf-8";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    bool is_page = false;  // a page may be framed by whom the settings name, everything else by nobody
    // The pattern of the route, for the log: a path may hold what nobody else should read. Empty: no route.
    // Points into the table of routes.
    std::string_view endpoint;
};

// The bytes of an answer behind which the connection ends.
std::string last_answer(const HttpAnswer& answer);

// The target of a request line, taken apart. Empty when it is not a path with an optional query.
std::optional<HttpRequest> parse_target(std::string_view target);

}  // namespace chatbox::net
