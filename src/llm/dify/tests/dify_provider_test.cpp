#include "llm/dify/dify_provider.h"

#include "../../vendor/tests/provider_fixture.h"

namespace chatbox::llm::dify {

using base::Errc;
using vendor::testing::answer;
using vendor::testing::ProviderFixture;
using vendor::testing::ScriptedServer;

namespace {

const std::string good =
    answer("200 OK", "Content-Type: text/event-stream\r\n",
           "data: {\"event\":\"message\",\"answer\":\"Hi\",\"conversation_id\":\"c-1\"}\n\n"
           "data: {\"event\":\"message_end\",\"conversation_id\":\"c-1\"}\n\n");
const std::string unknown_conversation =
    answer("404 Not Found", "", R"({"code":"not_found","message":"Conversation Not Exists.","status":404})");

class DifyProvider : public ProviderFixture {
protected:
    std::unique_ptr<Provider> make(const std::string& endpoint) override {
        options.endpoint = endpoint;
        return make_dify_provider(*client, options);
    }
    DifyProvider() {
        options.id = "d";
        options.api_key = "topsecret";
        options.pseudonym = [](std::string_view user) { return "user-of-" + std::to_string(user.size()); };
    }
    static Prompt question(const std::string& text) {
        return {.messages = {{Role::system, "Be brief."},
                             {Role::user, "Before"},
                             {Role::assistant, "Answer"},
                             {Role::user, text}},
                .user = "ada@example.com"};
    }
    Options options;
};

}  // namespace

TEST_F(DifyProvider, SendsTheQuestionAloneWithoutAPrefix) {
    ScriptedServer server(loop, answering({good}));
    ask_and_wait(server, question("Hello\nthere"));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(sink.text, "Hi");
    EXPECT_EQ(sink.end->value().state, "c-1");
    EXPECT_EQ(seen.at(0).line(), "POST /v1/chat-messages HTTP/1.1");
    EXPECT_EQ(seen[0].header("authorization"), "Bearer topsecret");
    EXPECT_EQ(body(), boost::json::parse(R"({"inputs":{},"query":"Hello\nthere","response_mode":"streaming",
        "user":"user-of-15"})"));
}

TEST_F(DifyProvider, SendsAllThatIsAnsweredTogetherAndNoEarlierQuestion) {
    ScriptedServer server(loop, answering({good}));
    Prompt prompt = question("Failed");
    prompt.messages.push_back({Role::user, "One"});
    prompt.messages.push_back({Role::user, "Two"});
    prompt.questions = 2;
    ask_and_wait(server, std::move(prompt));
    EXPECT_EQ(body().at("query"), "One\nTwo");
}

TEST_F(DifyProvider, GoesOnWithTheConversationOfTheSession) {
    ScriptedServer server(loop, answering({good}));
    Prompt prompt = question("Hello");
    prompt.states = {{"other", "c-9"}, {"d", "c-1"}};
    ask_and_wait(server, std::move(prompt));
    EXPECT_EQ(body().at("conversation_id"), "c-1");
}

TEST_F(DifyProvider, BeginsANewConversationWhenTheOldOneIsGone) {
    ScriptedServer server(loop, answering({unknown_conversation, good}));
    Prompt prompt = question("Hello");
    prompt.states["d"] = "c-gone";
    ask_and_wait(server, std::move(prompt));
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(body(0).at("conversation_id"), "c-gone");
    EXPECT_FALSE(body(1).as_object().contains("conversation_id"));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(sink.text, "Hi");
    EXPECT_EQ(sink.end->value().state, "c-1");
}

TEST_F(DifyProvider, AsksInsteadOnceOnly) {
    ScriptedServer server(loop, answering({unknown_conversation}));
    Prompt prompt = question("Hello");
    prompt.states["d"] = "c-gone";
    ask_and_wait(server, std::move(prompt));
    EXPECT_EQ(seen.size(), 2u);
    EXPECT_EQ(sink.code(), Errc::rejected);
    EXPECT_EQ(sink.details->status, 404);
    ask_and_wait(server, question("Hello"));  // nothing to give up
    EXPECT_EQ(seen.size(), 3u);
}

TEST_F(DifyProvider, AsksForAWholeAnswerWhenNobodyWatches) {
    ScriptedServer server(loop, answering({answer("200 OK", "", R"({"event":"message","answer":"All"})")}));
    Prompt prompt = question("Hello");
    prompt.delivery = Delivery::whole;
    ask_and_wait(server, std::move(prompt));
    EXPECT_EQ(body().at("response_mode"), "blocking");
    EXPECT_EQ(sink.text, "All");
}

TEST_F(DifyProvider, LaysItsInputsOverTheRequest) {
    ScriptedServer server(loop, answering({good}));
    options.extra_body = boost::json::parse(R"({"inputs":{"team":"support"}})").as_object();
    ask_and_wait(server, question("Hello"));
    EXPECT_EQ(body().at("inputs"), boost::json::parse(R"({"team":"support"})"));
}

}  // namespace chatbox::llm::dify
