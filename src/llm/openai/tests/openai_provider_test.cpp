#include "llm/openai/openai_provider.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../../../http_client/tests/scripted_server.h"

namespace chatbox::llm::openai {

using namespace std::chrono_literals;
using base::Errc;
using http_client::testing::answer;
using http_client::testing::chunk;
using http_client::testing::chunked_head;
using http_client::testing::Peer;
using http_client::testing::ReceivedRequest;
using http_client::testing::run_until;
using http_client::testing::ScriptedServer;

namespace {

class RecordingSink final : public AnswerSink {
public:
    void on_delta(std::string_view piece) override {
        EXPECT_FALSE(ended());
        pieces.emplace_back(piece);
        text += piece;
        if (then_on_delta) then_on_delta();
    }
    void on_end(base::Result<AnswerEnd> outcome) override {
        ++ends;
        end = std::move(outcome);
        if (then_on_end) then_on_end();
    }
    bool ended() const { return ends > 0; }
    bool ok() const { return end && end->has_value(); }
    Errc code() const { return end && end->has_error() ? end->error().code : Errc{}; }
    std::string detail() const { return end && end->has_error() ? end->error().detail : ""; }

    std::vector<std::string> pieces;
    std::string text;
    int ends = 0;
    std::optional<base::Result<AnswerEnd>> end;
    std::function<void()> then_on_delta, then_on_end;
};

std::string delta(const std::string& content) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + content + "\"}}]}\n\n";
}
const std::string stop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string done = "data: [DONE]\n\n";

}  // namespace

class OpenAiProvider : public ::testing::Test {
protected:
    OpenAiProvider() {
        for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
            ::unsetenv(name);
    }

    Options options_for(const ScriptedServer& server) const {
        Options options;
        options.endpoint = server.url("/v1");
        options.api_key = key;
        options.model = "gpt-test";
        return options;
    }

    void ask(const ScriptedServer& server) { ask(options_for(server)); }
    void ask(Options options) {
        provider = make_openai_provider(*client, std::move(options));
        Prompt prompt;
        prompt.messages = {{Role::system, "Be brief."}, {Role::user, "Hello \"you\"\n\xF0\x9F\x98\x80"}};
        call = provider->answer(std::move(prompt), sink);
        EXPECT_EQ(sink.ends, 0);
    }
    void ask_and_wait(Options options) {
        ask(std::move(options));
        ASSERT_TRUE(run_until(loop, [&] { return sink.ended(); }));
    }

    const std::string key = "topsecret";
    boost::asio::io_context loop;
    std::unique_ptr<http_client::Client> client =
        http_client::make_client(loop.get_executor(), {.internal_hosts = {"127.0.0.1"}});
    std::unique_ptr<Provider> provider;
    RecordingSink sink;
    std::unique_ptr<AnswerCall> call;
};

TEST_F(OpenAiProvider, StreamsAnAnswer) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("Hel")) + chunk(delta("lo") + stop + done) +
                  chunk(""));
    });
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.pieces, (std::vector<std::string>{"Hel", "lo"}));
    ASSERT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(sink.end->value().finish_reason, "stop");
}

TEST_F(OpenAiProvider, SendsThePromptAsTheApiWantsIt) {
    std::vector<ReceivedRequest> seen;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest& request) {
        seen.push_back(request);
        peer.send(answer("200 OK", "", stop + done));
    });
    ask_and_wait(options_for(server));
    Options plain = options_for(server);
    plain.endpoint += "/";
    plain.api_key.clear();
    plain.request_usage = false;
    sink = {};
    ask_and_wait(plain);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].line(), "POST /v1/chat/completions HTTP/1.1");
    EXPECT_EQ(seen[0].header("authorization"), "Bearer topsecret");
    EXPECT_EQ(seen[0].header("content-type"), "application/json");
    EXPECT_EQ(seen[0].header("accept"), "text/event-stream");
    EXPECT_EQ(boost::json::parse(seen[0].body), boost::json::parse(R"({"model":"gpt-test","stream":true,
        "stream_options":{"include_usage":true},"messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":"Hello \"you\"\n😀"}]})"));
    EXPECT_EQ(seen[1].line(), "POST /v1/chat/completions HTTP/1.1");
    EXPECT_EQ(seen[1].head.find("Authorization"), std::string::npos);
    EXPECT_EQ(seen[1].body.find("stream_options"), std::string::npos);
}

