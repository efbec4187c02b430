#include "stage.h"

namespace chatbox::chat {
namespace {

class Viewers : public Stage {
protected:
    std::shared_ptr<Client> watch(RecordingPeer& peer, const std::string& session, std::uint16_t merge_ms = 0,
                                  wire::Version version = wire::Version::v2) {
        Introduction introduction;
        introduction.user = model::UserId("u1");
        introduction.version = version;
        introduction.session = model::SessionId(session);
        introduction.merge_ms = merge_ms;
        auto client = connect(peer, introduction);
        peer.frames.clear();
        return client;
    }
};

TEST_F(Viewers, TypingIsToldToTheOthersOfTheSessionThatSpeakVersionTwo) {
    RecordingPeer one, two, old;
    const auto client = connect(one);
    const std::string session = converse(client, one, "Hello", "Hi");
    const auto second = watch(two, session);
    const auto third = watch(old, session, 0, wire::Version::v1);
    client->on_frame(R"({"type":"typing","active":true})");
    const json::object seen = two.next();
    EXPECT_EQ(text(seen, "type"), "typing");
    EXPECT_EQ(text(seen, "session_id"), session);
    EXPECT_EQ(text(seen, "sender"), "user");
    EXPECT_TRUE(seen.at("active").as_bool());
    EXPECT_TRUE(one.frames.empty());
    EXPECT_TRUE(old.frames.empty());
}

TEST_F(Viewers, TypingIsPassedOnNoMoreOftenThanTheIntervalSaysButAChangeAlways) {
    RecordingPeer one, two;
    const auto client = connect(one);
    const auto second = watch(two, converse(client, one, "Hello", "Hi"));
    const auto type = [&](bool active) {
        client->on_frame(active ? R"({"type":"typing"})" : R"({"type":"typing","active":false})");
    };
    for (int i = 0; i < 100; ++i) type(true);
    EXPECT_EQ(two.types(), "typing");
    type(false);
    EXPECT_EQ(two.types(), "typing");
    clock.advance(base::Millis(499));
    type(false);
    EXPECT_EQ(two.types(), "");
    clock.advance(base::Millis(1));
    type(false);
    EXPECT_EQ(two.types(), "typing");
}

TEST_F(Viewers, TypingOutsideOfASessionDoesNothing) {
    RecordingPeer peer;
    const auto client = connect(peer);
    peer.frames.clear();
    client->on_frame(R"({"type":"typing"})");
    client->on_frame(R"({"type":"typing","session_id":"unknown"})");
    settle();
    EXPECT_TRUE(peer.frames.empty());
}

TEST_F(Viewers, ANewTokenIsForTheTransport) {
    RecordingPeer peer;
    const auto client = connect(peer);
    client->on_frame(R"({"type":"auth_refresh","token":"a.b.c"})");
    EXPECT_EQ(peer.offered_token, "a.b.c");
}

TEST_F(Viewers, FramesBeyondTheLimitOfAConnectionAreRefusedWithAHintAndHaveNoEffect) {
    Options options;
    options.frames_of_connection = {3, base::Millis(60'000)};
    build(options);
    RecordingPeer one, two;
    const auto client = connect(one);
    const auto other = connect(two);
    one.frames.clear();
    two.frames.clear();
    for (int i = 0; i < 3; ++i) client->on_frame("not json");
    EXPECT_EQ(one.types(), "error error error");
    say(client, "One too many");
    settle();
    const json::object refused = one.next().at("error").as_object();
    EXPECT_EQ(text(refused, "code"), "TOO_MANY_REQUESTS");
    EXPECT_EQ(number(refused, "retry_after"), 20'000U);
    EXPECT_EQ(model->sink, nullptr);
    say(other, "Mine is not affected");
    settle();
    EXPECT_NE(model->sink, nullptr);
    clock.advance(base::Millis(20'000));
    one.frames.clear();
    client->on_frame("not json");
    EXPECT_EQ(text(one.next().at("error").as_object(), "code"), "INVALID_FORMAT");
}

TEST_F(Viewers, FramesOfAUserAreCountedOverAllConnections) {
    Options options;
    options.frames_of_user = {4, base::Millis(60'000)};
    build(options);
    RecordingPeer one, two;
    const auto client = connect(one);
    const auto other = connect(two);
    one.frames.clear();
    two.frames.clear();
    for (int i = 0; i < 2; ++i) {
        client->on_frame("not json");
        other->on_frame("not json");
    }
    one.frames.clear();
    client->on_frame("not json");
    EXPECT_EQ(text(one.next().at("error").as_object(), "code"), "TOO_MANY_REQUESTS");
}

TEST_F(Viewers, PiecesAreMergedForAViewerThatAsksForIt) {
    RecordingPeer one, merging;
    const auto client = connect(one);
    const auto second = watch(merging, converse(client, one, "Hello", "Hi"), 20);
    say(client, "Count");
    settle();
    merging.frames.clear();
    std::string whole;
    for (int i = 0; i < 10; ++i) {
        const std::string piece = std::to_string(i) + " ";
        model->say(piece);
        whole += piece;
    }
    settle();
    EXPECT_TRUE(merging.frames.empty());
    loop.restart();
    loop.run_one();  // the timer of the merge
    settle();
    ASSERT_EQ(merging.frames.size(), 1U);
    EXPECT_EQ(text(merging.next(), "content"), whole);
    model->say("end");
    model->end();
    settle();
    ASSERT_EQ(merging.frames.size(), 2U) << "the end of an answer does not wait";
    EXPECT_EQ(text(merging.frames.front(), "content"), "end");
    EXPECT_EQ(text(merging.frames.back(), "status"), "done");
}

}  // namespace
}  // namespace chatbox::chat
