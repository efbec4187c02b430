#pragma once
// Chat completions as OpenAI defined them (platform.openai.com/docs/api-reference/chat/create, streaming),
// spoken by OpenAI, vLLM, Ollama, llama.cpp and many more.
#include <memory>
#include <string>

#include "http_client/http_client.h"
#include "llm/provider.h"

namespace chatbox::llm::openai {

struct Options {
    std::string endpoint;  // without /chat/completions, with or without a trailing slash
    std::string api_key;   // may be empty: no Authorization header
    std::string model;     // the vendor's model name
    http_client::Deadlines deadlines;
    std::size_t max_answer_bytes = 4 * 1024 * 1024;
    std::size_t max_line_bytes = 1024 * 1024;  // of one line of the stream
    // Asks for the token counts in the stream. A few servers answer 400 and name stream_options: turn it off
    // there.
    bool request_usage = true;
};

// What the sink is told: 200 is success and nothing else is. 408, 429 and 5xx are unavailable, every other
// status is rejected; the detail quotes at most 1024 bytes of the vendor's answer, keys removed. See
// stream_decoder.h for what a successful body may be. `client` outlives the provider and belongs to the same
// loop.
std::unique_ptr<Provider> make_openai_provider(http_client::Client& client, Options options);

}  // namespace chatbox::llm::openai
