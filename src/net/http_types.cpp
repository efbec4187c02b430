#include "http_types.h"

#include <boost/url/parse.hpp>

namespace chatbox::net {

namespace urls = boost::urls;

namespace {
constexpr std::size_t max_parameters = 100;  // no route knows more than a dozen
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
