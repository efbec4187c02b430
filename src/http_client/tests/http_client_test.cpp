#include "http_client/http_client.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "client_fixture.h"

namespace chatbox::http_client::testing {

using namespace std::chrono_literals;
using base::Errc;

class HttpClient : public ClientFixture {};

TEST_F(HttpClient, ReportsStatusThenBodyThenTheEnd) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(answer("200 OK", "Content-Type: text/plain\r\n", "hello"));
    });
    fetch(get(server.url()));
    EXPECT_EQ(sink.status, 200);
    EXPECT_EQ(sink.content_type, "text/plain");
    EXPECT_FALSE(sink.body_before_status);
    EXPECT_EQ(sink.body, "hello");
    EXPECT_TRUE(sink.ok()) << sink.detail();
}

TEST_F(HttpClient, CallsNoSinkFromInsideStart) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", "")); });
    auto bad = client->start(get("no url at all:"), sink);
    EXPECT_EQ(sink.done_calls, 0);
    RecordingSink second;
    auto good = client->start(get(server.url()), second);
    EXPECT_EQ(second.status_calls + second.done_calls, 0);
    ASSERT_TRUE(run_until(loop, [&] { return sink.done() && second.done(); }));
    EXPECT_EQ(sink.code(), Errc::invalid);
    EXPECT_TRUE(second.ok());
}

TEST_F(HttpClient, SendsMethodHeadersAndBodyAsGivenAndNothingThatCurlMakesUp) {
    ReceivedRequest seen;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest& request) {
        seen = request;
        peer.send(answer("200 OK", "", ""));
    });
    Request request = get(server.url("/v1/x?y=1"));
    request.method = "POST";
    request.headers = {{"X-One", "1"}, {"X-Empty", ""}};
    request.body = std::string(2'000'000, 'b') + '\0' + "end";
    const std::string body = request.body;
    fetch(std::move(request));
    EXPECT_EQ(seen.line(), "POST /v1/x?y=1 HTTP/1.1");
    EXPECT_EQ(seen.header("x-one"), "1");
    EXPECT_NE(seen.head.find("\r\nX-Empty:"), std::string::npos);
    for (const char* name : {"content-type", "expect", "accept-encoding"})
        EXPECT_EQ(seen.header(name), "") << name;
    EXPECT_TRUE(seen.body == body);
}

TEST_F(HttpClient, SpeaksTheOtherMethods) {
    std::vector<std::string> seen;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest& request) {
        seen.push_back(request.line() + " " + request.header("content-length") + " " + request.body);
        const bool head = request.line().starts_with("HEAD");
        peer.send(head ? "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" : answer("200 OK", "", "x"));
    });
    for (const auto& [method, body] : std::vector<std::pair<std::string, std::string>>{{"HEAD", ""},
                                                                                       {"DELETE", ""},
                                                                                       {"PUT", ""},
                                                                                       {"PUT", "abc"},
                                                                                       {"PATCH", "abc"},
                                                                                       {"DELETE", "abc"}}) {
        sink = {};
        Request request = get(server.url());
        request.method = method;
        request.body = body;
        fetch(std::move(request));
        EXPECT_TRUE(sink.ok()) << method << ": " << sink.detail();
        EXPECT_EQ(sink.body, method == "HEAD" ? "" : "x");
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"HEAD / HTTP/1.1  ", "DELETE / HTTP/1.1  ", "PUT / HTTP/1.1 0 ",
                                              "PUT / HTTP/1.1 3 abc", "PATCH / HTTP/1.1 3 abc",
                                              "DELETE / HTTP/1.1 3 abc"}));
}

TEST_F(HttpClient, RefusesHeadersThatWouldSmuggleALine) {
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"Authorization", "Bearer a\r\nX-Evil: 1"},
                                                          {"X: y\r\nZ", "1"},
                                                          {"", "1"},
                                                          {"X", std::string("a\0b", 3)}}) {
        sink = {};
        Request request = get("http://127.0.0.1:1/");
        request.headers = {{name, value}};
        fetch(std::move(request));
        EXPECT_EQ(sink.code(), Errc::invalid);
        EXPECT_EQ(sink.detail().find("Bearer"), std::string::npos);
    }
    sink = {};
    Request request = get("http://127.0.0.1:1/");
    request.method = "GET / HTTP/1.1\r\nX: y";
    fetch(std::move(request));
    EXPECT_EQ(sink.code(), Errc::invalid);
}

