#pragma once
// The WebSocket wire format (RFC 6455 sections 5 and 7) as pure code: bytes in, messages out. It is ours
// because an idle connection must cost next to nothing (docs/adr/0001): between messages a decoder holds no
// buffer.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chatbox::net {

enum class WsKind : std::uint8_t { message, ping, pong, close, failure };

// One thing that the peer said. The view is good during the call only.
struct WsItem {
    WsKind kind = WsKind::message;
    std::string_view payload;  // message or control payload; of a close: the reason
    std::uint16_t code = 0;    // close: its code, 1005 without one; failure: the code to close with
};

enum class WsOpcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// Appends one unfragmented, unmasked frame (server to client).
void append_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload);
// A close frame with code and reason (at most 123 bytes).
void append_ws_close(std::string& out, std::uint16_t code, std::string_view reason);

// Decodes what one client sends. After a failure or a close it takes nothing more.
class WsDecoder {
public:
    explicit WsDecoder(std::size_t max_message) : max_message_(max_message) {}

    // `bytes` is changed in place (unmasked). Calls sink(const WsItem&) for each complete message or control
    // frame, in order; sink returns false to stop. A message larger than the limit fails with 1009 as soon as
    // a header announces it, before it is stored.
    template <class Sink>
    void feed(std::span<char> bytes, const Sink& sink);

    // A message, or a frame, has begun and not ended.
    bool incomplete() const { return !carry_.empty() || fragmented_; }

    // Bytes held for a message that is not complete.
    std::size_t held() const { return carry_.capacity() + fragments_.capacity(); }

private:
    struct Header {
        bool fin = false;
        std::uint8_t opcode = 0;
        std::uint64_t length = 0;
        std::size_t size = 0;  // of the header itself; 0: not complete yet
        char mask[4] = {};
        std::uint16_t failure = 0;
    };
    Header read_header(std::span<const char> bytes) const;
    // The item that a complete frame makes; kind message with code 1: nothing to report (a fragment).
    WsItem take(const Header& header, std::span<char> payload);
    static WsItem take_close(std::span<char> payload);
    void keep(std::span<const char> rest, bool from_carry);

    std::size_t max_message_;
    std::string carry_;      // an incomplete frame
    std::string fragments_;  // the message so far, when it is fragmented
    bool fragmented_ = false;
    bool ended_ = false;
};

template <class Sink>
void WsDecoder::feed(std::span<char> bytes, const Sink& sink) {
    if (ended_) return;
    const bool from_carry = !carry_.empty();
    if (from_carry) {
        carry_.append(bytes.data(), bytes.size());
        bytes = std::span<char>(carry_.data(), carry_.size());
    }
    while (!ended_) {
        const Header header = read_header(bytes);
        if (header.failure != 0) {
            ended_ = true;
            sink(WsItem{WsKind::failure, {}, header.failure});
            break;
        }
        if (header.size == 0 || bytes.size() - header.size < header.length) break;
        std::span<char> payload = bytes.subspan(header.size, static_cast<std::size_t>(header.length));
        for (std::size_t i = 0; i < payload.size(); ++i)
            payload[i] = static_cast<char>(payload[i] ^ header.mask[i & 3]);
        bytes = bytes.subspan(header.size + payload.size());
        const WsItem item = take(header, payload);
        if (item.kind == WsKind::message && item.code != 0) continue;
        ended_ = item.kind == WsKind::close || item.kind == WsKind::failure;
        const bool more = sink(item);
        if (item.kind == WsKind::message && !fragments_.empty()) std::string().swap(fragments_);
        if (!more) ended_ = true;
    }
    keep(ended_ ? std::span<const char>() : bytes, from_carry);
}

}  // namespace chatbox::net
