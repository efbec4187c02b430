#pragma once
// Chat completions as OpenAI defined them (platform.openai.com/docs/api-reference/chat/create, streaming),
// spoken by OpenAI, Azure, vLLM, Ollama, llama.cpp and many more.
#include <memory>

#include "http_client/http_client.h"
#include "llm/provider.h"
#include "llm/vendor/model_settings.h"

namespace chatbox::llm::openai {

struct Options : vendor::ModelSettings {
    // Asks for the token counts in the stream. A few servers answer 400 and name stream_options: turn it off
    // there.
    bool request_usage = true;
};

// POST {endpoint}/chat/completions, with "Authorization: Bearer <key>" unless the settings say otherwise.
// What the sink is told: see llm/vendor/http_provider.h and stream_decoder.h. `client` outlives the provider
// and belongs to the same loop.
std::unique_ptr<Provider> make_openai_provider(http_client::Client& client, Options options);

}  // namespace chatbox::llm::openai
