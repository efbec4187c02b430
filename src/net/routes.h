#pragma once
// From a request to its answer: which route, and whether the caller may use it (contract/http-api.md;
// docs/protocol.md).
#include <boost/asio/awaitable.hpp>

#include "http_types.h"
#include "shard.h"

namespace chatbox::net {

// Answers any request but a WebSocket handshake. Never throws for what a client sends.
boost::asio::awaitable<HttpAnswer> answer_request(HttpRequest request, ServerState& state);

// The application's error body.
HttpAnswer error_answer(unsigned status, std::string_view code, std::string_view text);

// What every answer carries (contract section 4); pages have a content security policy in place of
// X-Frame-Options.
void add_common_headers(HttpAnswer& answer, const Options& options);

// A file of the built pages, or the page that says that there is none. `path` as in Asset.
HttpAnswer page(const HttpRequest& request, std::string_view path);

}  // namespace chatbox::net
