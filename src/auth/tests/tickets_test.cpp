#include "auth/tickets.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace chatbox::auth {
namespace {

using base::Millis;

constexpr base::Time start{Millis(1'770'000'000'000)};

class TicketBox : public testing::Test {
protected:
    Identity identity(const std::string& user, Millis lifetime = Millis(3'600'000)) const {
        return {model::UserId(user), user + " by name", {"user"}, clock_.now() + lifetime};
    }
    std::string ticket_for(const std::string& user, Millis lifetime = Millis(3'600'000)) {
        return std::get<Ticket>(tickets_.issue(identity(user, lifetime))).text;
    }

    base::ManualClock clock_{start};
    Tickets tickets_{{.lifetime = Millis(30'000), .per_user = 3, .overall = 5}, clock_};
};

TEST_F(TicketBox, GivesTheIdentityBackOnce) {
    const std::string ticket = ticket_for("ada");
    const auto who = tickets_.redeem(ticket);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->user.str(), "ada");
    EXPECT_EQ(who->name, "ada by name");
    EXPECT_EQ(who->roles, std::vector<std::string>{"user"});
    EXPECT_EQ(who->expires, start + Millis(3'600'000));
    EXPECT_FALSE(tickets_.redeem(ticket));
    EXPECT_EQ(tickets_.count(), 0U);
}

TEST_F(TicketBox, EndsAtTheVeryMillisecond) {
    const std::string early = ticket_for("ada");
    const std::string late = ticket_for("ada");
    clock_.advance(Millis(29'999));
    EXPECT_TRUE(tickets_.redeem(early));
    clock_.advance(Millis(1));
    EXPECT_FALSE(tickets_.redeem(late));
}

TEST_F(TicketBox, NeverOutlivesTheToken) {
    const auto ticket = std::get<Ticket>(tickets_.issue(identity("ada", Millis(2'000))));
    EXPECT_EQ(ticket.lifetime, Millis(2'000));
    clock_.advance(Millis(2'000));
    EXPECT_FALSE(tickets_.redeem(ticket.text));
}

TEST_F(TicketBox, KnowsNoOtherText) {
    const std::string ticket = ticket_for("ada");
    for (std::string bad : {std::string(), std::string(43, 'A'), ticket.substr(0, 42), ticket + "A"}) {
        EXPECT_FALSE(tickets_.redeem(bad)) << bad;
    }
    for (std::size_t i = 0; i < ticket.size(); ++i) {
        std::string bad = ticket;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(tickets_.redeem(bad)) << i;
    }
    EXPECT_TRUE(tickets_.redeem(ticket)) << "a wrong guess does not use it up";
}

TEST_F(TicketBox, LimitsTheTicketsOfAUser) {
    const std::string first = ticket_for("ada");
    clock_.advance(Millis(10'000));
    ticket_for("ada");
    ticket_for("ada");
    const auto refused = std::get<NoTicket>(tickets_.issue(identity("ada")));
    EXPECT_EQ(refused.why, NoTicket::Why::user_has_many);
    EXPECT_EQ(refused.retry_after, Millis(20'000));
    EXPECT_FALSE(ticket_for("bob").empty()) << "others are not concerned";
    EXPECT_TRUE(tickets_.redeem(first));
    EXPECT_FALSE(ticket_for("ada").empty()) << "a used one makes room";
}

TEST_F(TicketBox, LimitsTheTicketsOfAll) {
    for (const char* user : {"a", "b", "c", "d", "e"}) ticket_for(user);
    const auto refused = std::get<NoTicket>(tickets_.issue(identity("f")));
    EXPECT_EQ(refused.why, NoTicket::Why::process_has_many);
    EXPECT_EQ(refused.retry_after, Millis(30'000));
    clock_.advance(Millis(30'000));
    EXPECT_FALSE(ticket_for("f").empty()) << "those that ended make room";
    EXPECT_EQ(tickets_.count(), 1U);
}

TEST_F(TicketBox, NeverGivesTheSameTwice) {
    std::set<std::string> seen;
    for (int i = 0; i < 2'000; ++i) {
        const std::string ticket = ticket_for("ada");
        EXPECT_EQ(ticket.size(), 43U);
        EXPECT_TRUE(seen.insert(ticket).second);
        EXPECT_TRUE(tickets_.redeem(ticket));
    }
}

TEST_F(TicketBox, IsUsedUpByOneOfManyThreads) {
    for (int round = 0; round < 50; ++round) {
        const std::string ticket = ticket_for("ada");
        std::atomic<int> successes{0};
        std::atomic<bool> go{false};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                while (!go) std::this_thread::yield();
                if (tickets_.redeem(ticket)) ++successes;
            });
        }
        go = true;
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(successes, 1);
    }
}

}  // namespace
}  // namespace chatbox::auth
