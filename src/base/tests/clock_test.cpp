#include "base/clock.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatbox::base {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

const Time noon = sys_days(year(2026) / 2 / 22) + 10h;

TEST(ManualClock, StandsStillUntilItIsAdvanced) {
    ManualClock clock(noon);
    const Instant before = clock.steady();
    EXPECT_EQ(clock.now(), noon);
    EXPECT_EQ(clock.steady(), before);
    clock.advance(1500ms);
    EXPECT_EQ(clock.now(), noon + 1500ms);
    EXPECT_EQ(clock.steady() - before, 1500ms);
}

TEST(SystemClock, IsNotBehindTheCallBefore) {
    const SystemClock clock;
    const Instant first = clock.steady();
    EXPECT_GE(clock.steady(), first);
    EXPECT_GT(clock.now(), noon - 24h * 365);
}

TEST(FormatRfc3339, WritesUtcWithAZ) {
    EXPECT_EQ(format_rfc3339(noon), "2026-02-22T10:00:00Z");
    EXPECT_EQ(format_rfc3339_seconds(noon), "2026-02-22T10:00:00Z");
    EXPECT_EQ(format_rfc3339(Time{}), "1970-01-01T00:00:00Z");
}

TEST(FormatRfc3339, WritesMillisecondsWithoutTrailingZeros) {
    EXPECT_EQ(format_rfc3339(noon + 10ms), "2026-02-22T10:00:00.01Z");
    EXPECT_EQ(format_rfc3339(noon + 123ms), "2026-02-22T10:00:00.123Z");
    EXPECT_EQ(format_rfc3339(noon + 500ms), "2026-02-22T10:00:00.5Z");
    EXPECT_EQ(format_rfc3339(noon + 1ms), "2026-02-22T10:00:00.001Z");
    EXPECT_EQ(format_rfc3339_seconds(noon + 999ms), "2026-02-22T10:00:00Z");
}

TEST(FormatRfc3339, IsRightBefore1970) {
    EXPECT_EQ(format_rfc3339(Time{} - 1ms), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(format_rfc3339_seconds(Time{} - 1ms), "1969-12-31T23:59:59Z");
}

TEST(ParseRfc3339, ReadsWhatFormatWrote) {
    for (const Millis part : {0ms, 1ms, 10ms, 120ms, 999ms}) {
        EXPECT_EQ(parse_rfc3339(format_rfc3339(noon + part)), noon + part);
    }
    EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.999Z"), Time{} - 1ms);
}

TEST(ParseRfc3339, AppliesTheOffset) {
    EXPECT_EQ(parse_rfc3339("2026-02-22T12:00:00+02:00"), noon);
    EXPECT_EQ(parse_rfc3339("2026-02-22T04:30:00-05:30"), noon);
    EXPECT_EQ(parse_rfc3339("2026-02-23T00:00:00+14:00"), noon);
    EXPECT_EQ(parse_rfc3339("2026-02-22T10:00:00-00:00"), noon);
}

TEST(ParseRfc3339, CutsTheFractionToMilliseconds) {
    EXPECT_EQ(parse_rfc3339("2026-02-22T10:00:00.1Z"), noon + 100ms);
    EXPECT_EQ(parse_rfc3339("2026-02-22T10:00:00.0019Z"), noon + 1ms);
    EXPECT_EQ(parse_rfc3339("2026-02-22T10:00:00.123456789012345678901234567890Z"), noon + 123ms);
}

TEST(ParseRfc3339, TakesLowerCaseAndALeapSecond) {
    EXPECT_EQ(parse_rfc3339("2026-02-22t10:00:00z"), noon);
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), Time(sys_days(year(2017) / 1 / 1)));
}

TEST(ParseRfc3339, KnowsTheCalendar) {
    EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-04-31T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-00-01T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-13-01T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-00T00:00:00Z"));
}

