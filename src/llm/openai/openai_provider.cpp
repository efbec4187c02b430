#include "llm/openai/openai_provider.h"

#include <boost/json.hpp>
#include <utility>

#include "llm/openai/stream_decoder.h"
#include "llm/vendor/http_provider.h"

namespace chatbox::llm::openai {

namespace {

std::string_view name_of(Role role) {
    switch (role) {
        case Role::system:
            return "system";
        case Role::user:
            return "user";
        case Role::assistant:
            return "assistant";
    }
    return "user";
}

// Templates of many models take one system message only, and only at the beginning.
boost::json::array messages_of(const Options& options, const Prompt& prompt) {
    boost::json::array messages;
    messages.reserve(prompt.messages.size() + 1);
    if (const std::string system = system_text(options, prompt); !system.empty())
        messages.push_back({{"role", "system"}, {"content", system}});
    for (const PromptMessage& message : prompt.messages) {
        if (message.role == Role::system) continue;
        messages.push_back({{"role", name_of(message.role)}, {"content", message.content}});
    }
    return messages;
}

boost::json::object body_of(const Options& options, const Prompt& prompt, bool stream) {
    boost::json::object body{
        {"model", options.model}, {"messages", messages_of(options, prompt)}, {"stream", stream}};
    if (stream && options.request_usage) body["stream_options"] = {{"include_usage", true}};
    if (options.temperature) body["temperature"] = *options.temperature;
    if (options.max_tokens) body["max_tokens"] = *options.max_tokens;
    return body;
}

class OpenAiProvider final : public vendor::HttpProvider {
public:
    OpenAiProvider(http_client::Client& client, Options options)
        : HttpProvider(client, rules_of(options)), options_(std::move(options)) {}

private:
    vendor::Exchange exchange_for(const Prompt& prompt) override {
        const bool stream = wants_stream(options_, prompt);
        return {request_of(options_, "/chat/completions", "Authorization", body_of(options_, prompt, stream),
                           stream),
                std::make_unique<StreamDecoder>(limits_of(options_))};
    }

    const Options options_;
};

}  // namespace

std::unique_ptr<Provider> make_openai_provider(http_client::Client& client, Options options) {
    return std::make_unique<OpenAiProvider>(client, std::move(options));
}

}  // namespace chatbox::llm::openai
