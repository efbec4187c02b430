#include "http_types.h"

#include <boost/url/parse.hpp>

namespace chatbox::net {

namespace urls = boost::urls;

namespace {
constexpr std::size_t max_parameters = 100;  // no route knows more than a dozen
}

std::string last_answer(const HttpAnswer& answer) {
    std::string_view reason = "Error";
    if (answer.status == 429) reason = "Too Many Requests";
    if (answer.status == 503) reason = "Service Unavailable";
    std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(reason) +
                        "\r\nContent-Type: " + answer.content_type +
                        "\r\nContent-Length: " + std::to_string(answer.body.size()) +
                        "\r\nConnection: close\r\n";
    for (const auto& [name, value] : answer.headers) bytes += name + ": " + value + "\r\n";
    return bytes + "\r\n" + answer.body;
}

std::optional<HttpRequest> parse_target(std::string_view target) {
    const auto parsed = urls::parse_origin_form(target);
    if (!parsed) return std::nullopt;
    HttpRequest request;
    request.target = target;
    const urls::url_view url = *parsed;
    request.path = url.path();
    for (const auto& parameter : url.params()) {
        if (request.query.size() == max_parameters) {
            request.query_cut = true;
            break;
        }
        request.query.emplace_back(std::string(parameter.key), std::string(parameter.value));
    }
    return request;
}

}  // namespace chatbox::net