TEST_F(OpenAiProvider, SaysWhetherARefusalIsWorthAnotherTry) {
    std::string status;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send(answer(status, "Retry-After: 7\r\n", R"({"error":{"message":"the reason"}})"));
    });
    const std::pair<const char*, Errc> cases[] = {{"400 Bad Request", Errc::rejected},
                                                  {"401 Unauthorized", Errc::rejected},
                                                  {"403 Forbidden", Errc::rejected},
                                                  {"404 Not Found", Errc::rejected},
                                                  {"422 Unprocessable", Errc::rejected},
                                                  {"302 Found", Errc::rejected},
                                                  {"201 Created", Errc::rejected},
                                                  {"408 Request Timeout", Errc::unavailable},
                                                  {"429 Too Many Requests", Errc::unavailable},
                                                  {"500 Internal", Errc::unavailable},
                                                  {"503 Unavailable", Errc::unavailable},
                                                  {"529 Overloaded", Errc::unavailable}};
    for (const auto& [line, code] : cases) {
        status = line;
        sink = {};
        ask_and_wait(options_for(server));
        EXPECT_EQ(sink.code(), code) << line;
        EXPECT_NE(sink.detail().find("status " + std::string(line, 3) + ", retry after 7s"),
                  std::string::npos);
        EXPECT_NE(sink.detail().find("the reason"), std::string::npos) << sink.detail();
        EXPECT_EQ(sink.text, "");
    }
}

TEST_F(OpenAiProvider, QuotesLittleOfAnErrorAndNeverAKey) {
    std::string body = "Incorrect API key provided: topsecret, sk-abc. ";
    ScriptedServer server(
        loop, [&](Peer& peer, const ReceivedRequest&) { peer.send(answer("401 Unauthorized", "", body)); });
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.detail(), "status 401: Incorrect API key provided: [removed], [removed] ");
    body = "x " + std::string(1015, 'y') + " topsecret " + std::string(100'000, 'z');  // cut inside the key
    sink = {};
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.code(), Errc::rejected);
    EXPECT_LT(sink.detail().size(), 1100u);
    EXPECT_EQ(sink.detail().find("tops"), std::string::npos);
}

TEST_F(OpenAiProvider, NeverQuotesAKeyFromAnErrorInsideTheStream) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(
            answer("200 OK", "", delta("a") + "data: {\"error\":{\"message\":\"bad key topsecret\"}}\n\n"));
    });
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.text, "a");
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_NE(sink.detail().find("bad key [removed]"), std::string::npos) << sink.detail();
}

TEST_F(OpenAiProvider, TakesTheJsonOfAServerThatDoesNotStream) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(answer("200 OK", "Content-Type: application/json\r\n",
                         R"({"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]})"));
    });
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.pieces, std::vector<std::string>{"Hello"});
    EXPECT_TRUE(sink.ok());
}

TEST_F(OpenAiProvider, TakesCharactersThatTcpCutApart) {
    std::string rest = delta("\xF0\x9F\x98\x80\xC3\xA9") + stop + done;
    std::function<void()> next;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", next);
    });
    next = [&] {
        if (rest.empty()) return server.last_peer().close();
        const std::string byte = rest.substr(0, 1);
        rest.erase(0, 1);
        server.last_peer().send(byte, [&] { boost::asio::post(loop, next); });
    };
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.text, "\xF0\x9F\x98\x80\xC3\xA9");
    EXPECT_TRUE(sink.ok()) << sink.detail();
}

