// The shapes are those of the vendor's documentation (docs.claude.com/en/api/messages-streaming).
#include "../../vendor/tests/decode.h"
#include "llm/anthropic/anthropic_provider.h"

namespace chatbox::llm::anthropic {

using base::Errc;
using vendor::testing::Outcome;
using vendor::testing::with_crlf;

namespace {

Outcome decode(const std::string& body, vendor::StreamLimits limits = {}) {
    return vendor::testing::decode_every_cut<StreamDecoder>(body, limits);
}

std::string event(const std::string& type, const std::string& fields = "") {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (fields.empty() ? "" : "," + fields) +
           "}\n\n";
}
std::string text(const std::string& piece) {
    return event("content_block_delta",
                 R"("index":0,"delta":{"type":"text_delta","text":")" + piece + R"("})");
}
std::string start(const std::string& usage) {
    return event("message_start",
                 R"("message":{"id":"msg_1","type":"message","role":"assistant","content":[],)"
                 R"("model":"claude","stop_reason":null,"stop_sequence":null,"usage":)" +
                     usage + "}");
}
std::string stop_reason(const std::string& reason, const std::string& usage) {
    return event("message_delta",
                 R"("delta":{"stop_reason":")" + reason + R"(","stop_sequence":null},"usage":)" + usage);
}
const std::string block_start =
    event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})");
const std::string block_stop = event("content_block_stop", R"("index":0)");
const std::string ping = event("ping");
const std::string stop = event("message_stop");
const std::string end_turn = stop_reason("end_turn", R"({"output_tokens":15})");
const std::string usual_start = start(R"({"input_tokens":25,"output_tokens":1})");

}  // namespace

TEST(AnthropicStream, IsReadAsDocumented) {
    const Outcome got = decode(usual_start + block_start + ping + text("Hel") +
                               text("lo \xC3\xA9 \xF0\x9F\x98\x80!") + block_stop + end_turn + stop);
    ASSERT_TRUE(got.ok()) << got.detail;
    EXPECT_EQ(got.text, "Hello \xC3\xA9 \xF0\x9F\x98\x80!");
    EXPECT_EQ(got.end.finish_reason, "end_turn");
    EXPECT_EQ(got.end.usage.prompt_tokens, 25u);
    EXPECT_EQ(got.end.usage.completion_tokens, 15u);
    EXPECT_EQ(got.end.usage.total_tokens, 40u);
    EXPECT_FALSE(got.end.usage.cached_tokens);
}

TEST(AnthropicStream, MeansTheSameWithOtherLineEndsCommentsAndAByteOrderMark) {
    const std::string body = usual_start + text("Hi") + end_turn + stop;
    const Outcome plain = decode(body);
    EXPECT_TRUE(decode(with_crlf(body)) == plain);
    EXPECT_TRUE(decode("\xEF\xBB\xBF: a comment\n\n" + body) == plain);
    EXPECT_TRUE(decode(usual_start + ": keep-alive\n\n" + text("Hi") + ":\n" + end_turn + stop) == plain);
}

TEST(AnthropicStream, CountsCachedTokensAsPartOfThePrompt) {
    const Outcome got = decode(start(R"({"input_tokens":10,"cache_creation_input_tokens":200,)"
                                     R"("cache_read_input_tokens":3000,"output_tokens":1})") +
                               text("x") + end_turn + stop);
    EXPECT_EQ(got.end.usage.prompt_tokens, 3210u);
    EXPECT_EQ(got.end.usage.cached_tokens, 3000u);
    EXPECT_EQ(got.end.usage.total_tokens, 3225u);
}

TEST(AnthropicStream, TakesTheCountsThatItGets) {
    EXPECT_FALSE(
        decode(start("null") + text("x") + stop_reason("end_turn", "null") + stop).end.usage.known());
    const Outcome late = decode(start("{}") + text("x") +
                                stop_reason("end_turn", R"({"input_tokens":7,"output_tokens":3})") + stop);
    EXPECT_EQ(late.end.usage.total_tokens, 10u);
    const Outcome zero = decode(usual_start + text("x") +
                                stop_reason("end_turn", R"({"input_tokens":0,"output_tokens":0})") + stop);
    EXPECT_EQ(zero.end.usage.prompt_tokens, 25u);
    const Outcome odd = decode(start(R"({"input_tokens":-1,"output_tokens":"many"})") + text("x") + stop);
    EXPECT_FALSE(odd.end.usage.known());
}

TEST(AnthropicStream, DoesNotCountDuplicateEventsTwice) {
    const Outcome got = decode(usual_start + usual_start + text("x") + end_turn + end_turn + stop + stop);
    EXPECT_EQ(got.text, "x");
    EXPECT_EQ(got.end.usage.total_tokens, 40u);
}

TEST(AnthropicStream, FailsAtAnErrorInsideIt) {
    const auto error = [](const std::string& type) {
        return event("error", R"("error":{"type":")" + type + R"(","message":"The reason"})");
    };
    const std::pair<const char*, Errc> cases[] = {
        {"overloaded_error", Errc::unavailable},  {"rate_limit_error", Errc::unavailable},
        {"api_error", Errc::unavailable},         {"timeout_error", Errc::unavailable},
        {"something_new", Errc::unavailable},     {"invalid_request_error", Errc::rejected},
        {"authentication_error", Errc::rejected}, {"permission_error", Errc::rejected},
        {"not_found_error", Errc::rejected},      {"request_too_large", Errc::rejected},
        {"billing_error", Errc::rejected}};
    for (const auto& [type, code] : cases) {
        const Outcome got = decode(usual_start + text("Half") + error(type) + text(" more") + stop);
        EXPECT_EQ(got.error, code) << type;
        EXPECT_EQ(got.text, "Half") << type;
        EXPECT_NE(got.detail.find("The reason"), std::string::npos);
        EXPECT_EQ(got.end.usage.prompt_tokens, 25u) << "what it cost is known all the same";
    }
    EXPECT_EQ(decode(error("overloaded_error")).status, 529);
}

