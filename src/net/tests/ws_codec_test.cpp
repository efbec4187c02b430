#include "../ws_codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatbox::net {
namespace {

constexpr std::size_t limit = 1000;

// A masked client frame. `first` is the byte with FIN, reserved bits and opcode.
std::string client_frame(unsigned first, std::string payload, bool masked = true) {
    std::string frame(1, static_cast<char>(first));
    const unsigned mask_bit = masked ? 0x80 : 0;
    const std::size_t n = payload.size();
    if (n < 126) {
        frame.push_back(static_cast<char>(mask_bit | n));
    } else if (n < 0x10000) {
        frame.push_back(static_cast<char>(mask_bit | 126));
        frame.push_back(static_cast<char>(n >> 8));
        frame.push_back(static_cast<char>(n));
    } else {
        frame.push_back(static_cast<char>(mask_bit | 127));
        for (int shift = 56; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(n >> shift));
    }
    if (masked) {
        const std::string mask = "\x11\x22\x33\x44";
        frame += mask;
        for (std::size_t i = 0; i < n; ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    }
    return frame + payload;
}

std::string describe(const WsItem& item) {
    static const char* names[] = {"message", "ping", "pong", "close", "failure"};
    std::string text = names[static_cast<int>(item.kind)];
    if (item.kind == WsKind::close || item.kind == WsKind::failure) text += " " + std::to_string(item.code);
    return text + "(" + std::string(item.payload) + ")";
}

std::vector<std::string> decode(const std::string& bytes, std::size_t piece) {
    WsDecoder decoder(limit);
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::string part = bytes.substr(at, piece);
        decoder.feed(std::span<char>(part.data(), part.size()), [&](const WsItem& item) {
            seen.push_back(describe(item));
            return true;
        });
    }
    return seen;
}

std::vector<std::string> decode(const std::string& bytes) {
    return decode(bytes, bytes.size());
}
using Seen = std::vector<std::string>;

TEST(WsDecoder, GivesTheSameHoweverTheBytesAreCut) {
    const std::string stream =
        client_frame(0x81, "Hello") + client_frame(0x89, "beat") + client_frame(0x01, "frag") +
        client_frame(0x8A, "") + client_frame(0x00, std::string(300, 'm')) + client_frame(0x80, "end") +
        client_frame(0x82, "") + client_frame(0x88, std::string("\x03\xe8", 2) + "bye");
    const Seen expected{"message(Hello)", "ping(beat)",
                        "pong()",         "message(frag" + std::string(300, 'm') + "end)",
                        "message()",      "close 1000(bye)"};
    for (std::size_t piece = 1; piece <= stream.size(); ++piece)
        EXPECT_EQ(decode(stream, piece), expected) << piece;
}

TEST(WsDecoder, HoldsNothingBetweenMessages) {
    WsDecoder decoder(1 << 20);
    const std::size_t idle = decoder.held();
    std::string bytes =
        client_frame(0x01, std::string(100'000, 'a')) + client_frame(0x80, std::string(100'000, 'b'));
    for (std::size_t at = 0; at < bytes.size(); at += 60'000) {
        std::string part = bytes.substr(at, 60'000);
        decoder.feed(std::span<char>(part.data(), part.size()), [](const WsItem&) { return true; });
    }
    EXPECT_EQ(decoder.held(), idle);
}

TEST(WsDecoder, AMessageMayBeAsLongAsTheLimitAndNoLonger) {
    EXPECT_EQ(decode(client_frame(0x81, std::string(limit, 'x'))),
              Seen{"message(" + std::string(limit, 'x') + ")"});
    EXPECT_EQ(decode(client_frame(0x81, std::string(limit + 1, 'x'))), Seen{"failure 1009()"});
    EXPECT_EQ(decode(client_frame(0x01, std::string(limit, 'x')) + client_frame(0x80, "y")),
              Seen{"failure 1009()"});
}

TEST(WsDecoder, RefusesATooLongMessageFromItsHeaderAlone) {
    const std::string header = client_frame(0x81, std::string(0x10000, 'x')).substr(0, 10);
    EXPECT_EQ(decode(header), Seen{"failure 1009()"});
}

TEST(WsDecoder, RefusesWhatRfc6455Forbids) {
    const Seen refused{"failure 1002()"};
    EXPECT_EQ(decode(client_frame(0x81, "x", false)), refused) << "5.1: unmasked";
    EXPECT_EQ(decode(client_frame(0xC1, "x")), refused) << "5.2: RSV1";
    EXPECT_EQ(decode(client_frame(0xA1, "x")), refused) << "5.2: RSV2";
    EXPECT_EQ(decode(client_frame(0x91, "x")), refused) << "5.2: RSV3";
    for (const unsigned opcode : {3U, 4U, 7U, 11U, 15U}) {
        EXPECT_EQ(decode(client_frame(0x80 | opcode, "x")), refused) << "5.2: opcode " << opcode;
    }
    EXPECT_EQ(decode(client_frame(0x09, "x")), refused) << "5.5: fragmented control frame";
    EXPECT_EQ(decode(client_frame(0x89, std::string(126, 'x'))), refused) << "5.5: long control frame";
    EXPECT_EQ(decode(client_frame(0x80, "x")), refused) << "5.4: continuation of nothing";
    EXPECT_EQ(decode(client_frame(0x01, "x") + client_frame(0x81, "y")), refused)
        << "5.4: new message inside one";
    EXPECT_EQ(decode(std::string("\x81\xFE\x00\x05", 4) + "maskHello"), refused) << "5.2: length not minimal";
    EXPECT_EQ(decode(client_frame(0x88, "x")), refused) << "5.5.1: close with one byte";
    EXPECT_EQ(decode(client_frame(0x88, std::string("\x03\xe8\xff", 3))), refused)
        << "5.5.1: reason not UTF-8";
}

TEST(WsDecoder, KnowsWhichCloseCodesMayBeSent) {
    const auto close_with = [](unsigned code) {
        std::string payload;
        payload.push_back(static_cast<char>(code >> 8));
        payload.push_back(static_cast<char>(code));
        return decode(client_frame(0x88, payload)).at(0);
    };
    for (const unsigned good : {1000U, 1001U, 1003U, 1007U, 1011U, 1014U, 3000U, 4999U}) {
        EXPECT_EQ(close_with(good), "close " + std::to_string(good) + "()");
    }
    for (const unsigned bad : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U, 65535U}) {
        EXPECT_EQ(close_with(bad), "failure 1002()") << bad;
    }
    EXPECT_EQ(decode(client_frame(0x88, "")), Seen{"close 1005()"});
}

TEST(WsDecoder, TakesNothingAfterAClose) {
    EXPECT_EQ(decode(client_frame(0x88, "") + client_frame(0x81, "late")), Seen{"close 1005()"});
}

TEST(WsFrame, UsesTheShortestLength) {
    const auto header_of = [](std::size_t size) {
        std::string out;
        append_ws_frame(out, WsOpcode::text, std::string(size, 'x'));
        return out.substr(0, out.size() - size);
    };
    EXPECT_EQ(header_of(0), std::string("\x81\x00", 2));
    EXPECT_EQ(header_of(125), "\x81\x7D");
    EXPECT_EQ(header_of(126), std::string("\x81\x7E\x00\x7E", 4));
    EXPECT_EQ(header_of(65535), "\x81\x7E\xFF\xFF");
    EXPECT_EQ(header_of(65536), std::string("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

}  // namespace
}  // namespace chatbox::net
