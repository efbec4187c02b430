#include <gtest/gtest.h>

#include "../http_types.h"
#include "../origin.h"
#include "../timer_wheel.h"
#include "../upgrade.h"

namespace chatbox::net {
namespace {

TEST(Origin, WithoutAListOnlyTheOwnOriginMayConnect) {
    const std::vector<std::string> none;
    EXPECT_TRUE(origin_allowed("http://chat.example:8080", {"chat.example:8080", {}}, none, false));
    EXPECT_TRUE(origin_allowed("https://chat.example", {"chat.example", {}}, none, false));
    EXPECT_TRUE(origin_allowed("", {"chat.example", {}}, none, false)) << "not a page of another site";
    EXPECT_FALSE(origin_allowed("https://evil.example", {"chat.example", {}}, none, false));
    EXPECT_FALSE(origin_allowed("null", {"chat.example", {}}, none, false));
    EXPECT_FALSE(origin_allowed("http://chat.example", {"chat.example:8080", {}}, none, false));
    EXPECT_FALSE(origin_allowed("http://", {"", {}}, none, false));
}

TEST(Origin, WithAListTheOriginMustBeOnItByteForByte) {
    const std::vector<std::string> list{"https://shop.example"};
    EXPECT_TRUE(origin_allowed("https://shop.example", {"chat.example", {}}, list, false));
    for (const char* other : {"", "http://shop.example", "https://shop.example:443", "https://Shop.example",
                              "https://shop.example/", "https://a.shop.example", "https://chat.example"}) {
        EXPECT_FALSE(origin_allowed(other, {"chat.example", {}}, list, false)) << other;
    }
}

TEST(Upgrade, AcceptKeyIsTheOneOfTheRfc) {
    EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="),
              "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 section 1.3
}

TEST(Upgrade, ATokenAmongTheSubProtocolsIsFoundAndNotRepeated) {
    const std::string token = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoidSJ9.c2lnbmF0dXJl";
    EXPECT_EQ(read_protocols("chatbox, " + token).token, token);
    EXPECT_EQ(read_protocols("chatbox, " + token).selected, "chatbox");
    EXPECT_EQ(read_protocols(token + ",chatbox").selected, "chatbox");
    EXPECT_EQ(read_protocols(token).selected, token) << "a browser needs one of its values back";
    EXPECT_EQ(read_protocols("chatbox, nonsense").token, "nonsense")
        << "refused later, as a token that is not valid";
    EXPECT_EQ(read_protocols("chat, mqtt").token, "");
    EXPECT_EQ(read_protocols("chatbox").token, "");
    EXPECT_EQ(read_protocols("").selected, "");
}

TEST(HttpTarget, IsTakenApartAndDecoded) {
    const auto request = parse_target("/chatbox/sessions/a%20b?limit=5&x=%2B+y&flag");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->path, "/chatbox/sessions/a b");
    EXPECT_EQ(request->parameter("limit"), "5");
    EXPECT_EQ(request->parameter("x"), "+ y");
    EXPECT_EQ(request->parameter("flag"), "");
    EXPECT_FALSE(parse_target("no slash"));
    EXPECT_FALSE(parse_target("/%zz"));
}

class Visit final : public TimerEntry {
public:
    void on_due(base::Instant) override { ++count; }
    int count = 0;
};

TEST(TimerWheel, VisitsWhatIsDueAndNothingElse) {
    const base::Instant start{};
    TimerWheel wheel(start);
    Visit soon;
    Visit later;
    wheel.schedule(soon, start + base::Millis(1000));
    wheel.schedule(later, start + base::Millis(5000));
    wheel.advance(start + base::Millis(900));
    EXPECT_EQ(soon.count, 0);
    wheel.advance(start + base::Millis(1200));
    EXPECT_EQ(soon.count, 1);
    EXPECT_EQ(later.count, 0);
    wheel.schedule(later, start + base::Millis(10'000));
    wheel.advance(start + base::Millis(9'000));
    EXPECT_EQ(later.count, 0) << "scheduling again moves it";
    wheel.advance(start + base::Millis(10'200));
    EXPECT_EQ(later.count, 1);
    EXPECT_EQ(soon.count, 1);
}

TEST(TimerWheel, AnEntryLeavesWhenItIsDestroyed) {
    const base::Instant start{};
    TimerWheel wheel(start);
    {
        Visit gone;
        wheel.schedule(gone, start + base::Millis(100));
    }
    wheel.advance(start + base::Millis(1000));
}

}  // namespace
}  // namespace chatbox::net