TEST(ParseRfc3339, RefusesEverythingElse) {
    const std::vector<std::string> bad = {
        "",
        "now",
        "2026-02-22",
        "2026-02-22 10:00:00Z",
        "2026-02-22T10:00:00",
        "2026-02-22T10:00Z",
        "2026-02-22T10:00:00.Z",
        "2026-02-22T24:00:00Z",
        "2026-02-22T10:60:00Z",
        "2026-02-22T10:00:61Z",
        "2026-02-22T10:00:00+24:00",
        "2026-02-22T10:00:00+02:60",
        "2026-02-22T10:00:00+0200",
        "2026-02-22T10:00:00ZZ",
        " 2026-02-22T10:00:00Z",
        "2026-02-22T10:00:00Z ",
        "26-02-22T10:00:00Z",
        "+2026-02-22T10:00:00Z",
        "2026-2-22T10:00:00Z",
    };
    for (const auto& text : bad) EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(ParseRfc3339, RefusesEveryBeginningOfATime) {
    const std::string whole = "2026-02-22T10:00:00.123+02:00";
    ASSERT_TRUE(parse_rfc3339(whole));
    for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(parse_rfc3339(whole.substr(0, n))) << n;
}

TEST(ParseDuration, ReadsTheNotationOfTheSettings) {
    EXPECT_EQ(parse_duration("15m"), 15min);
    EXPECT_EQ(parse_duration("120s"), 120s);
    EXPECT_EQ(parse_duration("1h30m"), 90min);
    EXPECT_EQ(parse_duration("100ms"), 100ms);
    EXPECT_EQ(parse_duration("1h2m3s4ms"), 1h + 2min + 3s + 4ms);
    EXPECT_EQ(parse_duration("0s"), 0s);
    EXPECT_EQ(parse_duration("1.5h"), 90min);
    EXPECT_EQ(parse_duration(".5s"), 500ms);
    EXPECT_EQ(parse_duration("720h"), 720h);
    EXPECT_EQ(parse_duration("9000000000ms"), 9'000'000s);
}

TEST(ParseDuration, IsExactInMilliseconds) {
    for (int ms = 0; ms < 5000; ++ms) {
        const std::string part = std::to_string(1000 + ms % 1000).substr(1);
        EXPECT_EQ(parse_duration(std::to_string(ms / 1000) + "." + part + "s"), Millis(ms));
    }
    EXPECT_EQ(parse_duration("0.0009s"), 0ms);
}

TEST(ParseDuration, RefusesEverythingElse) {
    const std::vector<std::string> bad = {
        "",   "5",    "s",    "ms", "-5s",  "+5s",  "5 s",  " 5s",   "5s ",       "5d",  "1h5",  "1..5s",
        ".s", "nans", "infs", "5S", "1e3s", "0x5s", "five", "nanms", "infinityh", "-0s", "1,5s", "1h-1m"};
    for (const auto& text : bad) EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(ParseDuration, RefusesWhatIsTooLongToBeMeant) {
    EXPECT_FALSE(parse_duration("99999999999999999999h"));
    EXPECT_FALSE(parse_duration(std::string(400, '9') + "ms"));
    EXPECT_FALSE(parse_duration("900000000000s900000000000s"));
}

TEST(FormatDuration, WritesTheNotationOfTheSettings) {
    EXPECT_EQ(format_duration(0ms), "0ms");
    EXPECT_EQ(format_duration(500ms), "500ms");
    EXPECT_EQ(format_duration(30s), "30s");
    EXPECT_EQ(format_duration(90s), "1m30s");
    EXPECT_EQ(format_duration(2min), "2m0s");
    EXPECT_EQ(format_duration(1h), "1h0m0s");
    EXPECT_EQ(format_duration(1500ms), "1.5s");
    EXPECT_EQ(format_duration(1001ms), "1.001s");
}

TEST(FormatDuration, CanBeReadBack) {
    for (const Millis duration :
         {0ms, 1ms, 999ms, 1000ms, 1001ms, 4350ms, 61'010ms, 3'600'000ms, 90'061'007ms}) {
        EXPECT_EQ(parse_duration(format_duration(duration)), duration) << duration.count();
    }
}

}  // namespace
}  // namespace chatbox::base
