#pragma once
// Lists of sessions: filters, orders, pages.
#include <algorithm>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

// Sessions that differ in everything that a list can ask for.
class ListOfSessions : public StoreConformance {
protected:
    void SetUp() override {
        StoreConformance::SetUp();
        make("d", bob, noon + 1s, "Printer on fire", 2, 30, noon + 61s);
        make("b", alice, noon + 3s, "Straße gesperrt?", 1, 10, noon + 5s);
        make("c", alice, noon + 1s, "printer jam", 3, 10, noon + 601s);
        make("a", alice, noon + 2s, "Доставка", 1, 20, std::nullopt);
        make("e", carol, noon + 1s, "", 0, 0, std::nullopt);
    }

    void make(const char* id, const UserId& user, Time start, const std::string& first, int messages,
              std::uint64_t tokens, std::optional<Time> end) {
        OpenSession open = open_for(user);
        open.fresh_id = SessionId(id);
        open.at = start;
        ASSERT_TRUE(call().open(open).value().created);
        for (int i = 0; i < messages; ++i) {
            AcceptMessage request = i == 0 ? question_of(user, first) : message_of(user, "more");
            request.message.at = start + base::Millis(i);
            ASSERT_TRUE(call().accept(request));
            if (i > 0) continue;
            FinishTurn finish = finish_of(request.turn);
            finish.tokens = tokens;
            finish.at = start;
            ASSERT_TRUE(call().finish(finish));
        }
        if (end) {
            ASSERT_TRUE(call().end(SessionId(id), user, *end));
        }
    }

    SessionPage page(SessionQuery query) { return call().list(std::move(query)).value(); }

    // The ids in their order, as one text.
    std::string ids(SessionQuery query) {
        std::string out;
        for (const Session& session : page(std::move(query)).sessions) out += session.id.str();
        return out;
    }
    std::string sorted(SessionSort sort, bool descending) {
        SessionQuery query;
        query.sort = sort;
        query.descending = descending;
        query.now = noon + 1h;
        return ids(query);
    }
    // The ids that fit, in the order of the alphabet.
    std::string fitting(SessionQuery query) {
        std::string out = ids(std::move(query));
        std::sort(out.begin(), out.end());
        return out;
    }

    const UserId carol{"carol"};
};

TEST_P(ListOfSessions, IsByDefaultAllNewestFirst) {
    EXPECT_EQ(ids({}), "bacde");
    EXPECT_EQ(page({}).total, 5U);
    for (const Session& session : page({}).sessions) EXPECT_EQ(call().session(session.id).value(), session);
}

TEST_P(ListOfSessions, IsSortedByAnyColumnAndThenByTheId) {
    EXPECT_EQ(sorted(SessionSort::start_time, true), "bacde");
    EXPECT_EQ(sorted(SessionSort::start_time, false), "cdeab");
    EXPECT_EQ(sorted(SessionSort::end_time, true), "cdbae");
    EXPECT_EQ(sorted(SessionSort::end_time, false), "aebdc");
    EXPECT_EQ(sorted(SessionSort::last_activity, true), "bacde");
    EXPECT_EQ(sorted(SessionSort::last_activity, false), "edcab");
    EXPECT_EQ(sorted(SessionSort::message_count, true), "cdabe");
    EXPECT_EQ(sorted(SessionSort::message_count, false), "eabdc");
    EXPECT_EQ(sorted(SessionSort::total_tokens, true), "dabce");
    EXPECT_EQ(sorted(SessionSort::total_tokens, false), "ebcad");
    EXPECT_EQ(sorted(SessionSort::user_id, true), "edabc");
    EXPECT_EQ(sorted(SessionSort::user_id, false), "abcde");
    EXPECT_EQ(sorted(SessionSort::duration, true), "eacdb");  // active ones have lasted until now
    EXPECT_EQ(sorted(SessionSort::duration, false), "bdcae");
}

TEST_P(ListOfSessions, CountsTheDurationOfAnActiveSessionUpToTheNowOfTheQuery) {
    SessionQuery query;
    query.sort = SessionSort::duration;
    query.now = noon + 32s;  // a: 30 s, e: 31 s; c: 600 s, d: 60 s, b: 2 s
    EXPECT_EQ(ids(query), "cdeab");
    query.now = noon;  // before they started: they have not lasted at all
    EXPECT_EQ(ids(query), "cdbae");
}

