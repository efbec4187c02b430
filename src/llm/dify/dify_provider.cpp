#include "llm/dify/dify_provider.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "event_reader.h"
#include "llm/vendor/http_provider.h"

namespace chatbox::llm::dify {

namespace {

// Without those whose answer failed: the app may have them already.
std::string question_of(const Prompt& prompt) {
    const auto& messages = prompt.messages;
    const std::size_t wanted = std::max<std::size_t>(prompt.questions, 1);
    std::size_t from = messages.size();
    while (from > 0 && messages.size() - from < wanted && messages[from - 1].role == Role::user) --from;
    std::string question;
    for (std::size_t i = from; i < messages.size(); ++i) {
        if (i > from) question += '\n';
        question += messages[i].content;
    }
    return question;
}

boost::json::object body_of(const Options& options, const Prompt& prompt, bool stream,
                            const std::string& conversation) {
    boost::json::object body{{"inputs", boost::json::object()},
                             {"query", question_of(prompt)},
                             {"response_mode", stream ? "streaming" : "blocking"},
                             {"user", options.pseudonym(prompt.user)}};
    if (!conversation.empty()) body["conversation_id"] = conversation;
    return body;
}

class DifyProvider final : public vendor::HttpProvider {
public:
    DifyProvider(http_client::Client& client, Options options)
        : HttpProvider(client, rules_of(options)), options_(std::make_shared<Options>(std::move(options))) {}

private:
    vendor::Exchange exchange_for(const Prompt& prompt) override {
        const auto state = prompt.states.find(options_->id);
        if (state == prompt.states.end() || state->second.empty()) return exchange(*options_, prompt, {});
        vendor::Exchange first = exchange(*options_, prompt, state->second);
        first.on_not_found = [options = options_, prompt] { return exchange(*options, prompt, {}); };
        return first;
    }

    static vendor::Exchange exchange(const Options& options, const Prompt& prompt,
                                     const std::string& conversation) {
        const bool stream = wants_stream(options, prompt);
        return {request_of(options, "/chat-messages", "Authorization",
                           body_of(options, prompt, stream, conversation), stream),
                std::make_unique<StreamDecoder>(limits_of(options))};
    }

    const std::shared_ptr<const Options> options_;
};

}  // namespace

StreamDecoder::StreamDecoder(vendor::StreamLimits limits)
    : vendor::StreamDecoder(limits, std::make_unique<EventReader>()) {}

std::unique_ptr<Provider> make_dify_provider(http_client::Client& client, Options options) {
    return std::make_unique<DifyProvider>(client, std::move(options));
}

}  // namespace chatbox::llm::dify
