#include "wire/client_frame.h"

#include <gtest/gtest.h>

#include <string>

namespace chatbox::wire {
namespace {

using base::Millis;
using base::Time;

const Time now = *base::parse_rfc3339("2026-02-22T10:00:00Z");

std::variant<ClientFrame, RefusedFrame> parse(std::string_view text) {
    return parse_client_frame(text, FrameLimits{}, now);
}

ClientFrame accepted(std::string_view text) {
    auto result = parse(text);
    if (auto* refused = std::get_if<RefusedFrame>(&result)) {
        ADD_FAILURE() << "refused: " << refused->fault.message << " for " << text.substr(0, 200);
        return {};
    }
    return std::get<ClientFrame>(result);
}

std::string fault_of(std::string_view text) {
    auto result = parse(text);
    if (auto* refused = std::get_if<RefusedFrame>(&result)) {
        return std::string(to_string(refused->fault.code)) + ": " + refused->fault.message;
    }
    return "accepted";
}

const std::string invalid = "INVALID_FORMAT: Invalid message format";
const std::string failed = "INVALID_FORMAT: Message validation failed";

std::string message_with(const std::string& field) {
    return R"({"type":"user_message","content":"hi",)" + field + "}";
}

TEST(ClientFrame, AMessageIsReadWithAllThatItCarries) {
    const auto frame = accepted(
        R"({"type":"user_message","session_id":"s1","content":"Hello there","client_id":"c1","sender":"user",
            "timestamp":"2026-02-22T10:00:00Z","metadata":{"a":"b"}})");
    EXPECT_EQ(frame.type, ClientFrameType::user_message);
    EXPECT_EQ(frame.session.str(), "s1");
    EXPECT_EQ(frame.content, "Hello there");
    EXPECT_EQ(frame.client_id.str(), "c1");
    EXPECT_EQ(frame.metadata, (model::Metadata{{"a", "b"}}));
}

TEST(ClientFrame, WhatIsNotAJsonObjectIsNotAFrame) {
    for (const char* text :
         {"", "not json", "null", "[]", "\"text\"", "1", "true", "{", "{}{}", R"({"type":"user_message"} x)",
          "{\"type\":\"user_message\",\"content\":\"\xff\"}"}) {
        EXPECT_EQ(fault_of(text), invalid) << text;
    }
}

TEST(ClientFrame, DeepNestingIsRefusedAndDoesNotRecurse) {
    std::string deep = R"({"type":"user_message","content":"x","other":)";
    deep += std::string(100'000, '[') + std::string(100'000, ']') + "}";
    EXPECT_EQ(fault_of(deep), invalid);
}

TEST(ClientFrame, KeysAreMatchedWithoutRegardToCaseAndTheLastOneWins) {
    EXPECT_EQ(accepted(R"({"TYPE":"user_message","Content":"a","CONTENT":"b"})").content, "b");
    EXPECT_EQ(accepted(R"({"type":"user_message","content":"a","content":"b"})").content, "b");
}

TEST(ClientFrame, NullAndUnknownKeysCountAsAbsent) {
    const auto frame =
        accepted(message_with(R"("session_id":null,"metadata":null,"timestamp":null,"extra":{"x":[1]})"));
    EXPECT_TRUE(frame.session.empty());
    EXPECT_TRUE(frame.metadata.empty());
}

TEST(ClientFrame, AWrongJsonTypeMakesTheWholeFrameInvalid) {
    for (const char* field : {R"("session_id":1)", R"("timestamp":5)", R"("sender":[])", R"("metadata":[])",
                              R"("metadata":{"a":{}})", R"("metadata":{"a":[1]})", R"("model_id":true)"}) {
        EXPECT_EQ(fault_of(message_with(field)), invalid) << field;
    }
    EXPECT_EQ(fault_of(R"({"type":7,"content":"x"})"), invalid);
}

TEST(ClientFrame, NumbersAndBooleansInMetadataBecomeStrings) {
    const auto frame = accepted(message_with(R"("metadata":{"size":12345,"ok":true,"none":null})"));
    EXPECT_EQ(frame.metadata, (model::Metadata{{"size", "12345"}, {"ok", "true"}}));
}

TEST(ClientFrame, NulsAndSpaceAtTheEndsAreRemovedAndMarkupIsLeftAlone) {
    EXPECT_EQ(accepted(R"({"type":"user_message","content":"\u0000 \u3000a\u0000b \u00a0"})").content, "ab");
    EXPECT_EQ(accepted(R"({"type":"user_message","content":"<b>&\"'"})").content, "<b>&\"'");
    EXPECT_EQ(fault_of(R"({"type":"user_message","content":" \u0000 "})"), failed);
}

TEST(ClientFrame, EachLimitHoldsAtItsEdgeInBytesAfterTrimming) {
    const auto with = [](const std::string& key, std::size_t size) {
        return message_with("\"" + key + "\":\" " + std::string(size, 'x') + " \"");
    };
    for (const auto& [key, limit] : std::vector<std::pair<std::string, std::size_t>>{{"session_id", 128},
                                                                                     {"file_id", 255},
                                                                                     {"file_url", 2048},
                                                                                     {"model_id", 100},
                                                                                     {"client_id", 128}}) {
        EXPECT_EQ(fault_of(with(key, limit)), "accepted") << key;
        EXPECT_EQ(fault_of(with(key, limit + 1)), failed) << key;
    }
    const auto content = [](const std::string& text) {
        return R"({"type":"user_message","content":")" + text + "\"}";
    };
    EXPECT_EQ(fault_of(content(std::string(10'000, 'x'))), "accepted");
    EXPECT_EQ(fault_of(content(std::string(10'001, 'x'))), failed);
    std::string umlauts;
    for (int i = 0; i < 5'000; ++i) umlauts += "ü";
    EXPECT_EQ(fault_of(content(umlauts)), "accepted");
    EXPECT_EQ(fault_of(content(umlauts + "x")), failed);
}

TEST(ClientFrame, MetadataIsBoundedInNumberAndInLength) {
    const auto entries = [](int count) {
        std::string text;
        for (int i = 0; i < count; ++i) text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":\"v\"";
        return message_with("\"metadata\":{" + text + "}");
    };
    EXPECT_EQ(fault_of(entries(32)), "accepted");
    EXPECT_EQ(fault_of(entries(33)), failed);
    const auto value = [](std::size_t key, std::size_t size) {
        return message_with("\"metadata\":{\"" + std::string(key, 'k') + "\":\"" + std::string(size, 'v') +
                            "\"}");
    };
    EXPECT_EQ(fault_of(value(100, 1000)), "accepted");
    EXPECT_EQ(fault_of(value(101, 1)), failed);
    EXPECT_EQ(fault_of(value(1, 1001)), failed);
}

TEST(ClientFrame, ATimestampMayBeAMinuteAheadAndNoMore) {
    EXPECT_EQ(fault_of(message_with(R"("timestamp":"2026-02-22T10:01:00Z")")), "accepted");
    EXPECT_EQ(fault_of(message_with(R"("timestamp":"2026-02-22T10:01:00.001Z")")), failed);
    EXPECT_EQ(fault_of(message_with(R"("timestamp":"2026-02-22T11:00:30+01:00")")), "accepted");
    EXPECT_EQ(fault_of(message_with(R"("timestamp":"")")), "accepted");
    EXPECT_EQ(fault_of(message_with(R"("timestamp":"yesterday")")), invalid);
}

TEST(ClientFrame, TheRulesOfEachTypeAreChecked) {
    EXPECT_EQ(fault_of(R"({"content":"x"})"), failed);
    EXPECT_EQ(fault_of(R"({"type":"user_message"})"), failed);
    EXPECT_EQ(fault_of(R"({"type":"model_select"})"), failed);
    EXPECT_EQ(accepted(R"({"type":"model_select","model_id":"m"})").model.str(), "m");
    EXPECT_EQ(accepted(R"({"type":"stop"})").type, ClientFrameType::stop);
    EXPECT_EQ(fault_of(message_with(R"("sender":"robot")")), failed);
}

TEST(ClientFrame, TypesThatAClientMayNotSendAreAnsweredLikeUnknownOnes) {
    for (const char* type :
         {"ping", "ai_response", "error", "connection_status", "loading", "USER_MESSAGE"}) {
        EXPECT_EQ(fault_of(R"({"type":")" + std::string(type) + "\"}"),
                  invalid + ": unknown message type " + type);
    }
    EXPECT_LT(fault_of(R"({"type":")" + std::string(5'000, 't') + "\"}").size(), 300u);
}

TEST(ClientFrame, ARefusedMessageIsNamedByItsClientId) {
    const auto result = parse(R"({"type":"user_message","content":"","client_id":"c9"})");
    EXPECT_EQ(std::get<RefusedFrame>(result).client_id.str(), "c9");
}

}  // namespace
}  // namespace chatbox::wire
