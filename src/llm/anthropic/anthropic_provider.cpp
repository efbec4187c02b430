#include "llm/anthropic/anthropic_provider.h"

#include <boost/json.hpp>
#include <utility>

#include "llm/vendor/http_provider.h"
#include "message_reader.h"

namespace chatbox::llm::anthropic {

namespace {

constexpr const char* api_version = "2023-06-01";

boost::json::array messages_of(const Prompt& prompt) {
    boost::json::array messages;
    messages.reserve(prompt.messages.size());
    for (const PromptMessage& message : prompt.messages) {
        if (message.role == Role::system || message.content.empty()) continue;
        const bool user = message.role == Role::user;
        if (!user && messages.empty()) continue;
        messages.push_back({{"role", user ? "user" : "assistant"}, {"content", message.content}});
    }
    return messages;
}

boost::json::object body_of(const Options& options, const Prompt& prompt, bool stream) {
    boost::json::object body{{"model", options.model},
                             {"messages", messages_of(prompt)},
                             {"max_tokens", options.max_tokens.value_or(default_max_tokens)},
                             {"stream", stream}};
    if (const std::string system = system_text(options, prompt); !system.empty()) body["system"] = system;
    if (options.temperature) body["temperature"] = *options.temperature;
    return body;
}

class AnthropicProvider final : public vendor::HttpProvider {
public:
    AnthropicProvider(http_client::Client& client, Options options)
        : HttpProvider(client, rules_of(options)), options_(std::move(options)) {
        // A version in the settings wins, as every extra header does.
        options_.extra_headers.insert(options_.extra_headers.begin(), {"anthropic-version", api_version});
    }

private:
    vendor::Exchange exchange_for(const Prompt& prompt) override {
        const bool stream = wants_stream(options_, prompt);
        return {request_of(options_, "/messages", "x-api-key", body_of(options_, prompt, stream), stream),
                std::make_unique<StreamDecoder>(limits_of(options_))};
    }

    Options options_;
};

}  // namespace

StreamDecoder::StreamDecoder(vendor::StreamLimits limits)
    : vendor::StreamDecoder(limits, std::make_unique<MessageReader>()) {}

std::unique_ptr<Provider> make_anthropic_provider(http_client::Client& client, Options options) {
    return std::make_unique<AnthropicProvider>(client, std::move(options));
}

}  // namespace chatbox::llm::anthropic
