#include <gtest/gtest.h>

#include <set>

#include "../http_types.h"
#include "../query_parameters.h"
#include "../route_table.h"

namespace chatbox::net {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

TEST(RouteTable, APathLeadsToTheRouteOfItsForm) {
    const Match session = find_route("GET", "sessions/4f0c");
    ASSERT_NE(session.route, nullptr);
    EXPECT_EQ(session.route->pattern, "sessions/{sessionID}");
    EXPECT_EQ(session.names, Names{"4f0c"});
    const Match end = find_route("POST", "sessions/a b\n/end");
    ASSERT_NE(end.route, nullptr);
    EXPECT_EQ(end.names, Names{"a b\n"}) << "any byte but a slash is part of a name";
    EXPECT_EQ(find_route("GET", "sessions").route->pattern, "sessions");
}

TEST(RouteTable, WhatHasAnotherFormOrMethodLeadsNowhere) {
    for (const char* path : {"", "/", "session", "sessions/", "sessions//end", "sessions/a/b",
                             "sessions/a/end/", "sessions/a/end/x", "/sessions", "healthz/", "healthzz"}) {
        EXPECT_EQ(find_route("GET", path).route, nullptr) << path;
    }
    EXPECT_EQ(find_route("POST", "sessions").route, nullptr);
    EXPECT_EQ(find_route("GET", "sessions/a/end").route, nullptr);
    EXPECT_EQ(find_route("get", "sessions").route, nullptr);
}

TEST(RouteTable, ThePatternsAreDifferentAndDocumented) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    std::set<std::string_view> ids;
    for (const Route& route : route_table()) {
        EXPECT_TRUE(seen.emplace(route.method, route.pattern).second) << route.pattern;
        EXPECT_TRUE(ids.insert(route.doc.id).second) << route.doc.id;
        EXPECT_FALSE(route.doc.summary.empty()) << route.pattern;
        EXPECT_FALSE(route.doc.answers.empty()) << route.pattern;
        EXPECT_EQ(route.handler == nullptr, route.access == Access::handshake) << route.pattern;
    }
}

TEST(ListLimit, TheLeadingNumberCounts) {
    EXPECT_EQ(list_limit("10", 100, 1000), 10U);
    EXPECT_EQ(list_limit("10abc", 100, 1000), 10U);
    EXPECT_EQ(list_limit("+10", 100, 1000), 10U);
    EXPECT_EQ(list_limit(" 10", 100, 1000), 10U) << "what +10 is when nobody encoded it";
    EXPECT_EQ(list_limit("1", 100, 1000), 1U);
    EXPECT_EQ(list_limit("1000", 100, 1000), 1000U);
}

TEST(ListLimit, AnythingElseIsTheDefaultAndNotTheNearest) {
    for (const char* text :
         {"", "0", "-1", "1001", "abc", "abc10", "99999999999999999999", "-", "+", "+-5", " ", "1e99x"}) {
        const std::size_t expected = std::string_view(text) == "1e99x" ? 1 : 100;
        EXPECT_EQ(list_limit(text, 100, 1000), expected) << text;
    }
}

TEST(ListOffset, IsNeverNegative) {
    EXPECT_EQ(list_offset("7"), 7U);
    EXPECT_EQ(list_offset("7x"), 7U);
    EXPECT_EQ(list_offset("0"), 0U);
    EXPECT_EQ(list_offset("-7"), 0U);
    EXPECT_EQ(list_offset("x"), 0U);
    EXPECT_EQ(list_offset("99999999999999999999"), 0U);
    EXPECT_EQ(list_offset("9223372036854775807"), 9223372036854775807U);
}

base::Time at(std::string_view text) {
    return base::parse_rfc3339(text).value();
}

TEST(ParseTime, TakesRfc3339AndDatesAlone) {
    EXPECT_EQ(parse_time("2026-02-22T10:00:00Z", DayEdge::start)->time, at("2026-02-22T10:00:00Z"));
    EXPECT_EQ(parse_time("2026-02-22T10:00:00.25Z", DayEdge::end)->time, at("2026-02-22T10:00:00.25Z"));
    EXPECT_EQ(parse_time("2026-02-22", DayEdge::start)->time, at("2026-02-22T00:00:00Z"));
    EXPECT_EQ(parse_time("2026-02-22", DayEdge::end)->time, at("2026-02-22T23:59:59.999Z"));
    EXPECT_EQ(parse_time("2024-02-29", DayEdge::end)->time, at("2024-02-29T23:59:59.999Z"));
}

TEST(ParseTime, RefusesTheRest) {
    for (const char* text : {"", "yesterday", "2026-02-22T10:00:00", "2026-02-22 10:00:00Z", "2026-02-30",
                             "2026-2-2", "2026-02-22T10:00:00 02:00", "2026-02-22T24:00:00Z",
                             "2026-02-22T10:00:00Z ", "1700000000", "2026-13-01", "2026-02-2x"}) {
        EXPECT_FALSE(parse_time(text, DayEdge::start)) << text;
    }
}

TEST(FormatInZone, KeepsTheZoneOfTheWriterAndDropsFractions) {
    const auto again = [](std::string_view text) {
        return format_in_zone(parse_time(text, DayEdge::start).value());
    };
    EXPECT_EQ(again("2026-02-22T10:00:00Z"), "2026-02-22T10:00:00Z");
    EXPECT_EQ(again("2026-02-22T10:00:00.999Z"), "2026-02-22T10:00:00Z");
    EXPECT_EQ(again("2026-02-22T01:30:00+05:30"), "2026-02-22T01:30:00+05:30");
    EXPECT_EQ(again("2026-02-22T23:30:00-11:45"), "2026-02-22T23:30:00-11:45");
    EXPECT_EQ(again("2026-02-22T10:00:00+00:00"), "2026-02-22T10:00:00Z");
    EXPECT_EQ(again("2026-02-22"), "2026-02-22T00:00:00Z");
}

TEST(HttpTarget, LooksAtAHundredParametersAndSaysWhenThereWereMore) {
    std::string target = "/x?";
    for (int i = 0; i < 100; ++i) target += "a&";
    target.pop_back();
    EXPECT_FALSE(parse_target(target)->query_cut);
    EXPECT_TRUE(parse_target(target + "&a")->query_cut);
    EXPECT_EQ(parse_target(target + "&a")->query.size(), 100U);
    EXPECT_EQ(parse_target("/x?a=1&a=2")->parameter("a"), "1") << "the first counts";
    EXPECT_EQ(parse_target("/x/%0a?q")->target, "/x/%0a?q");
}

}  // namespace
}  // namespace chatbox::net
