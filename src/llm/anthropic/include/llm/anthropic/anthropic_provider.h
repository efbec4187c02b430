#pragma once
// The Messages API of Anthropic (docs.claude.com/en/api/messages, messages-streaming, errors).
#include <memory>

#include "http_client/http_client.h"
#include "llm/provider.h"
#include "llm/vendor/model_settings.h"
#include "llm/vendor/stream_decoder.h"

namespace chatbox::llm::anthropic {

using Options = vendor::ModelSettings;

// What the API wants as max_tokens, when the settings do not say it.
constexpr std::uint64_t default_max_tokens = 4096;

// POST {endpoint}/messages with x-api-key and anthropic-version. System messages go into the top-level field
// `system`; empty messages, which the API refuses, and assistant messages before the first question are left
// out. What the sink is told: see llm/vendor/http_provider.h. `client` outlives the provider and belongs to
// the same loop.
std::unique_ptr<Provider> make_anthropic_provider(http_client::Client& client, Options options);

// Decodes the body of a successful answer, streamed or not.
class StreamDecoder final : public vendor::StreamDecoder {
public:
    explicit StreamDecoder(vendor::StreamLimits limits);
};

}  // namespace chatbox::llm::anthropic
