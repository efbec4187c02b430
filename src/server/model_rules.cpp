#include "model_rules.h"

#include <algorithm>
#include <boost/json.hpp>

namespace chatbox::server {

namespace json = boost::json;

namespace {

std::string_view trim(std::string_view text) {
    const auto from = text.find_first_not_of(" \t");
    if (from == text.npos) return {};
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

}  // namespace

bool is_header_name(std::string_view name) {
    static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               others.find(c) != others.npos;
    });
}

std::pair<std::string, std::string> split_header(std::string_view header) {
    const std::size_t colon = std::min(header.find(':'), header.size());
    return {std::string(trim(header.substr(0, colon))),
            std::string(trim(header.substr(std::min(colon + 1, header.size()))))};
}

std::string header_mistake(std::string_view header) {
    const std::string form = "must be headers such as `X-Team: support`";
    if (header.find(':') == header.npos) return form + ", but one has no colon";
    const auto [name, value] = split_header(header);
    if (!is_header_name(name)) return form + ", but one has a bad name";
    const bool printable = std::ranges::all_of(
        value, [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7F); });
    if (!printable) return form + ", but the value of " + name + " has control characters";
    for (const std::string_view ours : {"host", "content-length", "transfer-encoding", "connection"}) {
        const bool same = std::ranges::equal(name, ours, [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
        });
        if (same) return "must not have " + name + ", which the connection itself needs";
    }
    return {};
}

std::string extra_body_mistake(std::string_view text) {
    json::error_code ec;
    const json::value value = json::parse(text, ec);
    if (!ec && value.is_object()) return {};
    return R"(must be a JSON object such as {"top_p": 0.9})";
}

json::object parse_extra_body(std::string_view text) {
    json::error_code ec;
    json::value value = json::parse(text, ec);
    return !ec && value.is_object() ? value.get_object() : json::object();
}

}  // namespace chatbox::server
