#pragma once
// Decodes the body of a successful chat-completions answer (platform.openai.com/docs/api-reference/chat): the
// event stream that OpenAI documents (chunks, a last one with the usage and no choice, [DONE]), and what
// compatible servers make of it. See llm/vendor/stream_decoder.h.
#include "llm/vendor/stream_decoder.h"

namespace chatbox::llm::openai {

using StreamLimits = vendor::StreamLimits;

class StreamDecoder final : public vendor::StreamDecoder {
public:
    explicit StreamDecoder(StreamLimits limits);
};

}  // namespace chatbox::llm::openai
