// The parser of client frames: whatever the bytes are, it answers with a frame within its limits or with a
// fault.
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "wire/client_frame.h"
#include "wire/json_writer.h"

namespace {

using namespace chatbox;

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const wire::FrameLimits limits;
    const base::Time now = *base::parse_rfc3339("2026-02-22T10:00:00Z");
    const auto parsed = wire::parse_client_frame(bytes, limits, now);
    if (const auto* frame = std::get_if<wire::ClientFrame>(&parsed)) {
        require(frame->content.size() <= limits.content && base::is_valid_utf8(frame->content));
        require(frame->content.find('\0') == std::string::npos);
        require(frame->session.str().size() <= limits.session_id);
        require(frame->client_id.str().size() <= limits.client_id);
        require(frame->metadata.size() <= limits.metadata_entries);
        require(frame->type != wire::ClientFrameType::user_message || !frame->content.empty());
        std::string written;
        wire::append_escaped(written, frame->content);
        require(written.find('\n') == std::string::npos);
    } else {
        const auto& refused = std::get<wire::RefusedFrame>(parsed);
        require(!refused.fault.message.empty() && refused.fault.message.size() < 300);
        require(base::is_valid_utf8(refused.fault.message));
    }
    return 0;
}
