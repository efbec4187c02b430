#include "../addresses.h"

#include <gtest/gtest.h>

namespace chatbox::server {
namespace {

TEST(Endpoint, IsHttpsAnywhere) {
    for (const char* url :
         {"https://api.openai.com/v1", "https://api.example.com", "https://api.example.com:8443/a/b/",
          "HTTPS://API.EXAMPLE.COM", "https://8.8.8.8/v1", "https://[2001:db8::1]:443/v1"}) {
        EXPECT_EQ(endpoint_mistake(url), "") << url;
    }
}

TEST(Endpoint, IsHttpForInternalHostsOnly) {
    for (const char* url :
         {"http://127.0.0.1:11434/v1", "http://localhost:8000", "http://10.1.2.3", "http://172.16.0.1",
          "http://172.31.255.255", "http://192.168.1.1", "http://ollama:11434/v1", "http://[::1]:80",
          "http://[fd00::1]", "http://llm.chat.svc", "http://llm.chat.svc.cluster.local", "http://box.local",
          "http://llm.internal/v1"}) {
        EXPECT_EQ(endpoint_mistake(url), "") << url;
    }
    for (const char* url :
         {"http://api.openai.com/v1", "http://8.8.8.8", "http://172.15.0.1", "http://172.32.0.1",
          "http://192.169.0.1", "http://11.0.0.1", "http://[2001:db8::1]", "http://evil.local.example.com",
          "http://2130706433", "http://0x7f000001", "http://.local"}) {
        EXPECT_NE(endpoint_mistake(url), "") << url;
    }
}

TEST(Endpoint, IsAnAbsoluteUrl) {
    for (const char* url :
         {"", "api.openai.com", "//api.openai.com", "https://", "https:///v1", "ftp://example.com",
          "https://exa mple.com", "https://example.com:0", "https://example.com:65536",
          "https://example.com:port", "https://[::1", "https://[nope]", "javascript:alert(1)",
          "https://example.com/#x", "https://example.com/v1?api-version=1#x", "https://ex\nample.com"}) {
        EXPECT_NE(endpoint_mistake(url), "") << url;
    }
}

TEST(Endpoint, MayHaveAQuery) {
    EXPECT_EQ(endpoint_mistake("https://x.openai.azure.com/openai/deployments/d?api-version=2024-06-01"), "");
}

TEST(Endpoint, WithAKeyInItsQueryIsRefusedWithoutShowingIt) {
    for (const char* url :
         {"https://example.com/v1?key=TELLTALE", "https://example.com/v1?a=1&api_key=TELLTALE",
          "https://example.com?Token=TELLTALE"}) {
        EXPECT_NE(endpoint_mistake(url), "") << url;
        EXPECT_EQ(endpoint_mistake(url).find("TELLTALE"), std::string::npos) << url;
    }
}

TEST(Endpoint, MayBePlainHttpAtAListedHost) {
    EXPECT_NE(endpoint_mistake("http://llm.example.com/v1"), "");
    EXPECT_EQ(endpoint_mistake("http://LLM.example.com/v1", {"llm.example.com"}), "");
    EXPECT_NE(endpoint_mistake("http://example.com/v1", {"llm.example.com"}), "");
}

TEST(Host, OfAUrl) {
    EXPECT_EQ(host_of("https://Example.COM:8443/v1?x"), "example.com");
    EXPECT_EQ(host_of("http://[::1]:80/"), "::1");
    EXPECT_EQ(host_of("nonsense"), "");
}

TEST(Host, IsANameOrAnAddress) {
    for (const char* host : {"llm", "llm.example.com", "10.0.0.1", "fd00::1"})
        EXPECT_EQ(host_mistake(host), "") << host;
    for (const char* host : {"", "http://llm", "llm:80", "llm/v1", "[::1]", "10.0.0.0/8"})
        EXPECT_NE(host_mistake(host), "") << host;
}

TEST(Endpoint, WithAPasswordIsRefusedWithoutShowingIt) {
    const std::string wrong = endpoint_mistake("https://user:TELLTALE@example.com/v1");
    EXPECT_NE(wrong, "");
    EXPECT_EQ(wrong.find("TELLTALE"), std::string::npos);
}

TEST(Origin, IsASchemeAndAHost) {
    for (const char* origin : {"https://www.example.com", "http://localhost:3000", "https://[::1]:8443",
                               "capacitor://localhost", "file://", "null"}) {
        EXPECT_EQ(origin_mistake(origin), "") << origin;
    }
    for (const char* origin :
         {"", "*", "www.example.com", "https://", "https://www.example.com/", "https://www.example.com/chat",
          "https://*.example.com", "https://user@example.com", "https://example.com:99999"}) {
        EXPECT_NE(origin_mistake(origin), "") << origin;
    }
}

TEST(Origin, IsComparedAsBrowsersWriteIt) {
    EXPECT_EQ(normal_origin("HTTPS://WWW.Example.com:443"), "https://www.example.com");
    EXPECT_EQ(normal_origin("http://example.com:80"), "http://example.com");
    EXPECT_EQ(normal_origin("http://example.com:8080"), "http://example.com:8080");
    EXPECT_EQ(normal_origin("http://example.com:443"), "http://example.com:443");
}

TEST(Network, IsAnAddressWithOrWithoutBits) {
    for (const char* network :
         {"10.0.0.0/8", "127.0.0.1", "0.0.0.0/0", "10.0.0.0/32", "::1", "fd00::/8", "2001:db8::/128"}) {
        EXPECT_EQ(network_mistake(network), "") << network;
    }
    for (const char* network : {"", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129",
                                "localhost", "10.0.0.0/8/8", "10.0.0.256"}) {
        EXPECT_NE(network_mistake(network), "") << network;
    }
}

TEST(FrameAncestor, CannotSmuggleAnotherDirective) {
    for (const char* source : {"'self'", "'none'", "*", "https:", "https://www.example.com",
                               "https://*.example.com:8443", "example.com", "*.example.com"}) {
        EXPECT_EQ(frame_ancestor_mistake(source), "") << source;
    }
    for (const char* source : {"", "self'", "'unsafe-inline'", "https://a;script-src", "a b",
                               "https://a\r\nX: y", "https://", "://a", "https://a,b"}) {
        EXPECT_NE(frame_ancestor_mistake(source), "") << source;
    }
}

TEST(PathPrefix, IsAPlainPath) {
    for (const char* prefix : {"/", "/chatbox", "/a/b", "/chatbox/", "/v1.2/~x_-"})
        EXPECT_EQ(path_prefix_mistake(prefix), "") << prefix;
    for (const char* prefix : {"", "chatbox", "//", "/a//b", "/a//", "/a/../b", "/..", "/.", "/./a", "/a b",
                               "/a?b", "/a%20b", "/\xC3\xAB", "/a;b"}) {
        EXPECT_NE(path_prefix_mistake(prefix), "") << prefix;
    }
}

}  // namespace
}  // namespace chatbox::server
