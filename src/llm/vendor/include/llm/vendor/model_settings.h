#pragma once
// What is common to the requests of all vendors.
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_client/http_client.h"
#include "llm/provider.h"
#include "llm/vendor/http_provider.h"

namespace chatbox::llm::vendor {

// Settings of one model.
struct ModelSettings {
    std::string id;        // ours
    std::string endpoint;  // base URL; may end in a slash, may have a query (?api-version=...), which is kept
    std::string api_key;   // may be empty: no key is sent
    // The header that carries the key instead of the vendor's usual one. "Authorization" sends "Bearer
    // <key>", any other name the key alone.
    std::string auth_header;
    std::string model;          // the vendor's name
    std::string system_prompt;  // in front of the prompt's own; empty: none
    std::optional<double> temperature;
    std::optional<std::uint64_t> max_tokens;
    boost::json::object extra_body;  // laid over the request's body, key by key
    std::vector<std::pair<std::string, std::string>> extra_headers;
    bool stream = true;  // false: asks for the whole answer at once
    http_client::Deadlines deadlines;
    DrainLimits drain;
    std::size_t max_answer_bytes = 4 * 1024 * 1024;
    std::size_t max_line_bytes = 1024 * 1024;  // of one line of the stream
};

HttpRules rules_of(const ModelSettings& settings);
StreamLimits limits_of(const ModelSettings& settings);
bool wants_stream(const ModelSettings& settings, const Prompt& prompt);

// endpoint + path, in front of the endpoint's query.
std::string url_of(std::string_view endpoint, std::string_view path);

// The texts of all system messages, the model's own first, with an empty line between them.
std::string system_text(const ModelSettings& settings, const Prompt& prompt);

// A POST of `body` with the extras of the settings. `key_header` is the vendor's usual one.
http_client::Request request_of(const ModelSettings& settings, std::string_view path,
                                std::string_view key_header, boost::json::object body, bool stream);

}  // namespace chatbox::llm::vendor