TEST_F(HttpClient, SpeaksHttpOnly) {
    for (const char* url :
         {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "", "http://"}) {
        sink = {};
        fetch(get(url));
        EXPECT_EQ(sink.code(), Errc::invalid) << url << ": " << sink.detail();
        EXPECT_EQ(sink.status_calls, 0);
    }
}

TEST_F(HttpClient, TakesARedirectAsAnAnswerLikeAnyOther) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest& request) {
        peer.send(request.line().starts_with("GET /secret")
                      ? answer("200 OK", "", "must not be fetched")
                      : answer("302 Found", "Location: /secret\r\n", "moved"));
    });
    fetch(get(server.url()));
    EXPECT_EQ(sink.status, 302);
    EXPECT_EQ(sink.body, "moved");
    EXPECT_TRUE(sink.ok());
}

TEST_F(HttpClient, ReportsTheStatusOfAnAnswerWithoutBody) {
    ScriptedServer server(
        loop, [](Peer& peer, const ReceivedRequest&) { peer.send("HTTP/1.1 204 No Content\r\n\r\n"); });
    fetch(get(server.url()));
    EXPECT_EQ(sink.status, 204);
    EXPECT_EQ(sink.status_calls, 1);
    EXPECT_TRUE(sink.ok());
}

TEST_F(HttpClient, SkipsInterimAnswersAndTrailers) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + std::string(chunked_head) + chunk("a") +
                  "0\r\nX-Trailer: 1\r\n\r\n");
    });
    fetch(get(server.url()));
    EXPECT_EQ(sink.status, 200);
    EXPECT_EQ(sink.status_calls, 1);
    EXPECT_EQ(sink.body, "a");
}

TEST_F(HttpClient, HandsOverEachPieceOfAStreamWhenItComes) {
    Peer* peer = nullptr;
    ScriptedServer server(loop, [&](Peer& p, const ReceivedRequest&) {
        peer = &p;
        p.send(std::string(chunked_head) + chunk("one"));
    });
    call = client->start(get(server.url()), sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.body == "one"; }));
    EXPECT_FALSE(sink.done());
    peer->send(chunk("two"));
    ASSERT_TRUE(run_until(loop, [&] { return sink.body == "onetwo"; }));
    peer->send(chunk(""));
    ASSERT_TRUE(run_until(loop, [&] { return sink.done(); }));
    EXPECT_TRUE(sink.ok());
}

TEST_F(HttpClient, WakesTheLoopUpOncePerPieceOfAStream) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head)); });
    call = client->start(get(server.url()), sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.status == 200; }));
    loop.poll();
    constexpr int pieces = 50;
    std::size_t handlers = 0;
    for (int i = 1; i <= pieces; ++i) {
        server.last_peer().send(chunk("x"));
        while (sink.pieces < i) handlers += loop.run_one();
        handlers += loop.poll();
    }
    // One of the server's for its write, one of the client's; a few more for a deadline that is looked at.
    EXPECT_LE(handlers, 2 * pieces + 5);
}

TEST_F(HttpClient, UsesOneConnectionForTwoRequests) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", "x")); });
    fetch(get(server.url("/1")));
    call.reset();
    RecordingSink second;
    call = client->start(get(server.url("/2")), second);
    ASSERT_TRUE(run_until(loop, [&] { return second.done(); }));
    EXPECT_TRUE(second.ok());
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, RunsManyRequestsAtATime) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest& request) {
        peer.send(answer("200 OK", "", request.line()));
    });
    std::vector<RecordingSink> sinks(50);
    std::vector<std::unique_ptr<Call>> calls;
    for (std::size_t i = 0; i < sinks.size(); ++i)
        calls.push_back(client->start(get(server.url("/" + std::to_string(i))), sinks[i]));
    for (std::size_t i = 0; i < sinks.size(); ++i) {
        ASSERT_TRUE(run_until(loop, [&] { return sinks[i].done(); }));
        EXPECT_EQ(sinks[i].body, "GET /" + std::to_string(i) + " HTTP/1.1");
    }
}