TEST_F(OpenAiProvider, ReportsAStreamThatIsCutInMidLine) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a") + "data: {\"choi"));
        peer.close();
    });
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.text, "a");
    EXPECT_EQ(sink.code(), Errc::unavailable) << sink.detail();
}

TEST_F(OpenAiProvider, ReportsABodyThatEndsProperlyButEarly) {
    ScriptedServer server(
        loop, [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", delta("a"))); });
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_NE(sink.detail().find("ended early"), std::string::npos);
}

TEST_F(OpenAiProvider, ReportsAReset) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a")));
    });
    sink.then_on_delta = [&] { server.last_peer().reset(); };
    ask_and_wait(options_for(server));
    EXPECT_EQ(sink.code(), Errc::unavailable) << sink.detail();
}

TEST_F(OpenAiProvider, ReportsDeadlines) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a")));
    });
    Options options = options_for(server);
    options.deadlines.silence = 100ms;
    ask_and_wait(options);
    EXPECT_EQ(sink.text, "a");
    EXPECT_EQ(sink.code(), Errc::timeout);
    EXPECT_NE(sink.detail().find("silence"), std::string::npos);
}

TEST_F(OpenAiProvider, ReportsAnEndpointThatIsNoUrl) {
    Options options;
    options.endpoint = "ftp://example.org";
    ask_and_wait(options);
    EXPECT_EQ(sink.code(), Errc::rejected) << sink.detail();
}

TEST_F(OpenAiProvider, StopsAnAnswerThatIsTooLongAndClosesTheConnection) {
    std::function<void()> more;
    ScriptedServer server(
        loop, [&](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head), more); });
    more = [&] { server.last_peer().send(chunk(delta(std::string(100, 'x'))), more); };
    Options options = options_for(server);
    options.max_answer_bytes = 10'050;
    ask_and_wait(options);
    EXPECT_EQ(sink.code(), Errc::limit);
    EXPECT_EQ(sink.text.size(), 10'050u);
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
}

TEST_F(OpenAiProvider, ClosesTheConnectionWhenTheCallIsDestroyedInMidAnswer) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a") + delta("b")));
    });
    sink.then_on_delta = [&] { call.reset(); };  // inside a call of the sink
    ask(server);
    ASSERT_TRUE(
        run_until(loop, [&] { return server.connections() == 1 && server.last_peer().closed_by_client(); }));
    EXPECT_EQ(sink.text, "a");
    EXPECT_EQ(sink.ends, 0);
}

TEST_F(OpenAiProvider, ReusesTheConnectionThoughTheCallIsDestroyedAtTheEndMark) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a") + stop + done));
    });
    sink.then_on_end = [&] { call.reset(); };
    ask(server);
    ASSERT_TRUE(run_until(loop, [&] { return sink.ended(); }));
    EXPECT_TRUE(sink.ok());
    // The answer is over; the exchange is a little later.
    bool ended = false;
    server.last_peer().send(chunk(""), [&] { ended = true; });
    ASSERT_TRUE(run_until(loop, [&] { return ended; }));
    while (loop.poll_one() > 0) {
    }
    RecordingSink second;
    call = provider->answer(Prompt{}, second);
    ASSERT_TRUE(run_until(loop, [&] { return second.ended(); }));
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(OpenAiProvider, GivesUpAConnectionThatGoesOnAfterTheEndMark) {
    std::function<void()> more;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a") + stop + done), more);
    });
    more = [&] { server.last_peer().send(chunk(std::string(1000, ':')), more); };
    ask_and_wait(options_for(server));
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
    EXPECT_EQ(sink.ends, 1);
}

TEST_F(OpenAiProvider, MayGoBeforeAnAnswerIsOver) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk(delta("a") + stop + done));
    });
    ask_and_wait(options_for(server));
    call.reset();
    provider.reset();
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
}

}  // namespace chatbox::llm::openai
