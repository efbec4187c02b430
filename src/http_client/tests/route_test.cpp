// Where requests go: addresses that are not public, proxies, redirects.
#include <sys/socket.h>

#include "client_fixture.h"

namespace chatbox::http_client::testing {

using base::Errc;

namespace {

class HttpRoute : public ClientFixture {
protected:
    ScriptedServer::OnRequest answering() {
        return [this](Peer& peer, const ReceivedRequest& request) {
            lines.push_back(request.line());
            peer.send(answer("200 OK", "", "x"));
        };
    }
    std::string at(const ScriptedServer& server, const std::string& host) const {
        return "http://" + host + ":" + std::to_string(server.port()) + "/";
    }
    std::vector<std::string> lines;
};

}  // namespace

TEST_F(HttpRoute, OfAHostThatIsNotListedMustBePublic) {
    ScriptedServer server(loop, answering());
    client = make_client(loop.get_executor());
    for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0.0.0.0"}) {
        sink = {};
        fetch(get(at(server, host)));
        EXPECT_EQ(sink.code(), Errc::forbidden) << host << ": " << sink.detail();
    }
    EXPECT_EQ(server.connections(), 0);
}

TEST_F(HttpRoute, ToAListedHostMayBePrivateWhateverItIsCalled) {
    ScriptedServer server(loop, answering());
    client = make_client(loop.get_executor(), {.internal_hosts = {"localhost"}});
    fetch(get(at(server, "LOCALHOST")));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    sink = {};
    fetch(get(at(server, "127.0.0.1")));
    EXPECT_EQ(sink.code(), Errc::forbidden) << sink.detail();
}

TEST_F(HttpRoute, IsNotChangedByARedirect) {
    ScriptedServer other(loop, answering());
    ScriptedServer server(loop, [&](Peer& peer, const ReceivedRequest&) {
        peer.send(answer("307 Temporary Redirect", "Location: " + other.url() + "\r\n", ""));
    });
    fetch(get(server.url()));
    EXPECT_EQ(sink.status, 307);
    EXPECT_EQ(other.connections(), 0);
}

TEST_F(HttpRoute, GoesThroughTheProxyOfItsScheme) {
    ScriptedServer proxy(loop, answering());
    client = make_client(loop.get_executor(), {.http_proxy = proxy.url()});
    fetch(get("http://example.invalid/path"));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(lines, std::vector<std::string>{"GET http://example.invalid/path HTTP/1.1"});
}

TEST_F(HttpRoute, ToLoopbackNeverGoesThroughAProxy) {
    ScriptedServer proxy(loop, answering());
    ScriptedServer server(loop, answering());
    client = make_client(loop.get_executor(),
                         {.internal_hosts = {"127.0.0.1", "localhost"}, .http_proxy = proxy.url()});
    for (const char* host : {"127.0.0.1", "localhost"}) {
        sink = {};
        fetch(get(at(server, host)));
        EXPECT_TRUE(sink.ok()) << host << ": " << sink.detail();
    }
    EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(HttpRoute, IgnoresProxiesOfTheEnvironmentThatItWasNotTold) {
    ScriptedServer proxy(loop, answering());
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    ::setenv("ALL_PROXY", proxy.url().c_str(), 1);
    fetch(get("http://example.invalid/"));
    ::unsetenv("http_proxy");
    ::unsetenv("ALL_PROXY");
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(HttpRoute, IsDirectToHostsThatNeedNoProxy) {
    ScriptedServer proxy(loop, answering());
    client = make_client(loop.get_executor(), {.http_proxy = proxy.url(), .no_proxy = {"invalid"}});
    fetch(get("http://example.invalid/"));
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(HttpRoute, ThatNoProxyIsForAllMustBePublicAgain) {
    ScriptedServer server(loop, answering());
    client = make_client(loop.get_executor(), {.http_proxy = server.url(), .no_proxy = {"*"}});
    fetch(get(at(server, "127.0.0.1")));
    EXPECT_EQ(sink.code(), Errc::forbidden);
}

}  // namespace chatbox::http_client::testing
