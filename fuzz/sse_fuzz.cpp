// Feeds arbitrary bytes, cut at arbitrary places, to the decoder of server-sent events and to those of the
// vendors' streams. All promise that their outcome does not depend on the cuts; all keep their limits; and
// the text that comes out is valid UTF-8.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/text.h"
#include "llm/anthropic/anthropic_provider.h"
#include "llm/dify/dify_provider.h"
#include "llm/openai/stream_decoder.h"
#include "llm/sse_decoder.h"

namespace {

using namespace chatbox;

void require(bool truth) {
    if (!truth) std::abort();
}

using Pieces = std::vector<std::string>;

struct SseOutcome {
    std::vector<std::tuple<std::string, std::string, std::string>> events;
    llm::SseStatus status = llm::SseStatus::more;
    std::optional<std::chrono::milliseconds> retry;
    friend bool operator==(const SseOutcome&, const SseOutcome&) = default;
};

SseOutcome decode_events(const Pieces& pieces, llm::SseLimits limits) {
    SseOutcome outcome;
    llm::SseDecoder decoder(limits);
    const auto take = [&](const llm::SseEvent& event) {
        require(event.data.size() <= limits.max_event_bytes);
        require(event.type.size() <= std::max<std::size_t>(limits.max_line_bytes, 7));  // "message"
        require(event.last_event_id.size() <= limits.max_line_bytes);
        outcome.events.emplace_back(event.type, event.data, event.last_event_id);
        return true;
    };
    for (const std::string& piece : pieces) {
        // A copy of the exact size on the heap: reading past it is seen, and so is a view that was kept.
        const std::vector<char> bytes(piece.begin(), piece.end());
        outcome.status = decoder.feed({bytes.data(), bytes.size()}, take);
    }
    outcome.status = decoder.finish(take);
    outcome.retry = decoder.retry();
    return outcome;
}

struct Answer final : llm::vendor::StreamDecoder::Text {
    std::vector<std::string> text;
    std::size_t bytes = 0;
    std::optional<llm::vendor::StreamDecoder::End> end;

    bool on_text(std::string_view piece) override {
        require(!piece.empty());
        require(base::is_valid_utf8(piece));
        bytes += piece.size();
        text.emplace_back(piece);
        return true;
    }
};

template <class Decoder>
Answer decode_answer(const Pieces& pieces, llm::vendor::StreamLimits limits) {
    Answer answer;
    Decoder decoder(limits);
    for (const std::string& piece : pieces) {
        const std::vector<char> bytes(piece.begin(), piece.end());
        answer.end = decoder.feed({bytes.data(), bytes.size()}, answer);
        if (answer.end) break;
    }
    if (!answer.end) answer.end = decoder.finish(answer);
    require(answer.end.has_value());
    require(answer.bytes <= limits.max_answer_bytes);
    return answer;
}

bool same(const Answer& a, const Answer& b) {
    if (a.text != b.text || a.end->has_error() != b.end->has_error()) return false;
    if (a.end->has_error()) return a.end->error().code == b.end->error().code;
    return a.end->value().finish_reason == b.end->value().finish_reason &&
           a.end->value().state == b.end->value().state && a.end->value().usage == b.end->value().usage;
}

template <class Decoder>
void compare(const std::string& stream, const Pieces& pieces, llm::vendor::StreamLimits limits) {
    require(same(decode_answer<Decoder>({stream}, limits), decode_answer<Decoder>(pieces, limits)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Numbers are taken from the end of the input, so that its beginning stays readable as a stream.
    FuzzedDataProvider input(data, size);
    const auto line = input.ConsumeIntegralInRange<std::size_t>(0, 400);
    const auto event = input.ConsumeIntegralInRange<std::size_t>(0, 800);
    const auto answer_limit = input.ConsumeIntegralInRange<std::size_t>(0, 200);
    std::vector<std::size_t> sizes(input.ConsumeIntegralInRange<std::size_t>(0, 16));
    for (std::size_t& piece : sizes) piece = input.ConsumeIntegralInRange<std::size_t>(0, 40);
    const std::string stream = input.ConsumeRemainingBytesAsString();

    Pieces pieces;
    std::size_t at = 0;
    for (const std::size_t piece : sizes) {
        pieces.push_back(stream.substr(at, piece));
        at += pieces.back().size();
    }
    pieces.push_back(stream.substr(at));

    const llm::SseLimits limits{.max_line_bytes = line, .max_event_bytes = event};
    require(decode_events({stream}, limits) == decode_events(pieces, limits));

    const llm::vendor::StreamLimits answer_limits{.max_line_bytes = line, .max_answer_bytes = answer_limit};
    compare<llm::openai::StreamDecoder>(stream, pieces, answer_limits);
    compare<llm::anthropic::StreamDecoder>(stream, pieces, answer_limits);
    compare<llm::dify::StreamDecoder>(stream, pieces, answer_limits);
    return 0;
}
