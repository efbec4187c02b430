#include "../guard.h"

#include <gtest/gtest.h>

#include "../origin.h"

namespace chatbox::net {
namespace {

using base::Millis;

const base::Instant start{};

Address address(const char* text) {
    return boost::asio::ip::make_address(text);
}

Options options() {
    Options made;
    made.public_rate = {3, Millis(60'000)};
    made.user_rate = {3, Millis(60'000)};
    made.admin_rate = {2, Millis(60'000)};
    made.handshake_rate = {2, Millis(60'000)};
    made.bad_token_rate = {2, Millis(60'000)};
    made.trusted_proxies = {"10.0.0.0/8"};
    made.metrics_networks = {"10.0.0.0/8"};
    return made;
}

std::string header(const HttpAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
        if (key == name) return value;
    }
    return {};
}

TEST(Guard, PublicRoutesHaveABudgetOfTheClientsAddress) {
    Guard guard(options());
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(guard.admit_visitor(address("198.51.100.7"), start));
    const auto refused = guard.admit_visitor(address("198.51.100.7"), start + Millis(100));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 429u);
    EXPECT_EQ(refused->body,
              R"({"error":"rate_limit_exceeded","message":"Too many requests. Please try again later."})");
    EXPECT_EQ(header(*refused, "Retry-After"), "60") << "59.9 s, rounded up";
    EXPECT_FALSE(guard.admit_visitor(address("198.51.100.8"), start));
    EXPECT_EQ(header(*guard.admit_visitor(address("198.51.100.7"), start + Millis(59'999)), "Retry-After"),
              "1");
    EXPECT_FALSE(guard.admit_visitor(address("198.51.100.7"), start + Millis(60'000)));
}

TEST(Guard, AnIpv6SubscriberHasOneBudget) {
    Guard guard(options());
    for (const char* one : {"2001:db8::1", "2001:db8::2", "2001:db8::3"}) {
        EXPECT_FALSE(guard.admit_visitor(address(one), start));
    }
    EXPECT_TRUE(guard.admit_visitor(address("2001:db8::4"), start));
    EXPECT_FALSE(guard.admit_visitor(address("2001:db8:0:1::1"), start));
}

TEST(Guard, AdministratorsHaveABudgetEachAndAreToldInMilliseconds) {
    Guard guard(options());
    const model::UserId ada("ada");
    EXPECT_FALSE(guard.admit_admin(ada, start));
    EXPECT_FALSE(guard.admit_admin(ada, start + Millis(10'000)));
    const auto refused = guard.admit_admin(ada, start + Millis(18'127));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->body,
              R"({"error":"rate_limit_exceeded","message":"Too many requests. Please try again later.",)"
              R"("retry_after_ms":41873})");
    EXPECT_EQ(header(*refused, "Retry-After"), "42");
    EXPECT_FALSE(guard.admit_admin(model::UserId("bob"), start));
    EXPECT_FALSE(guard.admit_user(ada, start)) << "what she does as a user is not touched";
}

TEST(Guard, MetricsAreForTheNetworksThatAreAllowed) {
    Guard guard(options());
    const auto refused = guard.admit_scrape(address("198.51.100.7"), start);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 403u);
    EXPECT_EQ(refused->body, R"({"error":"Insufficient permissions","code":"FORBIDDEN"})");
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(guard.admit_scrape(address("10.1.1.1"), start));
    EXPECT_EQ(guard.admit_scrape(address("10.1.1.1"), start)->status, 429u);
}

TEST(Guard, AnAddressThatSendsBadTokensHasToWaitWhateverItSends) {
    Guard guard(options());
    const Address eve = address("198.51.100.7");
    for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(guard.admit_token(eve, start));
        guard.token_refused(eve, start);
    }
    EXPECT_EQ(guard.admit_token(eve, start)->status, 429u);
    EXPECT_EQ(guard.admit_handshake_token(eve, start)->content_type, "text/plain; charset=utf-8");
    EXPECT_FALSE(guard.admit_token(address("198.51.100.8"), start));
    EXPECT_FALSE(guard.admit_token(eve, start + Millis(60'000)));
}

TEST(Guard, GoodTokensAreNotCounted) {
    Guard guard(options());
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(guard.admit_token(address("198.51.100.7"), start));
}

TEST(Guard, HandshakesAreLimitedButNotThoseOfAProxyThatNamesNobody) {
    Guard guard(options());
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(guard.admit_handshake(address("198.51.100.7"), start));
    EXPECT_EQ(guard.admit_handshake(address("198.51.100.7"), start)->status, 429u);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(guard.admit_handshake(address("10.0.0.1"), start));
}

// --- origins ---

TEST(Origin, OfThisServerIsKnownByEveryNameItGoesBy) {
    EXPECT_TRUE(is_own_origin("https://chat.example", {"chat.example", {}}));
    EXPECT_TRUE(is_own_origin("https://CHAT.example", {"chat.EXAMPLE", {}}));
    EXPECT_TRUE(is_own_origin("https://chat.example", {"chat.example:443", {}})) << "a proxy adds the port";
    EXPECT_TRUE(is_own_origin("https://chat.example", {"backend:8080", "chat.example"}));
    EXPECT_TRUE(is_own_origin("http://[::1]:8080", {"[::1]:8080", {}}));
    EXPECT_FALSE(is_own_origin("https://chat.example", {"chat.example:80", {}}));
    EXPECT_FALSE(is_own_origin("https://chat.example:8443", {"chat.example", {}}));
    EXPECT_FALSE(is_own_origin("ftp://chat.example", {"chat.example", {}}));
    EXPECT_FALSE(is_own_origin("https://chat.example.evil.example", {"chat.example", {}}));
    EXPECT_FALSE(is_own_origin("", {{}, {}}));
    EXPECT_FALSE(is_own_origin("http://", {{}, {}}));
}

using Headers = std::vector<std::pair<std::string, std::string>>;
const std::vector<std::string> shops{"https://shop.example", "https://b.example:8443"};

TEST(Cors, IsAbsentWithoutAList) {
    const auto verdict = check_cors("OPTIONS", "https://shop.example", false, {});
    EXPECT_EQ(verdict.kind, CorsVerdict::Kind::pass);
    EXPECT_TRUE(verdict.headers.empty());
}

TEST(Cors, TheOwnOriginAndNoOriginPassUntouched) {
    for (const char* method : {"GET", "OPTIONS"}) {
        EXPECT_EQ(check_cors(method, "", false, shops).kind, CorsVerdict::Kind::pass);
        const auto own = check_cors(method, "https://chat.example", true, shops);
        EXPECT_EQ(own.kind, CorsVerdict::Kind::pass);
        EXPECT_TRUE(own.headers.empty());
    }
}

TEST(Cors, AnotherOriginIsRefusedWhateverItAsks) {
    for (const char* origin : {"https://evil.example", "http://shop.example", "https://shop.example:444",
                               "https://a.shop.example", "https://shop.example/", "null"}) {
        for (const char* method : {"GET", "POST", "OPTIONS", "DELETE"}) {
            EXPECT_EQ(check_cors(method, origin, false, shops).kind, CorsVerdict::Kind::refuse) << origin;
        }
    }
}

TEST(Cors, AnAllowedOriginMayReadTheAnswer) {
    const auto verdict = check_cors("GET", "https://shop.example", false, shops);
    EXPECT_EQ(verdict.kind, CorsVerdict::Kind::pass);
    const Headers expected{{"Access-Control-Allow-Origin", "https://shop.example"},
                           {"Access-Control-Allow-Credentials", "true"},
                           {"Vary", "Origin"},
                           {"Access-Control-Expose-Headers", "Content-Length"}};
    EXPECT_EQ(verdict.headers, expected);
    EXPECT_EQ(check_cors("GET", "HTTPS://Shop.Example", false, shops).kind, CorsVerdict::Kind::pass);
}

TEST(Cors, APreflightSaysWhatIsAllowed) {
    const auto verdict = check_cors("OPTIONS", "https://shop.example", false, shops);
    EXPECT_EQ(verdict.kind, CorsVerdict::Kind::preflight);
    const Headers expected{{"Access-Control-Allow-Origin", "https://shop.example"},
                           {"Access-Control-Allow-Credentials", "true"},
                           {"Vary", "Origin"},
                           {"Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,OPTIONS"},
                           {"Access-Control-Allow-Headers", "Origin,Content-Type,Accept,Authorization"},
                           {"Access-Control-Max-Age", "43200"},
                           {"Vary", "Access-Control-Request-Method"},
                           {"Vary", "Access-Control-Request-Headers"}};
    EXPECT_EQ(verdict.headers, expected);
}

TEST(Cors, AStarIsAnyOrigin) {
    const auto verdict = check_cors("GET", "https://anybody.example", false, {"*"});
    EXPECT_EQ(verdict.kind, CorsVerdict::Kind::pass);
    EXPECT_EQ(verdict.headers.front().second, "*");
    EXPECT_EQ(check_cors("OPTIONS", "null", false, {"*"}).kind, CorsVerdict::Kind::preflight);
}

}  // namespace
}  // namespace chatbox::net