TEST_F(HttpClient, TellsHowLongTheServerAsksToWait) {
    std::string header;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send(answer("429 Too Many Requests", header, ""));
    });
    const auto wait_for = [&](std::string value) {
        header = "Retry-After: " + std::move(value) + "\r\n";
        sink = {};
        fetch(get(server.url()));
        return sink.retry_after;
    };
    EXPECT_EQ(wait_for("7"), 7s);
    EXPECT_EQ(wait_for("0"), 0s);
    EXPECT_EQ(wait_for("Sun, 06 Nov 1994 08:49:37 GMT"), 0s);
    EXPECT_GT(wait_for("Fri, 31 Dec 2200 23:59:59 GMT").value_or(0ms), 24h);
    EXPECT_EQ(wait_for("4294967295"), 720h);
    EXPECT_EQ(wait_for("soon"), std::nullopt);
    EXPECT_EQ(wait_for("-3"), std::nullopt);
    EXPECT_EQ(sink.status, 429);
}

TEST_F(HttpClient, ReportsWhatItCannotReach) {
    std::uint16_t free_port = 0;
    {
        ScriptedServer gone(loop, {});
        free_port = gone.port();
    }
    fetch(get("http://127.0.0.1:" + std::to_string(free_port) + "/"));
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_NE(sink.detail().find("onnect"), std::string::npos) << sink.detail();
    EXPECT_EQ(sink.status_calls, 0);
}

TEST_F(HttpClient, LooksUpNames) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", "x")); });
    fetch(get("http://localhost:" + std::to_string(server.port()) + "/"));
    EXPECT_TRUE(sink.ok()) << sink.detail();
}

TEST_F(HttpClient, ReportsABodyThatIsCutShort) {
    for (const char* piece : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"}) {
        ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
            peer.send(piece);
            peer.close();
        });
        sink = {};
        fetch(get(server.url()));
        EXPECT_EQ(sink.body, "hello");
        EXPECT_EQ(sink.code(), Errc::unavailable) << sink.detail();
    }
}

TEST_F(HttpClient, ReportsAResetInMidBody) {
    ScriptedServer server(
        loop, [&](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head) + chunk("a")); });
    sink.then_on_body = [&] { server.last_peer().reset(); };
    fetch(get(server.url()));
    EXPECT_EQ(sink.code(), Errc::unavailable) << sink.detail();
}

TEST_F(HttpClient, ReportsAnAnswerThatIsNotHttp) {
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send("SSH-2.0-OpenSSH_9.2\r\n");
        peer.close();
    });
    fetch(get(server.url()));
    EXPECT_EQ(sink.code(), Errc::unavailable) << sink.detail();
    EXPECT_EQ(sink.status_calls, 0);
}

TEST_F(HttpClient, StopsAtTheBodyLimitHoweverMuchComes) {
    const std::string block(64 * 1024, 'x');
    std::function<void()> send_more;
    std::size_t sent = 0;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        send_more = [&] {
            sent += block.size();
            server.last_peer().send(block, send_more);
        };
        send_more();
    });
    Request request = get(server.url());
    request.max_body_bytes = 1'000'000;
    fetch(std::move(request));
    EXPECT_EQ(sink.code(), Errc::limit);
    EXPECT_EQ(sink.body.size(), 1'000'000u);
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
    EXPECT_LT(sent, 100'000'000u);
}

TEST_F(HttpClient, TakesABodyOfExactlyTheLimit) {
    ScriptedServer server(
        loop, [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", "12345")); });
    Request request = get(server.url());
    request.max_body_bytes = 5;
    fetch(std::move(request));
    EXPECT_TRUE(sink.ok());
    EXPECT_EQ(sink.body, "12345");
}

TEST_F(HttpClient, StopsAtHeadersWithoutEnd) {
    std::function<void()> send_more;
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send("HTTP/1.1 200 OK\r\n");
        send_more = [&] {
            server.last_peer().send("X-Filler: " + std::string(8000, 'x') + "\r\n", send_more);
        };
        send_more();
    });
    fetch(get(server.url()));
    EXPECT_TRUE(sink.code() == Errc::limit || sink.code() == Errc::unavailable) << sink.detail();
    EXPECT_EQ(sink.status_calls, 0);
}

