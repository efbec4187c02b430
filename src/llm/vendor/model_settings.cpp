#include "llm/vendor/model_settings.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace chatbox::llm::vendor {

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

bool same_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

using Headers = std::vector<std::pair<std::string, std::string>>;

void set_header(Headers& headers, const std::string& name, const std::string& value) {
    for (auto& [known, old] : headers) {
        if (!same_ignoring_case(known, name)) continue;
        old = value;
        return;
    }
    headers.emplace_back(name, value);
}

}  // namespace

// Short values of extra headers are switches and versions; taking those out would only spoil the text.
HttpRules rules_of(const ModelSettings& settings) {
    constexpr std::size_t shortest_secret_value = 8;
    HttpRules rules{.secrets = {}, .drain = settings.drain};
    if (!settings.api_key.empty()) rules.secrets.push_back(settings.api_key);
    for (const auto& [name, value] : settings.extra_headers)
        if (value.size() >= shortest_secret_value) rules.secrets.push_back(value);
    return rules;
}

StreamLimits limits_of(const ModelSettings& settings) {
    return {.max_line_bytes = settings.max_line_bytes, .max_answer_bytes = settings.max_answer_bytes};
}

bool wants_stream(const ModelSettings& settings, const Prompt& prompt) {
    return settings.stream && prompt.delivery == Delivery::as_it_comes;
}

std::string url_of(std::string_view endpoint, std::string_view path) {
    const std::size_t mark = std::min(endpoint.find('?'), endpoint.size());
    std::string url(endpoint.substr(0, mark));
    while (url.ends_with('/')) url.pop_back();
    url.append(path).append(endpoint.substr(mark));
    return url;
}

std::string system_text(const ModelSettings& settings, const Prompt& prompt) {
    std::string text = settings.system_prompt;
    for (const PromptMessage& message : prompt.messages) {
        if (message.role != Role::system || message.content.empty()) continue;
        if (!text.empty()) text += "\n\n";
        text += message.content;
    }
    return text;
}

http_client::Request request_of(const ModelSettings& settings, std::string_view path,
                                std::string_view key_header, boost::json::object body, bool stream) {
    http_client::Request request;
    request.method = "POST";
    request.url = url_of(settings.endpoint, path);
    request.headers = {{"Content-Type", "application/json"},
                       {"Accept", stream ? "text/event-stream" : "application/json"}};
    if (!settings.api_key.empty()) {
        const std::string name =
            settings.auth_header.empty() ? std::string(key_header) : settings.auth_header;
        const bool bearer = same_ignoring_case(name, "Authorization");
        request.headers.emplace_back(name, bearer ? "Bearer " + settings.api_key : settings.api_key);
    }
    for (const auto& [name, value] : settings.extra_headers) set_header(request.headers, name, value);
    for (const auto& [name, value] : settings.extra_body) body[name] = value;
    request.body = boost::json::serialize(body);
    request.deadlines = settings.deadlines;
    if (!stream) request.deadlines.first_byte = request.deadlines.total;  // all of it comes at once
    // Around a token of four bytes some servers put a thousand. The text has its own limit; this one stops a
    // server that sends for ever and says nothing.
    request.max_body_bytes =
        64 * mebibyte + 256 * std::min(settings.max_answer_bytes, 1024 * 1024 * mebibyte);
    return request;
}

}  // namespace chatbox::llm::vendor
