#include "stage.h"

namespace chatbox::chat {
namespace {

using Conversation = Stage;

TEST_F(Conversation, AMessageIsAcknowledgedAnsweredAndEndedInThisOrder) {
    RecordingPeer peer;
    const auto client = connect(peer);
    EXPECT_EQ(peer.types(), "connection_status");
    say(client, "Hello", "c1");
    settle();
    const auto status = peer.next();
    const std::string session = text(status, "session_id");
    EXPECT_EQ(session.size(), 32u);
    const auto ack = peer.next();
    EXPECT_EQ(text(ack, "type"), "ack");
    EXPECT_EQ(text(ack, "client_id"), "c1");
    EXPECT_EQ(number(ack, "seq"), 1u);
    const auto loading = peer.next();
    EXPECT_EQ(text(loading, "type"), "loading");
    model->say("Hi");
    model->say(" there");
    model->end();
    settle();
    const auto first = peer.next();
    EXPECT_EQ(text(first, "content"), "Hi");
    EXPECT_EQ(number(first, "offset"), 0u);
    const auto second = peer.next();
    EXPECT_EQ(number(second, "offset"), 2u);
    EXPECT_EQ(text(second, "message_id"), text(loading, "message_id"));
    const auto done = peer.next();
    EXPECT_EQ(text(done, "status"), "done");
    EXPECT_EQ(number(done, "seq"), 2u);
    EXPECT_EQ(text(done, "session_id"), session);
    EXPECT_TRUE(peer.frames.empty());
}

TEST_F(Conversation, TheFirstVersionSeesNothingThatItDoesNotKnow) {
    RecordingPeer peer;
    const auto client = connect(peer, "u1", wire::Version::v1);
    say(client, "Hello", "c1", "0b0c3c1e-6f2d-4c57-8f2b-1f2a3b4c5d6e");
    settle();
    model->say("Hi");
    model->end();
    settle();
    for (const auto& frame : peer.frames) {
        for (const char* key : {"seq", "offset", "message_id", "status", "client_id", "version"}) {
            EXPECT_FALSE(frame.contains(key)) << key << " in " << json::serialize(frame);
        }
    }
    EXPECT_EQ(peer.types(), "connection_status connection_status loading ai_response ai_response");
}

TEST_F(Conversation, TheModelGetsTheWholeHistoryAndTheTextAsItWasWritten) {
    RecordingPeer peer;
    const auto client = connect(peer);
    converse(client, peer, "first <b>&\"", "answer one");
    say(client, "second");
    settle();
    ASSERT_EQ(model->prompts.size(), 2u);
    const auto& messages = model->prompts[1].messages;
    ASSERT_EQ(messages.size(), 3u);
    EXPECT_EQ(messages[0].content, "first <b>&\"");
    EXPECT_EQ(messages[1].role, llm::Role::assistant);
    EXPECT_EQ(messages[1].content, "answer one");
    EXPECT_EQ(messages[2].content, "second");
}

TEST_F(Conversation, MessagesDuringAnAnswerAreStoredAtOnceAndAnsweredTogether) {
    RecordingPeer peer;
    const auto client = connect(peer);
    say(client, "one", "c1");
    settle();
    model->say("busy");
    say(client, "two", "c2");
    say(client, "three", "c3");
    settle();
    EXPECT_EQ(peer.types(), "connection_status connection_status ack loading ai_response ack ack");
    EXPECT_EQ(model->prompts.size(), 1u) << "one answer at a time";
    model->end();
    settle();
    ASSERT_EQ(model->prompts.size(), 2u);
    const auto& messages = model->prompts[1].messages;
    EXPECT_EQ(messages.back().content, "three");
    EXPECT_EQ(peer.types(), "ai_response loading");
    model->say("both");
    model->end();
    settle();
    EXPECT_EQ(model->prompts.size(), 2u) << "no question is left";
}

TEST_F(Conversation, ARepeatedMessageHasNoSecondEffect) {
    RecordingPeer peer;
    const auto client = connect(peer);
    const auto session = converse(client, peer, "hello", "hi");
    say(client, "again", "c7", session);
    settle();
    model->end();
    settle();
    peer.frames.clear();
    say(client, "again", "c7", session);
    settle();
    const auto ack = peer.next();
    EXPECT_EQ(number(ack, "seq"), 3u);
    EXPECT_TRUE(peer.frames.empty());
    EXPECT_EQ(model->prompts.size(), 2u);
}

TEST_F(Conversation, EveryDeviceOfTheUserSeesTheSessionAndNobodyElse) {
    RecordingPeer phone, laptop, stranger;
    const auto on_phone = connect(phone);
    const auto on_laptop = connect(laptop);
    const auto foreign = connect(stranger, "u2");
    const auto session = converse(on_phone, phone, "hello", "hi");
    say(on_laptop, "from the laptop", "c1", session);
    settle();
    EXPECT_EQ(phone.types(), "user_message loading");
    stranger.frames.clear();
    say(foreign, "let me in", "c1", session);
    settle();
    const auto error = stranger.next();
    EXPECT_EQ(text(error.at("error").as_object(), "code"), "SERVICE_ERROR");
    EXPECT_TRUE(phone.frames.empty());
    model->say("x");
    EXPECT_EQ(phone.types(), "ai_response");
    EXPECT_TRUE(stranger.frames.empty());
}

TEST_F(Conversation, StopKeepsTheTextAndMayBeRepeated) {
    RecordingPeer peer;
    const auto client = connect(peer);
    say(client, "tell me more");
    settle();
    model->say("Once upon");
    client->on_frame(R"({"type":"stop"})");
    client->on_frame(R"({"type":"stop"})");
    settle();
    EXPECT_EQ(model->sink, nullptr) << "the provider is let go";
    const auto done = peer.frames.back();
    EXPECT_EQ(text(done, "status"), "stopped");
    peer.frames.clear();
    client->on_frame(R"({"type":"stop"})");
    settle();
    EXPECT_TRUE(peer.frames.empty());
    say(client, "and now");
    settle();
    EXPECT_EQ(model->prompts.back().messages[1].content, "Once upon");
}

TEST_F(Conversation, StopBeforeTheFirstTokenEndsTheAnswerEmpty) {
    RecordingPeer peer;
    const auto client = connect(peer);
    say(client, "hello");
    settle();
    client->on_frame(R"({"type":"stop"})");
    settle();
    EXPECT_EQ(text(peer.frames.back(), "status"), "stopped");
    EXPECT_EQ(number(peer.frames.back(), "offset"), 0u);
}

TEST_F(Conversation, AStopRightBehindItsQuestionFindsIt) {
    RecordingPeer peer;
    const auto client = connect(peer);
    for (int round = 0; round < 2; ++round) {
        say(client, "hello");
        client->on_frame(R"({"type":"stop"})");
        settle();
        EXPECT_EQ(text(peer.frames.back(), "status"), "stopped") << round;
    }
}

TEST_F(Conversation, AFailedAnswerEndsWithOneErrorAndTheNextQuestionWorks) {
    RecordingPeer peer;
    const auto client = connect(peer);
    say(client, "hello");
    settle();
    model->say("par");
    model->fail(base::Errc::timeout);
    settle();
    const auto error = peer.frames.back();
    EXPECT_EQ(text(error, "type"), "error");
    EXPECT_EQ(text(error.at("error").as_object(), "code"), "LLM_TIMEOUT");
    EXPECT_EQ(text(error, "status"), "failed");
    peer.frames.clear();
    converse(client, peer, "again", "fine");
    EXPECT_EQ(model->prompts.back().messages.size(), 2u) << "what a failing model said is not built on";
}

TEST_F(Conversation, TheSessionsModelAnswersFromTheNextQuestionOn) {
    RecordingPeer peer;
    const auto client = connect(peer);
    client->on_frame(R"({"type":"model_select","model_id":"nope"})");
    EXPECT_EQ(text(peer.frames.back().at("error").as_object(), "message"), "Invalid model ID: nope");
    client->on_frame(R"({"type":"model_select","model_id":"m2"})");
    say(client, "hello");
    settle();
    EXPECT_EQ(model->prompts.size(), 0u);
    EXPECT_EQ(other_model->prompts.size(), 1u);
    EXPECT_EQ(peer.types(), "connection_status error connection_status connection_status loading");
}

TEST_F(Conversation, TooManyMessagesAreRefusedWithAHint) {
    Options options;
    options.messages_per_window = 2;
    build(options);
    RecordingPeer peer;
    const auto client = connect(peer);
    peer.frames.clear();
    for (int i = 0; i < 3; ++i) say(client, "hello");
    const auto error = peer.next();
    EXPECT_EQ(text(error.at("error").as_object(), "code"), "TOO_MANY_REQUESTS");
    EXPECT_EQ(number(error.at("error").as_object(), "retry_after"), 60'000u);
    settle();
    EXPECT_EQ(model->prompts.at(0).messages.size(), 2u) << "the first question took both messages along";
    model->end();
    settle();
    clock.advance(base::Millis(60'001));
    peer.frames.clear();
    say(client, "later");
    settle();
    EXPECT_EQ(peer.types(), "loading");
}

TEST_F(Conversation, AMessageThatTheStoreCannotTakeIsAnErrorToItsSenderAndLeavesNothing) {
    RecordingPeer peer;
    const auto client = connect(peer);
    peer.frames.clear();
    store->fail_next(1, {base::Errc::unavailable, "disk full"});
    say(client, "hello", "c1");
    settle();
    const auto error = peer.next();
    EXPECT_EQ(text(error.at("error").as_object(), "code"), "DATABASE_ERROR");
    EXPECT_EQ(text(error, "client_id"), "c1");
    EXPECT_EQ(hub->session_count(), 0u);
    say(client, "hello", "c1");
    settle();
    EXPECT_EQ(peer.types(), "connection_status ack loading");
}

TEST_F(Conversation, OneConnectionMoreThanAllowedIsRefusedAndTheOthersAreTold) {
    Options options;
    options.connections_per_user = 2;
    build(options);
    RecordingPeer a, b, c;
    const auto first = connect(a);
    const auto second = connect(b);
    a.frames.clear();
    EXPECT_EQ(connect(c), nullptr);
    EXPECT_EQ(a.types(), "notification");
    second->leave();
    EXPECT_NE(connect(c), nullptr);
}

TEST_F(Conversation, NothingIsKeptOfASessionThatNobodyWatches) {
    RecordingPeer peer;
    const auto client = connect(peer);
    converse(client, peer, "hello", "hi");
    EXPECT_EQ(hub->session_count(), 1u);
    client->leave();
    EXPECT_EQ(hub->session_count(), 0u);
    EXPECT_EQ(hub->user_count(), 0u);
}

TEST_F(Conversation, AnAnswerOutlivesItsConnection) {
    RecordingPeer peer;
    const auto client = connect(peer);
    say(client, "hello");
    settle();
    const std::string session = text(peer.frames.back(), "session_id");
    client->leave();
    model->say("still here");
    model->end();
    settle();
    EXPECT_EQ(hub->session_count(), 0u);
    RecordingPeer again;
    Introduction introduction;
    introduction.user = model::UserId("u1");
    introduction.version = wire::Version::v2;
    introduction.session = model::SessionId(session);
    introduction.after_seq = 0;
    connect(again, introduction);
    EXPECT_EQ(text(again.frames[2], "content"), "still here");
    EXPECT_EQ(again.types(), "connection_status user_message ai_response resumed");
}

TEST_F(Conversation, ShuttingDownStoresRunningAnswersAsInterrupted) {
    RecordingPeer peer;
    const auto client = connect(peer);
    say(client, "hello");
    settle();
    model->say("half an ans");
    bool done = false;
    hub->shutdown([&] { done = true; });
    settle();
    EXPECT_TRUE(done);
    EXPECT_EQ(text(peer.frames.back(), "status"), "interrupted");
    say(client, "anybody there");
    EXPECT_EQ(text(peer.frames.back().at("error").as_object(), "message"), "Service temporarily unavailable");
}

}  // namespace
}  // namespace chatbox::chat
