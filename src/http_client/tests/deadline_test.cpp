#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "client_fixture.h"

namespace chatbox::http_client::testing {

using namespace std::chrono_literals;
using base::Errc;

// The only tests here that let time pass: as little as tells a deadline from a slow machine.
class HttpDeadline : public ClientFixture {
protected:
    Request with(Deadlines deadlines, const ScriptedServer& server) const {
        Request request;
        request.url = server.url();
        request.deadlines = deadlines;
        return request;
    }

    // Sends a byte of the body each 50 ms, `count` times.
    void drip(Peer& peer, int count) {
        if (count == 0) return peer.send(chunk(""));
        peer.send(chunk("x"));
        timer_.expires_after(50ms);
        timer_.async_wait([this, self = peer.shared_from_this(), count](boost::system::error_code ec) {
            if (!ec) drip(*self, count - 1);
        });
    }

    boost::asio::steady_timer timer_{loop};
};

constexpr auto never = base::Millis(0);

TEST_F(HttpDeadline, EndsACallThatGetsNoConnection) {
    // TLS is part of connecting, and this server never says hello.
    ScriptedServer server(loop, [](Peer&, const ReceivedRequest&) {});
    Request request = with({.connect = 100ms, .first_byte = never, .silence = never, .total = never}, server);
    request.url = "https" + request.url.substr(4);
    fetch(std::move(request));
    EXPECT_EQ(sink.code(), Errc::timeout);
    EXPECT_EQ(sink.detail(), "connect deadline of 100ms passed");
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
}

TEST_F(HttpDeadline, EndsACallWhoseHeadersDoNotCome) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send("HTTP/1.1 200 OK\r\nX-S"); });
    fetch(with({.connect = never, .first_byte = 100ms, .silence = never, .total = never}, server));
    EXPECT_EQ(sink.code(), Errc::timeout);
    EXPECT_EQ(sink.detail(), "first byte deadline of 100ms passed");
    EXPECT_EQ(sink.status_calls, 0);
}

TEST_F(HttpDeadline, EndsACallWhoseBodyDoesNotBegin) {
    ScriptedServer server(loop,
                          [](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head)); });
    fetch(with({.connect = 50ms, .first_byte = 150ms, .silence = 10ms, .total = never}, server));
    EXPECT_EQ(sink.detail(), "first byte deadline of 150ms passed");
    EXPECT_EQ(sink.status, 200);
}

TEST_F(HttpDeadline, EndsAStreamThatFallsSilent) {
    ScriptedServer server(
        loop, [](Peer& peer, const ReceivedRequest&) { peer.send(std::string(chunked_head) + chunk("a")); });
    fetch(with({.connect = 5s, .first_byte = 5s, .silence = 100ms, .total = 10s}, server));
    EXPECT_EQ(sink.code(), Errc::timeout);
    EXPECT_EQ(sink.detail(), "silence deadline of 100ms passed");
    EXPECT_EQ(sink.body, "a");
    ASSERT_TRUE(run_until(loop, [&] { return server.last_peer().closed_by_client(); }));
}

TEST_F(HttpDeadline, LetsASlowStreamLiveThatIsNeverSilentForLong) {
    ScriptedServer server(loop, [this](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head));
        drip(peer, 10);
    });
    fetch(with({.connect = never, .first_byte = never, .silence = 400ms, .total = never}, server));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(sink.body.size(), 10u);
}

TEST_F(HttpDeadline, EndsAStreamThatTakesTooLongInTotal) {
    ScriptedServer server(loop, [this](Peer& peer, const ReceivedRequest&) {
        peer.send(std::string(chunked_head));
        drip(peer, 1000);
    });
    fetch(with({.connect = never, .first_byte = never, .silence = 10s, .total = 200ms}, server));
    EXPECT_EQ(sink.code(), Errc::timeout);
    EXPECT_EQ(sink.detail(), "total deadline of 200ms passed");
    EXPECT_GE(sink.body.size(), 1u);
}

TEST_F(HttpDeadline, MayBeAnsweredByCancellingInsideTheSink) {
    ScriptedServer server(loop, [](Peer&, const ReceivedRequest&) {});
    sink.then_on_done = [&] { call.reset(); };
    fetch(with({.connect = never, .first_byte = 50ms, .silence = never, .total = never}, server));
    EXPECT_EQ(sink.code(), Errc::timeout);
    EXPECT_EQ(sink.done_calls, 1);
}

}  // namespace chatbox::http_client::testing
