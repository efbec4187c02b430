#pragma once
// Chat apps of Dify (docs.dify.ai, "Send Chat Message").
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http_client/http_client.h"
#include "llm/provider.h"
#include "llm/vendor/model_settings.h"
#include "llm/vendor/stream_decoder.h"

namespace chatbox::llm::dify {

struct Options : vendor::ModelSettings {
    // What the app is told of who asks: the same for the same user, and of no use to anybody else.
    std::function<std::string(std::string_view user)> pseudonym;
};

// POST {endpoint}/chat-messages with "Authorization: Bearer <key>". The app keeps the conversation: it is
// sent the question alone (several that are answered together, with line feeds between them) and the
// conversation id that it gave with an earlier answer of the session, which is AnswerEnd::state here. When
// the app does not know that id any more, a new conversation is begun. Model, system prompt, temperature and
// max_tokens are the app's business. `client` outlives the provider and belongs to the same loop.
std::unique_ptr<Provider> make_dify_provider(http_client::Client& client, Options options);

// Decodes the body of a successful answer, streamed or not.
class StreamDecoder final : public vendor::StreamDecoder {
public:
    explicit StreamDecoder(vendor::StreamLimits limits);
};

}  // namespace chatbox::llm::dify
