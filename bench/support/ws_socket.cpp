#include "support/ws_socket.h"

#include <array>
#include <utility>

namespace chatbox::bench {
namespace {

constexpr std::array<unsigned char, 4> kMask{0x5a, 0x13, 0xc7, 0x88};

}  // namespace

void WsSocket::connect(std::uint16_t port, std::string_view path, std::uint32_t source) {
    request_.append("GET ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1:").append(std::to_string(port));
    request_ +=
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    tcp_.connect(port, source);
}

void WsSocket::on_connected() {
    tcp_.send(request_);
    request_ = {};
}

void WsSocket::send(Opcode opcode, std::string_view payload) {
    std::string frame;
    frame.reserve(payload.size() + 14);
    frame += static_cast<char>(0x80 | static_cast<int>(opcode));
    if (payload.size() < 126) {
        frame += static_cast<char>(0x80 | payload.size());
    } else {  // 64 kB are plenty for anything a bench sends
        frame += static_cast<char>(0x80 | 126);
        frame += static_cast<char>(payload.size() >> 8);
        frame += static_cast<char>(payload.size() & 0xff);
    }
    for (const unsigned char byte : kMask) frame += static_cast<char>(byte);
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ kMask[i % 4]);
    tcp_.send(frame);
}

void WsSocket::on_bytes(std::string_view bytes) {
    std::string joined;
    if (!partial_.empty()) {
        joined = std::exchange(partial_, {});
        joined.append(bytes);
        bytes = joined;
    }
    while (!bytes.empty() && tcp_.is_open()) {
        const std::size_t used = open_ ? take_frame(bytes) : take_handshake(bytes);
        if (used == 0) break;
        bytes.remove_prefix(used);
    }
    if (tcp_.is_open()) partial_.assign(bytes);
}

// Returns how many bytes it used; 0 means that more are needed, or that the socket was closed.
std::size_t WsSocket::take_handshake(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    if (!bytes.starts_with("HTTP/1.1 101")) {
        fail("refused: " + std::string(bytes));
        return 0;
    }
    open_ = true;
    listener_.on_open();
    return end + 4;
}

std::size_t WsSocket::take_frame(std::string_view bytes) {
    if (bytes.size() < 2) return 0;
    const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    std::size_t header = 2;
    std::uint64_t length = byte(1);
    if (length == 126 || length == 127) {
        const std::size_t extra = length == 126 ? 2 : 8;
        if (bytes.size() < 2 + extra) return 0;
        length = 0;
        for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(2 + i);
        header += extra;
    }
    if (bytes.size() - header < length) return 0;
    const auto opcode = static_cast<Opcode>(byte(0) & 15);
    if ((byte(0) & 0x80) == 0) {
        fail("fragmented frame");
        return 0;
    }
    const auto size = header + static_cast<std::size_t>(length);
    bytes_received_ += size;
    const auto payload = bytes.substr(header, static_cast<std::size_t>(length));
    if (opcode == Opcode::ping) send(Opcode::pong, payload);
    listener_.on_frame(opcode, payload);
    return size;
}

void WsSocket::on_gone(std::string_view why) {
    listener_.on_closed(why);
}

void WsSocket::fail(std::string_view why) {
    tcp_.close();
    listener_.on_closed(why);
}

}  // namespace chatbox::bench
