#include "ws_codec.h"

#include "base/text.h"

namespace chatbox::net {

namespace {

constexpr std::uint8_t opcode_continuation = 0;
constexpr std::uint8_t opcode_close = 8;
constexpr std::uint8_t opcode_ping = 9;
constexpr std::uint8_t opcode_pong = 10;
constexpr std::size_t control_limit = 125;  // RFC 6455 section 5.5

constexpr std::uint16_t code_protocol_error = 1002;
constexpr std::uint16_t code_too_big = 1009;

bool is_control(std::uint8_t opcode) {
    return opcode >= 8;
}

bool is_known(std::uint8_t opcode) {
    return opcode <= 2 || (opcode >= opcode_close && opcode <= opcode_pong);
}

// Codes that an endpoint may send (RFC 6455 section 7.4 and the IANA registry).
bool is_sendable_code(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::uint64_t big_endian(std::span<const char> bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

}  // namespace

void append_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload) {
    out.push_back(static_cast<char>(0x80 | static_cast<unsigned>(opcode)));
    if (payload.size() < 126) {
        out.push_back(static_cast<char>(payload.size()));
    } else {
        const int bytes = payload.size() <= 0xFFFF ? 2 : 8;
        out.push_back(static_cast<char>(bytes == 2 ? 126 : 127));
        for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
            out.push_back(static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift & 0xFF));
        }
    }
    out += payload;
}

void append_ws_close(std::string& out, std::uint16_t code, std::string_view reason) {
    std::string payload;
    payload.push_back(static_cast<char>(code >> 8));
    payload.push_back(static_cast<char>(code & 0xFF));
    payload += reason.substr(0, base::utf8_floor(reason, control_limit - 2));
    append_ws_frame(out, WsOpcode::close, payload);
}

WsDecoder::Header WsDecoder::read_header(std::span<const char> bytes) const {
    Header header;
    if (bytes.size() < 2) return header;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    header.fin = (first & 0x80) != 0;
    header.opcode = first & 0x0F;
    header.length = second & 0x7F;
    const bool reserved_bits = (first & 0x70) != 0;
    const bool masked = (second & 0x80) != 0;
    const bool control = is_control(header.opcode);
    const bool continues = header.opcode == opcode_continuation;
    if (reserved_bits || !masked || !is_known(header.opcode) ||
        (control && (!header.fin || header.length > control_limit)) ||
        (!control && continues != fragmented_)) {
        header.failure = code_protocol_error;
        return header;
    }
    std::size_t size = 2;
    if (header.length >= 126) {
        const std::size_t extra = header.length == 126 ? 2 : 8;
        if (bytes.size() < size + extra) return header;
        header.length = big_endian(bytes.subspan(size, extra));
        size += extra;
        // The shortest form is required (section 5.2), and the highest bit must be zero.
        if (header.length < (extra == 2 ? 126U : 0x10000U) || (header.length >> 63) != 0) {
            header.failure = code_protocol_error;
            return header;
        }
    }
    if (!control && (header.length > max_message_ || fragments_.size() > max_message_ - header.length)) {
        header.failure = code_too_big;
        return header;
    }
    if (bytes.size() < size + sizeof header.mask) return header;
    for (std::size_t i = 0; i < sizeof header.mask; ++i) header.mask[i] = bytes[size + i];
    header.size = size + sizeof header.mask;
    return header;
}

WsItem WsDecoder::take_close(std::span<char> payload) {
    if (payload.empty()) return {WsKind::close, {}, 1005};
    if (payload.size() == 1) return {WsKind::failure, {}, code_protocol_error};
    const auto code = static_cast<std::uint16_t>(big_endian(payload.first(2)));
    const std::string_view reason(payload.data() + 2, payload.size() - 2);
    if (!is_sendable_code(code) || !base::is_valid_utf8(reason))
        return {WsKind::failure, {}, code_protocol_error};
    return {WsKind::close, reason, code};
}

WsItem WsDecoder::take(const Header& header, std::span<char> payload) {
    const std::string_view view(payload.data(), payload.size());
    switch (header.opcode) {
        case opcode_close:
            return take_close(payload);
        case opcode_ping:
            return {WsKind::ping, view, 0};
        case opcode_pong:
            return {WsKind::pong, view, 0};
        default:
            break;
    }
    if (header.fin && !fragmented_) return {WsKind::message, view, 0};
    fragments_ += view;
    fragmented_ = !header.fin;
    return {WsKind::message, fragments_, static_cast<std::uint16_t>(fragmented_ ? 1 : 0)};
}

void WsDecoder::keep(std::span<const char> rest, bool from_carry) {
    if (!from_carry) {
        carry_.assign(rest.data(), rest.size());
    } else if (rest.empty()) {
        std::string().swap(carry_);
    } else {
        carry_.erase(0, carry_.size() - rest.size());
    }
}

}  // namespace chatbox::net
