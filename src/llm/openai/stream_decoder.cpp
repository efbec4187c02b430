#include "llm/openai/stream_decoder.h"

#include <memory>

#include "chunk_reader.h"

namespace chatbox::llm::openai {

StreamDecoder::StreamDecoder(StreamLimits limits)
    : vendor::StreamDecoder(limits, std::make_unique<ChunkReader>()) {}

}  // namespace chatbox::llm::openai