TEST(AnthropicStream, ThatEndsEarlyIsNoAnswer) {
    const Outcome got = decode(usual_start + text("Half"));
    EXPECT_EQ(got.error, Errc::unavailable);
    EXPECT_EQ(got.text, "Half");
    EXPECT_EQ(decode("").error, Errc::unavailable);
    EXPECT_EQ(decode(usual_start + text("Half") + "data: {\"type\":\"content_bl").error, Errc::unavailable);
}

TEST(AnthropicStream, WithoutItsEndMarkIsWholeWhenTheReasonCame) {
    EXPECT_TRUE(decode(usual_start + text("All") + end_turn).ok());
}

TEST(AnthropicStream, SkipsWhatItDoesNotKnow) {
    const Outcome got = decode(
        event("something_new", R"("text":"no")") + usual_start +
        event("content_block_delta",
              R"("index":0,"delta":{"type":"thinking_delta","thinking":"Let me see"})") +
        event("content_block_delta", R"("index":0,"delta":{"type":"signature_delta","signature":"x"})") +
        event("content_block_delta",
              R"("index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\""})") +
        "data: not json\n\ndata: [1,2]\n\ndata: null\n\ndata: \"text\"\n\n" + text("Hi") +
        event("content_block_delta", R"("delta":7)") + event("content_block_delta") + end_turn + stop);
    ASSERT_TRUE(got.ok()) << got.detail;
    EXPECT_EQ(got.text, "Hi");
}

TEST(AnthropicStream, PutsCutCharactersBackTogether) {
    EXPECT_EQ(decode(usual_start + text(R"(\ud83d)") + text(R"(\ude00!)") + end_turn + stop).text,
              "\xF0\x9F\x98\x80!");
    EXPECT_EQ(decode(usual_start + text("\xF0\x9F") + end_turn + stop).text.substr(0, 3), "\xEF\xBF\xBD");
}

TEST(AnthropicStream, HasABound) {
    const vendor::StreamLimits limits{.max_line_bytes = 300, .max_answer_bytes = 10};
    const Outcome text_too_long = decode(text("0123456789") + text("x"), limits);
    EXPECT_EQ(text_too_long.error, Errc::limit);
    EXPECT_EQ(text_too_long.text, "0123456789");
    EXPECT_EQ(decode("data: " + std::string(400, 'x'), limits).error, Errc::unavailable);
}

TEST(AnthropicStream, FailsAtALineOfTenMegabytes) {
    const std::string megabyte(1024 * 1024, 'x');
    std::vector<std::string> pieces{usual_start + text("before") + "data: "};
    pieces.insert(pieces.end(), 10, megabyte);
    const Outcome got = vendor::testing::decode<StreamDecoder>(pieces);
    EXPECT_EQ(got.error, Errc::unavailable);
    EXPECT_EQ(got.text, "before");
    EXPECT_NE(got.detail.find("line of more than"), std::string::npos);
}

TEST(AnthropicStream, MayHaveAnyNumberOfEvents) {
    std::vector<std::string> pieces{usual_start};
    const std::string kilobytes(20'000, 'x');
    pieces.insert(pieces.end(), 100, text(kilobytes));
    pieces.insert(pieces.end(), 10'000, text("y"));
    pieces.push_back(end_turn + stop);
    const Outcome got = vendor::testing::decode<StreamDecoder>(pieces);
    EXPECT_TRUE(got.ok()) << got.detail;
    EXPECT_EQ(got.text.size(), 100u * 20'000 + 10'000);
}

TEST(AnthropicWholeAnswer, IsRead) {
    const Outcome got = decode(
        R"( {"id":"msg_1","type":"message","role":"assistant","content":[{"type":"thinking","thinking":"Hm"},)"
        R"({"type":"text","text":"Hel"},{"type":"text","text":"lo"}],"stop_reason":"end_turn",)"
        R"("usage":{"input_tokens":4,"cache_read_input_tokens":6,"output_tokens":2}})");
    ASSERT_TRUE(got.ok()) << got.detail;
    EXPECT_EQ(got.text, "Hello");
    EXPECT_EQ(got.end.finish_reason, "end_turn");
    EXPECT_EQ(got.end.usage.total_tokens, 12u);
    EXPECT_EQ(got.end.usage.cached_tokens, 6u);
}

TEST(AnthropicWholeAnswer, WithoutContentIsRefused) {
    const Outcome got = decode(R"({"type":"message","content":[],"stop_reason":"end_turn"})");
    EXPECT_EQ(got.error, Errc::rejected);
    EXPECT_EQ(got.detail, "no content in response");
}

TEST(AnthropicWholeAnswer, MayBeAnError) {
    const Outcome got =
        decode(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
    EXPECT_EQ(got.error, Errc::unavailable);
    EXPECT_EQ(got.status, 529);
    EXPECT_EQ(decode(R"({"type":"mess)").error, Errc::unavailable);
}

}  // namespace chatbox::llm::anthropic
