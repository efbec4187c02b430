#include "llm/anthropic/anthropic_provider.h"

#include "../../vendor/tests/provider_fixture.h"

namespace chatbox::llm::anthropic {

using base::Errc;
using vendor::testing::answer;
using vendor::testing::ProviderFixture;
using vendor::testing::ScriptedServer;

namespace {

const std::string good = answer("200 OK", "Content-Type: text/event-stream\r\n",
                                "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"Hi\"}}\n\n"
                                "data: {\"type\":\"message_stop\"}\n\n");

class AnthropicProvider : public ProviderFixture {
protected:
    std::unique_ptr<Provider> make(const std::string& endpoint) override {
        options.endpoint = endpoint;
        return make_anthropic_provider(*client, options);
    }
    AnthropicProvider() {
        options.api_key = "topsecret";
        options.model = "claude-test";
    }
    Options options;
};

}  // namespace

TEST_F(AnthropicProvider, AsksAsTheApiWantsIt) {
    ScriptedServer server(loop, answering({good}));
    ask_and_wait(server, {.messages = {{Role::system, "Be brief."}, {Role::user, "Hello"}}});
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(sink.text, "Hi");
    EXPECT_EQ(seen.at(0).line(), "POST /v1/messages HTTP/1.1");
    EXPECT_EQ(seen[0].header("x-api-key"), "topsecret");
    EXPECT_EQ(seen[0].header("authorization"), "");
    EXPECT_EQ(seen[0].header("anthropic-version"), "2023-06-01");
    EXPECT_EQ(seen[0].header("content-type"), "application/json");
    EXPECT_EQ(seen[0].header("accept"), "text/event-stream");
    EXPECT_EQ(body(), boost::json::parse(R"({"model":"claude-test","max_tokens":4096,"stream":true,
        "system":"Be brief.","messages":[{"role":"user","content":"Hello"}]})"));
}

TEST_F(AnthropicProvider, AsksWithItsSettings) {
    ScriptedServer server(loop, answering({good}));
    options.system_prompt = "Own.";
    options.temperature = 0.5;
    options.max_tokens = 77;
    options.extra_headers = {{"Anthropic-Version", "2030-01-01"}, {"anthropic-beta", "x"}};
    options.extra_body = boost::json::parse(R"({"top_k":5})").as_object();
    ask_and_wait(server, {.messages = {{Role::user, "Hello"}}});
    EXPECT_EQ(body(), boost::json::parse(R"({"model":"claude-test","max_tokens":77,"stream":true,"top_k":5,
        "system":"Own.","temperature":0.5,"messages":[{"role":"user","content":"Hello"}]})"));
    EXPECT_EQ(seen[0].header("anthropic-version"), "2030-01-01");
    EXPECT_EQ(seen[0].header("anthropic-beta"), "x");
}

TEST_F(AnthropicProvider, LeavesOutWhatTheApiRefuses) {
    ScriptedServer server(loop, answering({good}));
    ask_and_wait(server, {.messages = {{Role::assistant, "Welcome"},
                                       {Role::user, "One"},
                                       {Role::assistant, ""},
                                       {Role::user, "Two \"\xC3\xA9\""}}});
    EXPECT_EQ(
        body().at("messages"),
        boost::json::parse(R"([{"role":"user","content":"One"},{"role":"user","content":"Two \"é\""}])"));
    EXPECT_FALSE(body().as_object().contains("system"));
}

TEST_F(AnthropicProvider, AsksForAWholeAnswerWhenNobodyWatches) {
    ScriptedServer server(loop,
                          answering({answer("200 OK", "Content-Type: application/json\r\n",
                                            R"({"type":"message","content":[{"type":"text","text":"All"}],)"
                                            R"("usage":{"input_tokens":1,"output_tokens":2}})")}));
    ask_and_wait(server, {.messages = {{Role::user, "Hello"}}, .delivery = Delivery::whole});
    EXPECT_EQ(body().at("stream"), false);
    EXPECT_EQ(seen[0].header("accept"), "application/json");
    EXPECT_EQ(sink.text, "All");
    EXPECT_EQ(sink.end->value().usage.total_tokens, 3u);
}

TEST_F(AnthropicProvider, TellsWhatIsKnownOfAFailure) {
    ScriptedServer server(
        loop,
        answering({answer("529 Overloaded", "Retry-After: 3\r\n",
                          R"({"type":"error","error":{"type":"overloaded_error","message":"topsecret"}})")}));
    ask_and_wait(server, {.messages = {{Role::user, "Hello"}}});
    EXPECT_EQ(sink.code(), Errc::unavailable);
    ASSERT_TRUE(sink.details);
    EXPECT_EQ(sink.details->status, 529);
    EXPECT_EQ(sink.details->retry_after, base::Millis(3000));
    EXPECT_EQ(sink.detail().find("topsecret"), std::string::npos);
}

TEST_F(AnthropicProvider, TellsWhatAFailedAnswerCost) {
    ScriptedServer server(
        loop,
        answering({answer("200 OK", "Content-Type: text/event-stream\r\n",
                          "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,"
                          "\"output_tokens\":1}}}\n\n"
                          "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"Hi\"}}\n\n"
                          "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n")}));
    ask_and_wait(server, {.messages = {{Role::user, "Hello"}}});
    EXPECT_EQ(sink.text, "Hi");
    ASSERT_TRUE(sink.details);
    EXPECT_EQ(sink.details->status, 529);
    EXPECT_EQ(sink.details->usage.prompt_tokens, 25u);
}

}  // namespace chatbox::llm::anthropic
