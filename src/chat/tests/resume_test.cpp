#include "stage.h"

namespace chatbox::chat {
namespace {

// What a client of version 2 makes of the frames it gets: the text of each message, by id.
struct Transcript {
    std::map<std::string, std::string> texts;
    std::map<std::string, bool> ended;
    std::uint64_t seq = 0;

    void take(const json::object& frame) {
        const std::string type = text(frame, "type");
        const std::string id = text(frame, "message_id");
        if (type == "reset") texts.clear();
        if (type == "snapshot" || type == "ai_response" || type == "user_message") {
            std::string& content = texts[id];
            const bool streaming = frame.contains("offset");
            if (streaming) {
                ASSERT_LE(number(frame, "offset"), content.size()) << "a hole";
                content.resize(number(frame, "offset"));
            } else {
                content.clear();
            }
            content += text(frame, "content");
            ended[id] = frame.contains("seq");
        }
        if (frame.contains("seq")) seq = std::max(seq, number(frame, "seq"));
    }
    void take_all(RecordingPeer& peer) {
        for (const auto& frame : peer.frames) take(frame);
        peer.frames.clear();
    }
};

class Resume : public Stage {
protected:
    Introduction returning(const std::string& session, const Transcript& have, const std::string& partial,
                           const std::string& user = "u1") {
        Introduction introduction;
        introduction.user = model::UserId(user);
        introduction.version = wire::Version::v2;
        introduction.session = model::SessionId(session);
        introduction.after_seq = have.seq;
        if (const auto held = have.texts.find(partial); held != have.texts.end()) {
            introduction.partial = model::MessageId(partial);
            introduction.offset = held->second.size();
        }
        return introduction;
    }
};

TEST_F(Resume, WhereverAnAnswerIsCutTheTextIsTheSameAndTheBytesDoNotGrow) {
    const std::vector<std::string> pieces{"Grüße", ", ", "how ", "are ", "you", "? ✓", " done"};
    std::string whole;
    for (const auto& piece : pieces) whole += piece;
    for (std::size_t cut = 0; cut <= pieces.size(); ++cut) {
        for (std::size_t back = cut; back <= pieces.size(); ++back) {
            RecordingPeer before, after;
            Transcript transcript;
            const std::string user = std::to_string(cut) + "-" + std::to_string(back);
            auto client = connect(before, user);
            say(client, "hello");
            settle();
            const std::string session = text(before.frames.back(), "session_id");
            const std::string answer = text(before.frames.back(), "message_id");
            for (std::size_t i = 0; i < pieces.size(); ++i) {
                if (i == cut) {
                    transcript.take_all(before);
                    client->leave();
                }
                if (i == back) {
                    client = connect(after, returning(session, transcript, answer, user));
                    EXPECT_LT(after.bytes, 1100u) << "what was missed, not the whole answer again";
                }
                model->say(pieces[i]);
            }
            if (cut == pieces.size()) {
                transcript.take_all(before);
                client->leave();
            }
            model->end();
            settle();
            if (back == pieces.size()) client = connect(after, returning(session, transcript, answer, user));
            transcript.take_all(after);
            EXPECT_EQ(transcript.texts[answer], whole) << "cut at " << cut << ", back at " << back;
            EXPECT_TRUE(transcript.ended[answer]);
            client->leave();
        }
    }
}

TEST_F(Resume, AnUnknownPositionIsResetAndTheCurrentStateFollows) {
    RecordingPeer peer, again;
    const auto client = connect(peer);
    const auto session = converse(client, peer, "hello", "hi");
    Transcript ahead;
    ahead.seq = 99;
    connect(again, returning(session, ahead, ""));
    EXPECT_EQ(again.types(), "connection_status reset user_message ai_response resumed");
}

TEST_F(Resume, AForeignOrUnknownSessionIsNotBoundAndLooksTheSame) {
    RecordingPeer owner;
    const auto client = connect(owner);
    const auto session = converse(client, owner, "hello", "hi");
    std::vector<std::string> seen;
    for (const std::string& asked : {session, std::string(32, 'f')}) {
        RecordingPeer peer;
        Introduction introduction;
        introduction.user = model::UserId("u2");
        introduction.version = wire::Version::v2;
        introduction.session = model::SessionId(asked);
        introduction.after_seq = 0;
        const auto intruder = connect(peer, introduction);
        EXPECT_FALSE(peer.frames.front().contains("session_id"));
        seen.push_back(peer.types());
        intruder->leave();
    }
    EXPECT_EQ(seen[0], seen[1]);
    EXPECT_EQ(seen[0], "connection_status");
}

TEST_F(Resume, AnAckDoesNotOvertakeWhatTheClientHasMissed) {
    RecordingPeer peer, back;
    const auto client = connect(peer);
    const auto session = converse(client, peer, "hello", "hi");
    back.full = true;
    const auto returned = connect(back, returning(session, Transcript(), ""));
    say(returned, "next", "c1");
    settle();
    EXPECT_EQ(back.types(), "connection_status");
    back.full = false;
    returned->on_drained();
    settle();
    EXPECT_EQ(back.types(), "user_message ai_response user_message snapshot resumed ack");
}

TEST_F(Resume, ALongHistoryComesInPagesThatWaitForTheReader) {
    Options options;
    options.replay_page = 3;
    build(options);
    RecordingPeer peer, slow;
    const auto client = connect(peer);
    std::string session;
    for (int i = 0; i < 5; ++i)
        session = converse(client, peer, "q" + std::to_string(i), "a" + std::to_string(i));
    slow.full = true;
    const auto reader = connect(slow, returning(session, Transcript(), ""));
    EXPECT_EQ(slow.types(), "connection_status");
    slow.full = false;
    Transcript transcript;
    reader->on_drained();
    settle();
    transcript.take_all(slow);
    EXPECT_EQ(transcript.seq, 10u);
    EXPECT_EQ(transcript.texts.size(), 10u);
}

TEST_F(Resume, ASlowReaderGetsFewerAndLongerPiecesAndLosesNothing) {
    RecordingPeer peer;
    const auto client = connect(peer);
    say(client, "hello");
    settle();
    Transcript transcript;
    const std::string answer = text(peer.frames.back(), "message_id");
    model->say("a");
    peer.full = true;
    for (int i = 0; i < 1000; ++i) model->say("b");
    EXPECT_EQ(peer.frames.size(), 4u) << "status twice, loading, one piece";
    peer.full = false;
    client->on_drained();
    EXPECT_EQ(peer.frames.size(), 5u) << "all that was missing in one piece";
    model->say("c");
    peer.full = true;
    model->say("d");
    model->end();
    settle();
    transcript.take_all(peer);
    EXPECT_EQ(transcript.texts[answer], "a" + std::string(1000, 'b') + "cd");
    EXPECT_TRUE(transcript.ended[answer]);
}

}  // namespace
}  // namespace chatbox::chat
