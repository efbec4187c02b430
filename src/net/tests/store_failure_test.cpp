// What routes answer when the database fails: never that something does not exist.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "../route_table.h"
#include "../routes.h"
#include "../shard.h"

namespace chatbox::net {
namespace {

namespace asio = boost::asio;
using base::Errc;
using namespace store;

// Fails everything that routes ask, or never answers.
class FailingStore final : public Store {
public:
    std::optional<Errc> error = Errc::unavailable;  // nothing: it hangs

    void accept_message(AcceptMessage, Reply<Accepted> reply) override { fail(std::move(reply)); }
    void open_session(OpenSession, Reply<Opened> reply) override { fail(std::move(reply)); }
    void set_model(SessionId, ModelId, Reply<Session> reply) override { fail(std::move(reply)); }
    void start_turn(Turn, Reply<Turn> reply) override { fail(std::move(reply)); }
    void checkpoint_turn(TurnId, std::uint64_t, std::string, Reply<Nothing> reply) override {
        fail(std::move(reply));
    }
    void finish_turn(FinishTurn, Reply<Finished> reply) override { fail(std::move(reply)); }
    void end_session(SessionId, UserId, Time, Reply<Session> reply) override { fail(std::move(reply)); }
    void seen(std::vector<SessionId>, Time, Reply<Nothing> reply) override { fail(std::move(reply)); }
    void expire_sessions(Time, std::size_t, Reply<std::vector<Session>> reply) override {
        fail(std::move(reply));
    }
    void change_control(ChangeControl, Reply<ControlChanged> reply) override { fail(std::move(reply)); }
    void share_session(ShareSession, Reply<ShareLink> reply) override { fail(std::move(reply)); }
    void revoke_share(SessionId, UserId, Reply<Session> reply) override { fail(std::move(reply)); }
    void interrupt_orphans(NodeId, Time, Reply<std::uint64_t> reply) override { fail(std::move(reply)); }
    void session(SessionId, Reply<Session> reply) override { fail(std::move(reply)); }
    void events_after(SessionId, Seq, std::size_t, Reply<std::vector<Event>> reply) override {
        fail(std::move(reply));
    }
    void last_events(SessionId, std::size_t, Reply<std::vector<Event>> reply) override {
        fail(std::move(reply));
    }
    void list_sessions(SessionQuery, Reply<SessionPage> reply) override { fail(std::move(reply)); }
    void metrics(Time, Time, Time, Reply<Metrics> reply) override { fail(std::move(reply)); }
    void shared(std::string, Time, Reply<SharedSession> reply) override { fail(std::move(reply)); }
    void ping(Reply<Nothing> reply) override { fail(std::move(reply)); }

private:
    template <class T>
    void fail(Reply<T> reply) const {
        if (!error) return;
        asio::post(reply.on, [done = std::move(reply.done), code = *error] {
            done(base::Error{code, "detail for the log only"});
        });
    }
};

class EverybodyIsAdmin final : public auth::TokenVerifier {
public:
    base::Result<auth::Identity> verify(std::string_view, base::Time) const override {
        return auth::Identity{model::UserId("root"), "Root", {"admin"}, base::Time::max()};
    }
    void renew(auth::Wake) const override {}
};

class StoreFailure : public testing::Test {
protected:
    // The path of the route with something in place of its names.
    static std::string path_of(const Route& route) {
        std::string path = "/chatbox/";
        bool in_name = false;
        for (const char c : route.pattern) {
            if (c == '{') path += 'x';
            in_name = c == '{' || (in_name && c != '}');
            if (!in_name && c != '}') path += c;
        }
        return path;
    }

    HttpAnswer ask(const Route& route) {
        chat::Queries queries(store, clock, {}, base::no_metrics(), base::Millis(20));
        ServerState state{Options(), Facts{1, "1"}, verifier, queries, clock, log, base::no_metrics()};
        HttpRequest request = parse_target(path_of(route)).value();
        request.method = route.method;
        request.authorization = "Bearer x";
        request.client = asio::ip::make_address("127.0.0.1");
        asio::io_context loop;
        HttpAnswer answer;
        asio::co_spawn(loop, answer_request(std::move(request), state),
                       [&](const std::exception_ptr& thrown, HttpAnswer given) {
                           EXPECT_EQ(thrown, nullptr);
                           answer = std::move(given);
                       });
        loop.run();
        return answer;
    }

    // The routes that cannot be answered without the database.
    static std::vector<Route> routes() {
        std::vector<Route> all;
        for (const Route& route : route_table()) {
            const bool needs_none = route.access == Access::open || route.access == Access::handshake ||
                                    route.access == Access::scrape || route.pattern == "healthz" ||
                                    route.pattern == "readyz" || route.pattern == "ws/ticket";
            if (!needs_none) all.push_back(route);
        }
        return all;
    }

    FailingStore store;
    EverybodyIsAdmin verifier;
    base::ManualClock clock{base::Time(base::Millis(1'700'000'000'000))};
    base::NullLog log;
};

std::string code_of(const HttpAnswer& answer) {
    return std::string(boost::json::parse(answer.body).at("code").as_string());
}

TEST_F(StoreFailure, ADatabaseThatCannotBeReachedIs503) {
    ASSERT_GE(routes().size(), 12U);
    for (const Route& route : routes()) {
        const HttpAnswer answer = ask(route);
        EXPECT_EQ(answer.status, 503U) << route.pattern;
        EXPECT_EQ(code_of(answer), "SERVICE_UNAVAILABLE") << route.pattern;
    }
}

TEST_F(StoreFailure, ADatabaseThatHangsIs503AfterItsLimit) {
    store.error.reset();
    for (const Route& route : routes()) {
        EXPECT_EQ(ask(route).status, 503U) << route.pattern;
    }
}

TEST_F(StoreFailure, ADatabaseThatIsDamagedIs500AndTellsNothing) {
    store.error = Errc::internal;
    for (const Route& route : routes()) {
        const HttpAnswer answer = ask(route);
        EXPECT_EQ(answer.status, 500U) << route.pattern;
        EXPECT_EQ(code_of(answer), "INTERNAL_ERROR") << route.pattern;
        EXPECT_EQ(answer.body.find("detail"), std::string::npos) << route.pattern;
    }
}

TEST_F(StoreFailure, OnlyWhatDoesNotExistIs404) {
    store.error = Errc::not_found;
    for (const Route& route : routes()) {
        if (!route.doc.names.empty() && route.pattern != "admin/users/{userID}/sessions") {
            EXPECT_EQ(ask(route).status, 404U) << route.pattern;
        }
    }
}

TEST_F(StoreFailure, HealthIsNotTouchedAndReadinessSaysWhy) {
    EXPECT_EQ(ask(*find_route("GET", "healthz").route).status, 200U);
    const HttpAnswer ready = ask(*find_route("GET", "readyz").route);
    EXPECT_EQ(ready.status, 503U);
    EXPECT_NE(ready.body.find("Database connectivity check failed"), std::string::npos);
}

}  // namespace
}  // namespace chatbox::net
