#include "chat/caretaker.h"
#include "stage.h"

namespace chatbox::chat {
namespace {

using namespace std::chrono_literals;

class Life : public Stage {
protected:
    Life() {
        options.reconnect_window = 15min;
        build(options);
    }

    model::Session stored(const std::string& id) {
        model::Session session;
        store->session(model::SessionId(id), {loop.get_executor(), [&](auto found) {
                                                  if (found) session = *found;
                                              }});
        settle();
        return session;
    }
    void end(const std::string& id) {
        store->end_session(model::SessionId(id), model::UserId("u1"), clock.now(),
                           {loop.get_executor(), [](auto) {}});
        settle();
    }
    // Waits for the report of sessions that lost their last device.
    void leave(std::shared_ptr<Client>& client) {
        client->leave();
        client.reset();
        loop.restart();
        loop.run_one();
        settle();
    }
    std::size_t sweep() {
        CaretakerParts parts{loop.get_executor(),      *store, clock, log, {hub.get()},
                             options.reconnect_window, 5min};
        parts.batch = 2;
        Caretaker caretaker(std::move(parts));
        std::size_t ended = 0;
        caretaker.sweep([&](std::size_t count) { ended = count; });
        settle();
        return ended;
    }

    Options options;
    RecordingPeer peer;
};

TEST_F(Life, ASessionIsTakenUpAgainWithinTheWindow) {
    auto client = connect(peer);
    const std::string session = converse(client, peer, "Hello", "Hi");
    leave(client);
    clock.advance(15min - 1ms);
    RecordingPeer again;
    client = connect(again);
    EXPECT_EQ(converse(client, again, "Still me", "Welcome back"), session);
}

TEST_F(Life, AfterTheWindowANewOneBeginsAndTheOldOneEndsWithItsLastActivity) {
    auto client = connect(peer);
    const std::string session = converse(client, peer, "Hello", "Hi");
    const base::Time spoken = clock.now();
    clock.advance(1min);
    leave(client);
    clock.advance(15min);
    RecordingPeer again;
    client = connect(again);
    EXPECT_NE(converse(client, again, "Still me", "Welcome"), session);
    EXPECT_EQ(stored(session).end, spoken);
}

TEST_F(Life, TheWindowBeginsWhenTheLastDeviceLeaves) {
    auto client = connect(peer);
    const std::string session = converse(client, peer, "Hello", "Hi");
    clock.advance(3h);
    leave(client);
    clock.advance(14min);
    RecordingPeer again;
    client = connect(again);
    EXPECT_EQ(converse(client, again, "Still me", "Welcome back"), session);
}

TEST_F(Life, ASessionWithADeviceIsNeverIdle) {
    auto client = connect(peer);
    const std::string session = converse(client, peer, "Hello", "Hi");
    clock.advance(100h);
    EXPECT_EQ(sweep(), 0U);
    EXPECT_EQ(converse(client, peer, "Still here", "Me too"), session);
    clock.advance(100h);
    RecordingPeer second;
    auto other = connect(second);
    EXPECT_EQ(converse(other, second, "On my phone", "Hi phone"), session) << "the first device is there";
}

TEST_F(Life, IdleSessionsAreSweptHoweverMany) {
    std::vector<std::string> sessions;
    for (int i = 0; i < 5; ++i) {
        RecordingPeer one;
        auto client = connect(one, "u" + std::to_string(i));
        sessions.push_back(converse(client, one, "Hello", "Hi"));
        client->leave();
    }
    RecordingPeer stays;
    auto client = connect(stays, "stays");
    const std::string kept = converse(client, stays, "Hello", "Hi");
    loop.restart();
    loop.run_one();
    settle();
    EXPECT_EQ(sweep(), 0U);
    clock.advance(15min);
    EXPECT_EQ(sweep(), 5U);
    for (const auto& id : sessions) EXPECT_TRUE(stored(id).end) << id;
    EXPECT_FALSE(stored(kept).end);
    EXPECT_EQ(sweep(), 0U);
}

TEST_F(Life, AnEndedSessionGoesOnWithinTheWindowWhenSomethingIsSaidInIt) {
    auto client = connect(peer);
    const std::string session = converse(client, peer, "Hello", "Hi");
    end(session);
    clock.advance(15min - 1ms);
    say(client, "One more thing", {}, session);
    settle();
    EXPECT_FALSE(stored(session).end);
    EXPECT_EQ(stored(session).message_count, 3U);
}

TEST_F(Life, AnEndedSessionStaysEndedAfterTheWindow) {
    auto client = connect(peer);
    const std::string session = converse(client, peer, "Hello", "Hi");
    end(session);
    clock.advance(15min);
    say(client, "One more thing", {}, session);
    settle();
    EXPECT_TRUE(stored(session).end);
    EXPECT_EQ(stored(session).message_count, 2U);
    EXPECT_NE(text(peer.frames.back(), "session_id"), session);
}

TEST_F(Life, NothingOfAnIdleSessionStaysInMemory) {
    auto client = connect(peer);
    converse(client, peer, "Hello", "Hi");
    EXPECT_EQ(hub->session_count(), 1U);
    leave(client);
    EXPECT_EQ(hub->session_count(), 0U);
    EXPECT_EQ(hub->user_count(), 0U);
}

}  // namespace
}  // namespace chatbox::chat
