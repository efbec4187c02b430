#include "../session_query.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace chatbox::net {
namespace {

using namespace std::chrono_literals;
using store::SessionQuery;
using store::SessionSort;

HttpRequest request_with(std::string_view query) {
    return parse_target("/x?" + std::string(query)).value();
}

template <class T>
std::string fault(const std::variant<T, BadParameter>& read) {
    const auto* wrong = std::get_if<BadParameter>(&read);
    return wrong == nullptr ? "" : wrong->text;
}

SessionQuery admin_query(std::string_view query) {
    const auto read = read_admin_query(request_with(query));
    EXPECT_EQ(fault(read), "") << query;
    return fault(read).empty() ? std::get<SessionQuery>(read) : SessionQuery{};
}

std::string admin_fault(std::string_view query) {
    return fault(read_admin_query(request_with(query)));
}

base::Time at(std::string_view text) {
    return base::parse_rfc3339(text).value();
}

TEST(AdminQuery, WithoutParametersIsTheNewestHundredOfEverybody) {
    const SessionQuery query = admin_query("");
    EXPECT_FALSE(query.user || query.active || query.admin_assisted || query.start_from || query.start_to);
    EXPECT_EQ(query.sort, SessionSort::start_time);
    EXPECT_TRUE(query.descending);
    EXPECT_EQ(query.limit, 100U);
    EXPECT_EQ(query.offset, 0U);
}

TEST(AdminQuery, AUserIdMayHave255Bytes) {
    EXPECT_EQ(admin_query("user_id=u%2F1").user, model::UserId("u/1"));
    EXPECT_TRUE(admin_query("user_id=" + std::string(255, 'u')).user);
    EXPECT_EQ(admin_fault("user_id=" + std::string(256, 'u')),
              "user_id exceeds maximum length of 255 characters");
    EXPECT_EQ(admin_fault("user_id=%ff"), "user_id is not valid UTF-8");
    EXPECT_FALSE(admin_query("user_id=").user);
}

TEST(AdminQuery, StatusAndAssistanceAreReadAsTheContractSays) {
    EXPECT_EQ(admin_query("status=active").active, true);
    EXPECT_EQ(admin_query("status=ended").active, false);
    EXPECT_EQ(admin_query("status=Active").active, std::nullopt);
    EXPECT_EQ(admin_query("status=").active, std::nullopt);
    EXPECT_EQ(admin_query("admin_assisted=true").admin_assisted, true);
    EXPECT_EQ(admin_query("admin_assisted=false").admin_assisted, false);
    EXPECT_EQ(admin_query("admin_assisted=TRUE").admin_assisted, false);
    EXPECT_EQ(admin_query("admin_assisted=1").admin_assisted, false);
    EXPECT_EQ(admin_query("admin_assisted=").admin_assisted, std::nullopt);
}

TEST(AdminQuery, TheStartMayBeBounded) {
    const SessionQuery query =
        admin_query("start_time_from=2026-02-22T10:00:00Z&start_time_to=2026-02-22T12:00:00.5%2B01:00");
    EXPECT_EQ(query.start_from, at("2026-02-22T10:00:00Z"));
    EXPECT_EQ(query.start_to, at("2026-02-22T11:00:00.5Z"));
    const SessionQuery dates = admin_query("start_time=2026-02-22&end_time=2026-02-22");
    EXPECT_EQ(dates.start_from, at("2026-02-22T00:00:00Z"));
    EXPECT_EQ(dates.start_to, at("2026-02-22T23:59:59.999Z"));
    EXPECT_EQ(admin_query("start_time_from=2026-01-01&start_time=2026-02-02").start_from,
              at("2026-01-01T00:00:00Z"));
    EXPECT_TRUE(
        admin_query("start_time_from=2026-02-22T10:00:00Z&start_time_to=2026-02-22T10:00:00Z").start_to);
    EXPECT_FALSE(admin_query("start_time_from=").start_from);
}

TEST(AdminQuery, ABadTimeOrAReversedRangeIsRefused) {
    for (const char* query : {"start_time_from=x", "start_time_to=2026-02-22T10:00:00", "start_time=1",
                              "end_time=2026-02-30", "start_time_to=2026-02-22T12:00:00+01:00"}) {
        EXPECT_EQ(admin_fault(query), "Invalid time format, expected RFC3339") << query;
    }
    EXPECT_EQ(admin_fault("start_time_from=2026-02-22T10:00:00.001Z&start_time_to=2026-02-22T10:00:00Z"),
              "start_time_to must not be before start_time_from");
}

TEST(AdminQuery, TheOrderIsOneOfThoseThatThereAre) {
    EXPECT_EQ(admin_query("sort_by=message_count&sort_order=asc").sort, SessionSort::message_count);
    EXPECT_FALSE(admin_query("sort_order=asc").descending);
    for (const char* by :
         {"start_time", "end_time", "total_tokens", "user_id", "last_activity", "duration"}) {
        admin_query("sort_by=" + std::string(by));
    }
    const std::string allowed = "; allowed: start_time, end_time, message_count, total_tokens, user_id";
    EXPECT_EQ(admin_fault("sort_by=name"), "invalid sort_by field \"name\"" + allowed);
    EXPECT_EQ(admin_fault("sort_by="), "invalid sort_by field \"\"" + allowed);
    EXPECT_EQ(admin_fault("sort_by=Start_time"), "invalid sort_by field \"Start_time\"" + allowed);
    EXPECT_EQ(admin_fault("sort_order=DESC"), "invalid sort_order \"DESC\"; allowed: asc, desc");
    EXPECT_EQ(admin_fault("sort_order="), "invalid sort_order \"\"; allowed: asc, desc");
}

TEST(AdminQuery, WhatIsShownToItsSenderIsShortAndValidText) {
    const std::string text = admin_fault("sort_by=%ff" + std::string(5000, 'x'));
    EXPECT_TRUE(base::is_valid_utf8(text));
    EXPECT_LT(text.size(), 400U);
}

TEST(UserQuery, IsTheCallersAndNobodyElses) {
    const auto read = read_user_query(request_with("user_id=bob&status=ended&q=caf%C3%A9&limit=5&offset=2"),
                                      model::UserId("ada"));
    const auto& query = std::get<SessionQuery>(read);
    EXPECT_EQ(query.user, model::UserId("ada"));
    EXPECT_EQ(query.active, false);
    EXPECT_EQ(query.name_contains, "café");
    EXPECT_EQ(query.limit, 5U);
    EXPECT_EQ(query.offset, 2U);
    EXPECT_EQ(fault(read_user_query(request_with("q=%ff"), model::UserId("ada"))), "q is not valid UTF-8");
    EXPECT_EQ(fault(read_user_query(request_with("q=" + std::string(256, 'x')), model::UserId("ada"))),
              "q exceeds maximum length of 255 characters");
}

TEST(MetricsPeriod, IsTheLastDayUnlessSomethingElseIsAsked) {
    const base::Time now = at("2026-02-22T10:00:00.5Z");
    const auto period = [&](std::string_view query) { return read_period(request_with(query), now); };
    EXPECT_EQ(std::get<Period>(period("")).from.time, now - 24h);
    EXPECT_EQ(std::get<Period>(period("")).to.time, now);
    EXPECT_EQ(std::get<Period>(period("start_time=2026-02-01")).to.time, now);
    EXPECT_EQ(fault(period("end_time=2026-02-20")), "end_time must not be before start_time");
    EXPECT_EQ(fault(period("start_time=2026-02-22T10:00:00.501Z")), "end_time must not be before start_time");
    EXPECT_EQ(fault(period("start_time=yesterday")), "Invalid time format, expected RFC3339");
    EXPECT_EQ(fault(period("start_time=2026-02-01&end_time=2026-02-01")), "");
}

TEST(EventRange, TakesWholeNumbersOnly) {
    const auto range = std::get<chat::EventRange>(
        read_event_range(request_with("after_seq=3&before_seq=9223372036854775807&limit=1000")));
    EXPECT_EQ(range.after, 3U);
    EXPECT_EQ(range.before, 9223372036854775807U);
    EXPECT_EQ(range.limit, 1000U);
    for (const char* text : {"-1", "1.5", "x", "1x", "%201", "9223372036854775808", "99999999999999999999"}) {
        EXPECT_EQ(fault(read_event_range(request_with("after_seq=" + std::string(text)))),
                  "after_seq must be a whole number")
            << text;
    }
    for (const char* text : {"0", "1001", "x"}) {
        EXPECT_EQ(fault(read_event_range(request_with("limit=" + std::string(text)))),
                  "limit must be a whole number from 1 to 1000");
    }
}

TEST(ShareOptions, ABodyThatIsNoJsonObjectSaysNothing) {
    for (const char* body :
         {"", " ", "x", "null", "[]", "7", "{", R"({"expires_in":60)", "\xff", R"("{}")"}) {
        const auto options = std::get<chat::ShareOptions>(read_share_options(body));
        EXPECT_FALSE(options.expires_in || options.snapshot) << body;
    }
    const auto deep = read_share_options(std::string(100'000, '['));
    EXPECT_EQ(fault(deep), "");
}

TEST(ShareOptions, AreCheckedWhenTheyAreThere) {
    const auto options =
        std::get<chat::ShareOptions>(read_share_options(R"({"expires_in":60,"snapshot":true,"x":1})"));
    EXPECT_EQ(options.expires_in, 60s);
    EXPECT_TRUE(options.snapshot);
    EXPECT_FALSE(std::get<chat::ShareOptions>(read_share_options(R"({"expires_in":null})")).expires_in);
    EXPECT_EQ(fault(read_share_options(R"({"expires_in":316224000})")), "");
    EXPECT_EQ(std::get<chat::ShareOptions>(read_share_options(R"({"expires_in":6e1})")).expires_in, 60s);
    for (const char* body : {R"({"expires_in":0})", R"({"expires_in":-1})", R"({"expires_in":"60"})",
                             R"({"expires_in":1.5})", R"({"expires_in":316224001})",
                             R"({"expires_in":1e300})", R"({"expires_in":99999999999999999999})"}) {
        EXPECT_EQ(fault(read_share_options(body)),
                  "expires_in must be a whole number of seconds from 1 to 316224000")
            << body;
    }
    EXPECT_EQ(fault(read_share_options(R"({"snapshot":1})")), "snapshot must be true or false");
}

}  // namespace
}  // namespace chatbox::net