TEST_P(ListOfSessions, IsFilteredByTheUser) {
    SessionQuery query;
    query.user = alice;
    EXPECT_EQ(fitting(query), "abc");
    EXPECT_EQ(page(query).total, 3U);
    query.user = UserId("ALICE");
    EXPECT_EQ(fitting(query), "");
    query.user = UserId("");
    EXPECT_EQ(fitting(query), "");
}

TEST_P(ListOfSessions, IsFilteredByWhetherTheyHaveEnded) {
    SessionQuery query;
    query.active = true;
    EXPECT_EQ(fitting(query), "ae");
    query.active = false;
    EXPECT_EQ(fitting(query), "bcd");
}

TEST_P(ListOfSessions, IsFilteredByTheHelpOfAnAdmin) {
    ASSERT_TRUE(call().change(takeover_of(SessionId("a"), UserId("adm"))));
    SessionQuery query;
    query.admin_assisted = true;
    EXPECT_EQ(fitting(query), "a");
    query.admin_assisted = false;
    EXPECT_EQ(fitting(query), "bcde");
}

TEST_P(ListOfSessions, IsFilteredByTheStartWithBothBoundsIncluded) {
    SessionQuery query;
    query.start_from = noon + 2s;
    EXPECT_EQ(fitting(query), "ab");
    query.start_to = noon + 2s;
    EXPECT_EQ(fitting(query), "a");
    query.start_from.reset();
    EXPECT_EQ(fitting(query), "acde");
    query.start_to = noon + 2s - 1ms;
    EXPECT_EQ(fitting(query), "cde");
    query.start_from = noon + 3s;  // reversed
    EXPECT_EQ(fitting(query), "");
}

TEST_P(ListOfSessions, IsSearchedByAPartOfTheNameWhateverTheCase) {
    const auto named = [&](std::string part) {
        SessionQuery query;
        query.name_contains = std::move(part);
        EXPECT_EQ(page(query).total, page(query).sessions.size());
        return fitting(query);
    };
    EXPECT_EQ(named("printer"), "cd");
    EXPECT_EQ(named("PRINTER"), "cd");
    EXPECT_EQ(named("jam"), "c");
    EXPECT_EQ(named("доставка"), "a");
    EXPECT_EQ(named("СТАВ"), "a");
    EXPECT_EQ(named("straße"), "b");
    for (const char* odd : {"%", "_", "*", "\\", "'", "\"", "printer%", "\xFF", "\xD0"}) {
        EXPECT_EQ(named(odd), std::string(odd) == "\xD0" ? "a" : "") << odd;
    }
    EXPECT_EQ(named(std::string("a\0b", 3)), "");
}

TEST_P(ListOfSessions, CombinesItsFilters) {
    SessionQuery query;
    query.user = alice;
    query.active = false;
    query.name_contains = "printer";
    query.start_from = noon;
    query.start_to = noon + 1s;
    query.admin_assisted = false;
    EXPECT_EQ(fitting(query), "c");
    query.active = true;
    EXPECT_EQ(fitting(query), "");
    EXPECT_EQ(page(query).total, 0U);
}

TEST_P(ListOfSessions, IsReadInPagesWithoutAHoleOrARepetition) {
    for (const SessionSort sort :
         {SessionSort::start_time, SessionSort::total_tokens, SessionSort::end_time}) {
        SessionQuery query;
        query.sort = sort;
        query.limit = 2;
        std::string seen;
        for (query.offset = 0; query.offset < 6; query.offset += 2) {
            EXPECT_EQ(page(query).total, 5U);
            seen += ids(query);
        }
        EXPECT_EQ(seen, sorted(sort, true));
    }
    SessionQuery beyond;
    beyond.offset = 5;
    EXPECT_EQ(ids(beyond), "");
    EXPECT_EQ(page(beyond).total, 5U);
    beyond.offset = 0;
    beyond.limit = 0;
    EXPECT_EQ(ids(beyond), "");
    EXPECT_EQ(page(beyond).total, 5U);
}

}  // namespace chatbox::store::conformance