TEST_F(HttpClient, ClosesTheConnectionAtOnceWhenTheCallIsDestroyed) {
    ScriptedServer server(
        loop, [](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head) + chunk("a")); });
    call = client->start(get(server.url()), sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.body == "a"; }));
    call.reset();
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
    EXPECT_EQ(sink.done_calls, 0);
}

TEST_F(HttpClient, MayBeCancelledFromInsideAnyCallOfTheSink) {
    ScriptedServer server(loop, [](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head) + chunk("a") + chunk("b") + chunk(""));
    });
    const auto cancel = [&] { call.reset(); };
    for (auto hook : {&RecordingSink::then_on_status, &RecordingSink::then_on_body}) {
        auto doomed = std::make_unique<RecordingSink>();
        bool cancelled = false;
        (*doomed).*hook = [&] {
            cancel();
            cancelled = true;
        };
        call = client->start(get(server.url()), *doomed);
        ASSERT_TRUE(run_until(loop, [&] { return cancelled; }));
        EXPECT_EQ(doomed->done_calls, 0);
        EXPECT_LE(doomed->pieces, 1);
        doomed.reset();  // a late call would be seen by the address sanitizer
        ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
    }
    sink.then_on_done = cancel;
    call = client->start(get(server.url()), sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.done(); }));
    EXPECT_EQ(sink.body, "ab");
}

TEST_F(HttpClient, MayCancelOneCallFromInsideTheSinkOfAnother) {
    ScriptedServer server(
        loop, [](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head) + chunk("a")); });
    RecordingSink other;
    auto other_call = client->start(get(server.url("/other")), other);
    ASSERT_TRUE(run_until(loop, [&] { return other.body == "a"; }));
    auto other_peer = server.last_peer().shared_from_this();
    sink.then_on_body = [&] { other_call.reset(); };
    call = client->start(get(server.url()), sink);
    ASSERT_TRUE(run_until(loop, [&] { return other_peer->closed_by_client(); }));
    EXPECT_EQ(other.done_calls, 0);
    EXPECT_EQ(sink.body, "a");
}

TEST_F(HttpClient, MayStartARequestFromInsideAnyCallOfTheSink) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", "x")); });
    for (auto hook :
         {&RecordingSink::then_on_status, &RecordingSink::then_on_body, &RecordingSink::then_on_done}) {
        RecordingSink first, second;
        std::unique_ptr<Call> next;
        first.*hook = [&] { next = client->start(get(server.url("/next")), second); };
        call = client->start(get(server.url()), first);
        ASSERT_TRUE(run_until(loop, [&] { return first.done() && second.done(); }));
        EXPECT_TRUE(first.ok());
        EXPECT_TRUE(second.ok());
    }
}

TEST_F(HttpClient, MayDropARequestThatItJustStartedInsideASink) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", "x")); });
    RecordingSink never;
    sink.then_on_body = [&] { client->start(get(server.url("/never")), never).reset(); };
    fetch(get(server.url()));
    EXPECT_EQ(never.status_calls + never.done_calls, 0);
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClient, IsSilentOnceItIsDestroyed) {
    ScriptedServer server(
        loop, [](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head) + chunk("a")); });
    call = client->start(get(server.url()), sink);
    ASSERT_TRUE(run_until(loop, [&] { return sink.body == "a"; }));
    call.reset();
    client.reset();
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
    EXPECT_EQ(sink.done_calls, 0);
}

TEST_F(HttpClient, TriesAnotherConnectionWhenTheServerClosedAnIdleOne) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(answer("200 OK", "", "x")); });
    fetch(get(server.url()));
    server.last_peer().close();
    sink = {};
    fetch(get(server.url()));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(server.connections(), 2);
}

}  // namespace chatbox::http_client::testing
