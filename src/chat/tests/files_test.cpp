#include "stage.h"

namespace chatbox::chat {
namespace {

class Files : public Stage {
protected:
    // A client whose session exists.
    std::shared_ptr<Client> bound(RecordingPeer& peer, wire::Version version = wire::Version::v1) {
        auto client = connect(peer, "u1", version);
        session = converse(client, peer, "Hello", "Hi");
        return client;
    }

    void send(const std::shared_ptr<Client>& client, const std::string& type, json::object more = {}) {
        json::object frame{{"type", type},
                           {"session_id", session},
                           {"file_id", "f-1.pdf"},
                           {"file_url", "https://files.example.com/f-1.pdf?key=secret"}};
        for (const auto& [key, value] : more) frame[key] = value;
        client->on_frame(json::serialize(frame));
        settle();
    }

    std::string session;
};

TEST_F(Files, AFileGoesToEverybodyItsSenderIncluded) {
    RecordingPeer one, two;
    const auto client = bound(one);
    const auto other = connect(two);
    say(other, "I am here too");
    settle();
    model->end();
    settle();
    one.frames.clear();
    two.frames.clear();
    send(client, "file_upload",
         {{"content", "optional text"},
          {"sender", "ai"},
          {"metadata", {{"filename", "a.pdf"}, {"size", 12}}}});
    const json::object echo = one.next();
    EXPECT_EQ(text(echo, "type"), "file_upload");
    EXPECT_EQ(text(echo, "session_id"), session);
    EXPECT_EQ(text(echo, "content"), "optional text");
    EXPECT_EQ(text(echo, "file_id"), "f-1.pdf");
    EXPECT_EQ(text(echo, "file_url"), "https://files.example.com/f-1.pdf?key=secret");
    EXPECT_EQ(text(echo, "sender"), "user") << "whatever the client claims";
    EXPECT_EQ(echo.at("metadata"), (json::object{{"filename", "a.pdf"}, {"size", "12"}}));
    const json::object seen = two.next();
    EXPECT_EQ(text(seen, "type"), "file_upload");
    EXPECT_EQ(number(seen, "seq"), 5U);
    EXPECT_TRUE(one.frames.empty()) << "nothing goes to the model";
    EXPECT_EQ(model->sink, nullptr);
}

TEST_F(Files, NeitherAFileNorAVoiceMessageMakesASession) {
    RecordingPeer peer;
    const auto client = connect(peer);
    peer.frames.clear();
    for (const char* type : {"file_upload", "voice_message"}) {
        send(client, type);
        EXPECT_EQ(text(peer.next().at("error").as_object(), "code"), "MISSING_FIELD") << type;
        send(client, type, {{"session_id", "0b0c3c1e-6f2d-4c57-8f2b-1f2a3b4c5d6e"}});
        const json::object refused = peer.next();
        EXPECT_EQ(text(refused.at("error").as_object(), "code"), "NOT_FOUND") << type;
        EXPECT_EQ(text(refused.at("error").as_object(), "message"), "Session not found");
    }
}

TEST_F(Files, AnUnknownSessionIsNotTheActiveOne) {
    RecordingPeer peer;
    const auto client = bound(peer);
    send(client, "file_upload", {{"session_id", "unknown"}});
    EXPECT_EQ(text(peer.next().at("error").as_object(), "code"), "NOT_FOUND");
}

TEST_F(Files, ASessionOfSomebodyElseIsRefusedToTheSender) {
    RecordingPeer mine, theirs;
    bound(theirs);
    const auto intruder = connect(mine, "u2");
    mine.frames.clear();
    send(intruder, "file_upload");
    EXPECT_EQ(text(mine.next().at("error").as_object(), "code"), "SERVICE_ERROR");
    EXPECT_TRUE(theirs.frames.empty());
}

TEST_F(Files, AnAddressInsideTheNetworkIsRefused) {
    RecordingPeer peer;
    const auto client = bound(peer);
    for (const char* url : {"http://files.example.com/f", "https://127.0.0.1/f", "javascript:alert(1)"}) {
        send(client, "file_upload", {{"file_url", url}});
        const json::object refused = peer.next();
        EXPECT_EQ(text(refused.at("error").as_object(), "message"), "Invalid file URL") << url;
    }
}

TEST_F(Files, AVoiceMessageIsAnsweredByTheModelThatWasChosenInOnePlainFrame) {
    RecordingPeer peer;
    const auto client = bound(peer);
    client->on_frame(R"({"type":"model_select","model_id":"m2"})");
    settle();
    peer.frames.clear();
    send(client, "voice_message");
    EXPECT_EQ(text(peer.next(), "type"), "voice_message");
    EXPECT_EQ(other_model->prompts.back().messages.back().content,
              "Audio file: https://files.example.com/f-1.pdf?[REDACTED]");
    other_model->say("I hear ");
    other_model->say("you");
    settle();
    EXPECT_TRUE(peer.frames.empty()) << "no loading, no pieces";
    other_model->end();
    settle();
    const json::object answer = peer.next();
    EXPECT_EQ(text(answer, "type"), "ai_response");
    EXPECT_EQ(text(answer, "content"), "I hear you");
    EXPECT_EQ(text(answer, "sender"), "ai");
    EXPECT_FALSE(answer.contains("metadata"));
    EXPECT_TRUE(peer.frames.empty());
}

TEST_F(Files, WhenTheModelFailsOnAVoiceMessageTheOriginalProtocolSaysNothing) {
    RecordingPeer old, current;
    const auto client = bound(old);
    const auto other = connect(current);
    client->on_frame(R"({"type":"model_select","model_id":"m2"})");
    other->on_frame(R"({"type":"model_select","model_id":"m2"})");
    settle();
    old.frames.clear();
    current.frames.clear();
    send(client, "voice_message");
    other_model->fail(base::Errc::unavailable);
    settle();
    EXPECT_EQ(old.types(), "voice_message");
    ASSERT_EQ(current.frames.size(), 2U) << "an event of version 2 must not be missing in the order";
    EXPECT_EQ(text(current.frames.back(), "status"), "failed");
}

TEST_F(Files, WithoutAChosenModelAVoiceMessageIsOnlyStored) {
    RecordingPeer peer;
    const auto client = bound(peer);
    send(client, "voice_message");
    EXPECT_EQ(peer.types(), "voice_message");
    EXPECT_EQ(model->sink, nullptr);
}

TEST_F(Files, LaterQuestionsTellTheModelOfTheFile) {
    RecordingPeer peer;
    const auto client = bound(peer);
    send(client, "file_upload", {{"metadata", {{"filename", "a.pdf"}}}, {"content", "see page 2"}});
    say(client, "What does it say?");
    settle();
    const auto& messages = model->prompts.back().messages;
    ASSERT_EQ(messages.size(), 4U);
    EXPECT_EQ(messages[2].content, "File: a.pdf, https://files.example.com/f-1.pdf?[REDACTED]\nsee page 2");
    EXPECT_EQ(messages[3].content, "What does it say?");
}

}  // namespace
}  // namespace chatbox::chat
