// An answer that was stopped: its reader hears nothing more, and the vendor's count of tokens is still read.
#include "../../vendor/tests/provider_fixture.h"
#include "llm/openai/openai_provider.h"

namespace chatbox::llm::openai {

using namespace std::chrono_literals;
using vendor::testing::answer;
using vendor::testing::chunk;
using vendor::testing::chunked_head;
using vendor::testing::Peer;
using vendor::testing::ProviderFixture;
using vendor::testing::ReceivedRequest;
using vendor::testing::run_until;
using vendor::testing::ScriptedServer;

namespace {

std::string delta(const std::string& content) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + content + "\"}}]}\n\n";
}
const std::string usage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5,\"total_tokens\":14,"
    "\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n";
const std::string done = "data: [DONE]\n\n";

class Drain : public ProviderFixture {
protected:
    std::unique_ptr<Provider> make(const std::string& endpoint) override {
        options.endpoint = endpoint;
        return make_openai_provider(*client, options);
    }
    ScriptedServer::OnRequest beginning() {
        return [](Peer& peer, const ReceivedRequest&) {
            peer.send(std::string(chunked_head) + chunk(delta("a")));
        };
    }
    void stop_after_the_first_piece(const ScriptedServer& server) {
        ask(server, {.messages = {{Role::user, "Hello"}}});
        ASSERT_TRUE(run_until(loop, [&] { return !sink.text.empty(); }));
        call->stop([this](const Usage& what) {
            EXPECT_FALSE(known);
            known = what;
        });
        call.reset();
    }
    bool hung_up(ScriptedServer& server) {
        return run_until(loop, [&] { return server.last_peer().closed_by_client(); });
    }

    Options options;
    std::optional<Usage> known;
};

}  // namespace

TEST_F(Drain, ReadsTheRestForTheUsageAndThrowsItAway) {
    ScriptedServer server(loop, beginning());
    stop_after_the_first_piece(server);
    EXPECT_FALSE(known);
    server.last_peer().send(chunk(delta("b") + delta("c")));
    server.last_peer().send(chunk(usage + done) + chunk(""));
    ASSERT_TRUE(run_until(loop, [&] { return known.has_value(); }));
    EXPECT_EQ(known->prompt_tokens, 9u);
    EXPECT_EQ(known->total_tokens, 14u);
    EXPECT_EQ(known->cached_tokens, 4u);
    EXPECT_EQ(sink.text, "a");
    EXPECT_EQ(sink.ends, 0);
}

TEST_F(Drain, EndsAfterItsTime) {
    options.drain.time = 50ms;
    ScriptedServer server(loop, beginning());
    stop_after_the_first_piece(server);
    ASSERT_TRUE(run_until(loop, [&] { return known.has_value(); }));
    EXPECT_FALSE(known->known());
    EXPECT_TRUE(hung_up(server));
}

TEST_F(Drain, EndsAfterItsBytes) {
    options.drain.bytes = 10'000;
    ScriptedServer server(loop, beginning());
    stop_after_the_first_piece(server);
    std::function<void()> more = [&] { server.last_peer().send(chunk(delta(std::string(500, 'x'))), more); };
    more();
    ASSERT_TRUE(run_until(loop, [&] { return known.has_value(); }));
    EXPECT_TRUE(hung_up(server));
}

TEST_F(Drain, EndsWhenTheVendorBreaksOff) {
    ScriptedServer server(loop, beginning());
    stop_after_the_first_piece(server);
    server.last_peer().reset();
    ASSERT_TRUE(run_until(loop, [&] { return known.has_value(); }));
    EXPECT_FALSE(known->known());
}

TEST_F(Drain, IsNotBegunWhenItIsSwitchedOff) {
    options.drain = {.time = 0ms, .bytes = 1000};
    ScriptedServer server(loop, beginning());
    stop_after_the_first_piece(server);
    EXPECT_TRUE(known);
    EXPECT_TRUE(hung_up(server));
    options.drain = {.time = 1s, .bytes = 0};
    known.reset();
    sink = {};
    stop_after_the_first_piece(server);
    EXPECT_TRUE(known);
}

TEST_F(Drain, OfAWholeAnswerReadsItToItsEnd) {
    bool asked = false;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        asked = true;
        peer.send(std::string(chunked_head));
    });
    ask(server, {.messages = {{Role::user, "Hello"}}, .delivery = Delivery::whole});
    ASSERT_TRUE(run_until(loop, [&] { return asked; }));
    call->stop([this](const Usage& what) { known = what; });
    call.reset();
    server.last_peer().send(chunk(R"({"choices":[{"message":{"content":"x"}}],"usage":{"total_tokens":3}})") +
                            chunk(""));
    ASSERT_TRUE(run_until(loop, [&] { return known.has_value(); }));
    EXPECT_EQ(known->total_tokens, 3u);
}

TEST_F(Drain, MayBeBegunFromInsideThePiece) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a") + delta("b") + usage + done) + chunk(""));
    });
    sink.then_on_delta = [&] {
        call->stop([this](const Usage& what) { known = what; });
        call.reset();
    };
    ask(server, {.messages = {{Role::user, "Hello"}}});
    ASSERT_TRUE(run_until(loop, [&] { return known.has_value(); }));
    EXPECT_EQ(known->total_tokens, 14u);
    EXPECT_EQ(sink.text, "a");
}

TEST_F(Drain, OfTheOldestIsGivenUpForNewOnes) {
    ScriptedServer server(loop, beginning());
    provider = make(server.url("/v1"));
    std::size_t reports = 0;
    for (int i = 0; i < 70; ++i) {
        sink = {};
        call = provider->answer({.messages = {{Role::user, "Hello"}}}, sink);
        ASSERT_TRUE(run_until(loop, [&] { return !sink.text.empty(); }));
        call->stop([&](const Usage&) { ++reports; });
        call.reset();
    }
    EXPECT_EQ(reports, 70u - 64u);
    provider.reset();  // the others go without a word
    EXPECT_EQ(reports, 70u - 64u);
}

TEST_F(Drain, AfterTheEndTellsWhatIsKnown) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a") + usage + done) + chunk(""));
    });
    ask(server, {.messages = {{Role::user, "Hello"}}});
    ASSERT_TRUE(run_until(loop, [&] { return sink.ended(); }));
    call->stop([this](const Usage& what) { known = what; });
    ASSERT_TRUE(known);
    EXPECT_EQ(known->total_tokens, 14u);
}

}  // namespace chatbox::llm::openai
