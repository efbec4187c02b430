#include "../values.h"

#include <gtest/gtest.h>

namespace chatbox::server {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

template <class T>
std::string assigned(T& to, const ValueRule& rule, RawValue value) {
    return assign(&to, rule, value);
}

TEST(Value, ThatIsAWholeNumberIsReadFromTextAndFromToml) {
    const ValueRule rule{.kind = Kind::integer, .min = 0, .max = 65535};
    std::uint16_t port = 1;
    EXPECT_EQ(assigned(port, rule, "65535"s), "");
    EXPECT_EQ(port, 65535);
    EXPECT_EQ(assigned(port, rule, " 0 "s), "");
    EXPECT_EQ(port, 0);
    EXPECT_EQ(assigned(port, rule, std::int64_t{8080}), "");
    EXPECT_EQ(port, 8080);
}

TEST(Value, ThatIsNoWholeNumberInItsRangeLeavesTheOldOne) {
    const ValueRule rule{.kind = Kind::integer, .min = 0, .max = 65535};
    std::uint16_t port = 7;
    for (const RawValue& bad :
         {RawValue("65536"s), RawValue("-1"s), RawValue("8080x"s), RawValue("80 80"s), RawValue(""s),
          RawValue("1e3"s), RawValue("0x50"s), RawValue("+1"s), RawValue("99999999999999999999"s),
          RawValue(8080.0), RawValue(true), RawValue(std::int64_t{-1}),
          RawValue(std::vector<std::string>{"1"}), RawValue()}) {
        EXPECT_NE(assigned(port, rule, bad), "");
        EXPECT_EQ(port, 7);
    }
    EXPECT_EQ(assigned(port, rule, "many"s), "must be a whole number, not \"many\"");
    EXPECT_EQ(assigned(port, rule, "70000"s), "must be between 0 and 65535, not \"70000\"");
}

TEST(Value, ThatIsANumberOfBytesMayHaveAUnit) {
    const ValueRule rule{.kind = Kind::bytes, .min = 1, .max = 1LL << 30};
    std::size_t bytes = 0;
    for (const auto& [text, expected] : {std::pair{"1048576"s, 1048576u},
                                         {"64KiB"s, 65536u},
                                         {"1 MiB"s, 1048576u},
                                         {"1gib"s, 1u << 30},
                                         {"100MB"s, 100'000'000u},
                                         {"2kb"s, 2000u},
                                         {"7B"s, 7u}}) {
        EXPECT_EQ(assigned(bytes, rule, text), "") << text;
        EXPECT_EQ(bytes, expected) << text;
    }
    for (const auto& bad : {"0"s, "-1"s, "0KiB"s, "KiB"s, "1.5MiB"s, "1TiB"s, "2GiB"s, "9999999999999GiB"s,
                            "-9223372036854775808GiB"s}) {
        EXPECT_NE(assigned(bytes, rule, bad), "") << bad;
    }
}

TEST(Value, ThatIsADurationNeedsItsUnit) {
    const ValueRule rule{.kind = Kind::duration, .min = 100, .max = 3'600'000};
    Millis time{1};
    for (const auto& [text, expected] : {std::pair{"100ms"s, Millis(100)},
                                         {"15m"s, Millis(15min)},
                                         {"1h"s, Millis(1h)},
                                         {" 1m30s "s, Millis(90s)},
                                         {"1.5s"s, Millis(1500)}}) {
        EXPECT_EQ(assigned(time, rule, text), "") << text;
        EXPECT_EQ(time, expected) << text;
    }
    for (const auto& bad : {"120"s, ""s, "s"s, "-5s"s, "99ms"s, "61m"s, "nans"s, "infs"s, "1e3s"s, "5 s"s,
                            "5d"s, "0"s, "1h30"s}) {
        EXPECT_NE(assigned(time, rule, bad), "") << bad;
    }
    EXPECT_NE(assigned(time, rule, std::int64_t{120}), "");
    EXPECT_EQ(time, Millis(1500));
}

TEST(Value, ThatIsABooleanIsWrittenInOneOfTheUsualWays) {
    const ValueRule rule{.kind = Kind::boolean};
    bool flag = false;
    for (const auto& yes : {"true"s, "TRUE"s, "1"s, "yes"s, "On"s, "t"s}) {
        flag = false;
        EXPECT_EQ(assigned(flag, rule, yes), "") << yes;
        EXPECT_TRUE(flag) << yes;
    }
    for (const auto& no : {"false"s, "False"s, "0"s, "no"s, "off"s, "F"s}) {
        flag = true;
        EXPECT_EQ(assigned(flag, rule, no), "") << no;
        EXPECT_FALSE(flag) << no;
    }
    EXPECT_EQ(assigned(flag, rule, true), "");
    for (const RawValue& bad :
         {RawValue("maybe"s), RawValue(""s), RawValue(std::int64_t{1}), RawValue("2"s)}) {
        EXPECT_NE(assigned(flag, rule, bad), "");
    }
}

TEST(Value, ThatIsAListMayBeATextWithCommasOrAnArray) {
    const ValueRule rule{.kind = Kind::list};
    std::vector<std::string> list;
    EXPECT_EQ(assigned(list, rule, " a , b,,c ,"s), "");
    EXPECT_EQ(list, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(assigned(list, rule, std::vector<std::string>{" x ", "", "y,z"}), "");
    EXPECT_EQ(list, (std::vector<std::string>{"x", "y,z"}));
    EXPECT_EQ(assigned(list, rule, ""s), "");
    EXPECT_TRUE(list.empty());
    EXPECT_NE(assigned(list, rule, std::int64_t{1}), "");
    EXPECT_NE(assigned(list, rule, RawValue()), "");
}

TEST(Value, ThatIsAChoiceIsTakenInAnyCase) {
    const ValueRule rule{.kind = Kind::choice, .choices = {"debug", "info", "warn"}};
    std::string level;
    EXPECT_EQ(assigned(level, rule, "WARN"s), "");
    EXPECT_EQ(level, "warn");
    EXPECT_EQ(assigned(level, rule, "loud"s), "must be debug, info or warn, not \"loud\"");
}

TEST(Value, ThatIsANumberMayHaveAFraction) {
    const ValueRule rule{.kind = Kind::decimal, .min = 1, .max = 1000};
    double speed = 0;
    EXPECT_EQ(assigned(speed, rule, "2.5"s), "");
    EXPECT_DOUBLE_EQ(speed, 2.5);
    EXPECT_EQ(assigned(speed, rule, 40.5), "");
    EXPECT_EQ(assigned(speed, rule, std::int64_t{7}), "");
    EXPECT_DOUBLE_EQ(speed, 7);
    for (const auto& bad : {"0.5"s, "1000.1"s, "nan"s, "inf"s, "fast"s, ""s})
        EXPECT_NE(assigned(speed, rule, bad), "") << bad;
}

TEST(Value, OfASecretIsNeverInItsMistake) {
    std::optional<std::string> key;
    const std::string wrong = assigned(key, {.kind = Kind::key, .secrecy = Secrecy::secret}, "TELLTALE"s);
    EXPECT_NE(wrong, "");
    EXPECT_EQ(wrong.find("TELLTALE"), std::string::npos);
    std::string token;
    EXPECT_EQ(assigned(token, {.secrecy = Secrecy::secret}, std::int64_t{31337}).find("31337"),
              std::string::npos);
}

TEST(Value, OfASecretIsShownAsSetOrNotAtAll) {
    std::string secret = "x";
    EXPECT_EQ(show(&secret, {.secrecy = Secrecy::secret}), "(set)");
    secret.clear();
    EXPECT_EQ(show(&secret, {.secrecy = Secrecy::secret}), "");
}

TEST(Value, ThatStillIsAPlaceholderIsRefusedForSecretsAndWhereItMatters) {
    std::string text;
    EXPECT_NE(assigned(text, {.secrecy = Secrecy::secret}, "sk-REPLACE_WITH_KEY"s), "");
    EXPECT_NE(assigned(text, {.placeholders = Placeholders::refused}, "https://your-host"s), "");
    EXPECT_EQ(assigned(text, {}, "a placeholder is fine in a system prompt"s), "");
    std::vector<std::string> list;
    EXPECT_NE(assigned(list, {.kind = Kind::list, .placeholders = Placeholders::refused},
                       std::vector<std::string>{"https://a", "change-me"}),
              "");
}

TEST(Value, IsShownAsItCouldBeWritten) {
    for (const auto& [bytes, text] :
         {std::pair{1048576u, "1MiB"}, {65536u, "64KiB"}, {1000u, "1000"}, {0u, "0"}, {1u << 30, "1GiB"}}) {
        EXPECT_EQ(show_bytes(bytes), text);
    }
    for (const auto& [time, text] : {std::pair{Millis(2min), "2m"},
                                     {Millis(90s), "1m30s"},
                                     {Millis(24h), "24h"},
                                     {Millis(500), "500ms"},
                                     {Millis(1h + 30min), "1h30m"},
                                     {Millis(10s), "10s"},
                                     {Millis(1h + 5s), "1h0m5s"},
                                     {Millis(20min), "20m"}}) {
        EXPECT_EQ(show_duration(time), text);
        EXPECT_EQ(base::parse_duration(show_duration(time)), time);
    }
}

TEST(Value, IsQuotedOnOneShortLine) {
    EXPECT_EQ(in_quotes("a\nb\x1b[31m"), "\"a\\x0ab\\x1b[31m\"");
    EXPECT_EQ(in_quotes(std::string(200, 'x')).size(), 85u);
}

}  // namespace
}  // namespace chatbox::server
