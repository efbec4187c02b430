// The shapes are those of the vendor's documentation (docs.dify.ai, Send Chat Message).
#include "../../vendor/tests/decode.h"
#include "llm/dify/dify_provider.h"

namespace chatbox::llm::dify {

using base::Errc;
using vendor::testing::Outcome;
using vendor::testing::with_crlf;

namespace {

Outcome decode(const std::string& body, vendor::StreamLimits limits = {}) {
    return vendor::testing::decode_every_cut<StreamDecoder>(body, limits);
}

std::string event(const std::string& name, const std::string& fields = "") {
    return "data: {\"event\": \"" + name + "\"" + (fields.empty() ? "" : ", " + fields) + "}\n\n";
}
std::string text(const std::string& piece, const std::string& name = "message") {
    return event(name, R"("task_id": "t", "message_id": "m", "conversation_id": "c-1", "answer": ")" + piece +
                           R"(", "created_at": 1679586595)");
}
const std::string end =
    event("message_end", R"("id": "m", "conversation_id": "c-1", "metadata": {"usage": {"prompt_tokens": 9,)"
                         R"( "prompt_unit_price": "0.001", "completion_tokens": 12, "total_tokens": 21,)"
                         R"( "total_price": "0.0003", "currency": "USD", "latency": 1.3}})");

}  // namespace

TEST(DifyStream, IsReadAsDocumented) {
    const Outcome got = decode("event: ping\n\n" + text("Hel") + text("lo \xC3\xA9") + end);
    ASSERT_TRUE(got.ok()) << got.detail;
    EXPECT_EQ(got.text, "Hello \xC3\xA9");
    EXPECT_EQ(got.end.state, "c-1");
    EXPECT_EQ(got.end.usage.prompt_tokens, 9u);
    EXPECT_EQ(got.end.usage.completion_tokens, 12u);
    EXPECT_EQ(got.end.usage.total_tokens, 21u);
}

TEST(DifyStream, MayComeFromAnAgent) {
    const Outcome got =
        decode(event("agent_thought", R"("thought": "Hm", "conversation_id": "c-1")") +
               text("Hi", "agent_message") + event("message_file", R"("url": "http://x")") + end);
    EXPECT_TRUE(got.ok());
    EXPECT_EQ(got.text, "Hi");
}

TEST(DifyStream, MeansTheSameWithOtherLineEndsCommentsAndAByteOrderMark) {
    const std::string body = text("Hi") + end;
    const Outcome plain = decode(body);
    EXPECT_TRUE(decode(with_crlf(body)) == plain);
    EXPECT_TRUE(decode("\xEF\xBB\xBF: comment\n\n" + body) == plain);
}

TEST(DifyStream, HasOneEnd) {
    const Outcome got = decode(text("Hi") + end + end + text(" more"));
    EXPECT_EQ(got.text, "Hi");
    EXPECT_EQ(got.end.usage.total_tokens, 21u);
}

TEST(DifyStream, MayLackItsUsage) {
    EXPECT_FALSE(decode(text("Hi") + event("message_end")).end.usage.known());
    EXPECT_FALSE(decode(text("Hi") + event("message_end", R"("metadata": {"usage": []})")).end.usage.known());
    EXPECT_EQ(decode(text("Hi") + event("message_end", R"("metadata": {"usage": {"total_tokens": 0}})"))
                  .end.usage.total_tokens,
              0u);
}

TEST(DifyStream, FailsAtAnErrorInsideIt) {
    const auto error = [](int status, const std::string& code) {
        return event("error", R"("task_id": "t", "status": )" + std::to_string(status) + R"(, "code": ")" +
                                  code + R"(", "message": "The reason")");
    };
    const std::tuple<int, const char*, Errc> cases[] = {{500, "internal_server_error", Errc::unavailable},
                                                        {503, "", Errc::unavailable},
                                                        {429, "too_many_requests", Errc::unavailable},
                                                        {400, "invalid_param", Errc::rejected},
                                                        {400, "provider_quota_exceeded", Errc::rejected},
                                                        {400, "something_new", Errc::rejected},
                                                        {404, "not_found", Errc::rejected},
                                                        {0, "something_new", Errc::unavailable}};
    for (const auto& [status, code, errc] : cases) {
        const Outcome got = decode(text("Half") + error(status, code) + text(" more") + end);
        EXPECT_EQ(got.error, errc) << status << " " << code;
        EXPECT_EQ(got.text, "Half");
        EXPECT_NE(got.detail.find("The reason"), std::string::npos);
    }
}

TEST(DifyStream, ThatEndsEarlyIsNoAnswer) {
    EXPECT_EQ(decode(text("Half")).error, Errc::unavailable);
    EXPECT_EQ(decode(text("Half") + "data: {\"event\": \"mess").error, Errc::unavailable);
}

TEST(DifyStream, SkipsWhatItDoesNotKnow) {
    const Outcome got =
        decode(event("workflow_started", R"("data": {"answer": "no"})") + event("node_finished") +
               event("tts_message", R"("audio": "xx")") + "data: not json\n\ndata: []\n\n" +
               event("message", R"("answer": 7)") + text("") + text("Hi") + end);
    ASSERT_TRUE(got.ok()) << got.detail;
    EXPECT_EQ(got.text, "Hi");
}

TEST(DifyStream, HasABound) {
    const vendor::StreamLimits limits{.max_line_bytes = 300, .max_answer_bytes = 4};
    EXPECT_EQ(decode(text("12345"), limits).error, Errc::limit);
    EXPECT_EQ(decode("data: " + std::string(400, 'x'), limits).error, Errc::unavailable);
}

TEST(DifyWholeAnswer, IsRead) {
    const Outcome got = decode(
        R"({"event": "message", "task_id": "t", "id": "m", "conversation_id": "c-2", "mode": "chat",)"
        R"( "answer": "Hello", "metadata": {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}})");
    ASSERT_TRUE(got.ok()) << got.detail;
    EXPECT_EQ(got.text, "Hello");
    EXPECT_EQ(got.end.state, "c-2");
    EXPECT_EQ(got.end.usage.total_tokens, 3u);
}

TEST(DifyWholeAnswer, ThatIsEmptyIsRefused) {
    const Outcome got = decode(R"({"event": "message", "answer": ""})");
    EXPECT_EQ(got.error, Errc::rejected);
    EXPECT_EQ(got.detail, "no answer in response");
}

TEST(DifyWholeAnswer, MayBeAnError) {
    const Outcome got = decode(R"({"code": "app_unavailable", "message": "App unavailable", "status": 400})");
    EXPECT_EQ(got.error, Errc::rejected);
}

}  // namespace chatbox::llm::dify
