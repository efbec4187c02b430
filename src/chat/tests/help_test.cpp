#include "stage.h"

namespace chatbox::chat {
namespace {

class Help : public Stage {
protected:
    void SetUp() override {
        visitor = connect(peer);
        session = converse(visitor, peer, "Hello", "Hi");
    }

    // As the HTTP route does it.
    store::ControlOutcome change(model::Control to, const std::string& admin = "adm-1") {
        store::ChangeControl request;
        request.session = model::SessionId(session);
        request.to = to;
        request.actor = model::UserId(admin);
        request.actor_name = "Jane Doe";
        request.event.id = model::MessageId(base::ordered_hex_id(clock.now()));
        request.event.sender = model::Sender::admin;
        request.event.kind =
            to == model::Control::human ? model::MessageKind::join : model::MessageKind::leave;
        request.event.content = "Administrator Jane Doe has joined the session";
        request.event.metadata = {{"admin_id", admin}, {"admin_name", "Jane Doe"}};
        request.event.at = clock.now();
        auto outcome = store::ControlOutcome::unchanged;
        store->change_control(request, {loop.get_executor(), [&](auto changed) {
                                            ASSERT_TRUE(changed);
                                            outcome = changed->outcome;
                                            if (changed->event)
                                                hub->control_changed(changed->session, *changed->event);
                                        }});
        settle();
        return outcome;
    }
    void ask_for_help() {
        visitor->on_frame(json::serialize(json::object{{"type", "help_request"}, {"session_id", session}}));
        settle();
    }
    std::shared_ptr<Client> admin_enters(RecordingPeer& to, const std::string& admin = "adm-1") {
        Introduction introduction;
        introduction.user = model::UserId(admin);
        introduction.version = wire::Version::v2;
        introduction.session = model::SessionId(session);
        introduction.name = "Jane Doe";
        introduction.admin = true;
        return connect(to, introduction);
    }

    RecordingPeer peer;
    std::shared_ptr<Client> visitor;
    std::string session;
};

TEST_F(Help, ARequestIsConfirmedToWhoAskedAndSeenByTheOthers) {
    RecordingPeer second;
    Introduction introduction;
    introduction.user = model::UserId("u1");
    introduction.version = wire::Version::v2;
    introduction.session = model::SessionId(session);
    const auto other = connect(second, introduction);
    second.frames.clear();
    ask_for_help();
    EXPECT_EQ(text(peer.next(), "type"), "help_request") << "an event: it has a seq";
    const json::object confirmed = peer.next();
    EXPECT_EQ(text(confirmed, "type"), "connection_status");
    EXPECT_EQ(text(confirmed, "content"),
              "Help request sent. An administrator will join your session shortly.");
    EXPECT_EQ(text(confirmed, "sender"), "ai");
    EXPECT_EQ(text(confirmed, "session_id"), session);
    EXPECT_EQ(second.types(), "help_request");
}

TEST_F(Help, AskingAgainIsConfirmedAgainAndChangesNothing) {
    ask_for_help();
    peer.frames.clear();
    ask_for_help();
    EXPECT_EQ(peer.types(), "connection_status");
}

TEST_F(Help, WhileTheVisitorWaitsTheAiStillAnswers) {
    ask_for_help();
    peer.frames.clear();
    say(visitor, "Anybody there?");
    settle();
    ASSERT_NE(model->sink, nullptr);
    model->say("I am");
    model->end();
    settle();
    EXPECT_EQ(text(peer.frames.back(), "status"), "done");
}

TEST_F(Help, AskingInTheMiddleOfAnAnswerDoesNotHurtIt) {
    say(visitor, "Tell me");
    settle();
    model->say("One ");
    ask_for_help();
    model->say("two");
    model->end();
    settle();
    EXPECT_EQ(text(peer.frames.back(), "status"), "done");
}

TEST_F(Help, ATakeoverIsSeenAsTheOriginalShowedIt) {
    RecordingPeer old;
    const auto device = connect(old, "u1", wire::Version::v1);
    say(device, "Me too");
    settle();
    model->end();
    settle();
    old.frames.clear();
    EXPECT_EQ(change(model::Control::human), store::ControlOutcome::changed);
    const json::object joined = old.next();
    EXPECT_EQ(text(joined, "type"), "admin_join");
    EXPECT_EQ(text(joined, "session_id"), session);
    EXPECT_EQ(text(joined, "sender"), "admin");
    EXPECT_EQ(text(joined, "content"), "Administrator Jane Doe has joined the session");
    EXPECT_EQ(joined.at("metadata"), (json::object{{"admin_id", "adm-1"}, {"admin_name", "Jane Doe"}}));
    change(model::Control::ai);
    EXPECT_EQ(text(old.next(), "type"), "admin_leave");
}

TEST_F(Help, ATakeoverEndsTheRunningAnswerAndNothingOfItFollows) {
    say(visitor, "Tell me");
    settle();
    model->say("One ");
    settle();
    peer.frames.clear();
    change(model::Control::human);
    EXPECT_EQ(model->sink, nullptr);
    std::string said;
    std::string status;
    for (const auto& frame : peer.frames) {
        if (text(frame, "type") != "ai_response") continue;
        said += text(frame, "content");
        status = text(frame, "status");
    }
    EXPECT_EQ(said, "");
    EXPECT_EQ(status, "stopped");
}

TEST_F(Help, WhileAPersonAnswersTheAiIsSilent) {
    change(model::Control::human);
    say(visitor, "To the person");
    settle();
    EXPECT_EQ(model->sink, nullptr);
    change(model::Control::ai);
    EXPECT_EQ(model->sink, nullptr) << "what was said to a person is not asked again";
    say(visitor, "To the AI");
    settle();
    EXPECT_NE(model->sink, nullptr);
}

TEST_F(Help, MessagesFlowBothWays) {
    change(model::Control::human);
    RecordingPeer desk;
    const auto admin = admin_enters(desk);
    EXPECT_EQ(text(desk.next(), "session_id"), session);
    desk.frames.clear();
    peer.frames.clear();
    say(admin, "How can I help?", "c1", session);
    settle();
    EXPECT_EQ(desk.types(), "ack");
    const json::object seen = peer.next();
    EXPECT_EQ(text(seen, "type"), "user_message");
    EXPECT_EQ(text(seen, "sender"), "admin");
    EXPECT_EQ(text(seen, "content"), "How can I help?");
    say(visitor, "With this");
    settle();
    const json::object answer = desk.next();
    EXPECT_EQ(text(answer, "type"), "user_message");
    EXPECT_EQ(text(answer, "sender"), "user");
    EXPECT_EQ(text(answer, "content"), "With this");
    admin->on_frame(R"({"type":"typing"})");
    settle();
    EXPECT_EQ(text(peer.frames.back(), "type"), "typing");
    EXPECT_EQ(text(peer.frames.back(), "sender"), "admin");
}

TEST_F(Help, AnAdminWhoConnectedWithoutASessionReachesItByItsFirstFrame) {
    change(model::Control::human);
    RecordingPeer desk;
    Introduction introduction;
    introduction.user = model::UserId("adm-1");
    introduction.admin = true;
    introduction.name = "Jane Doe";
    const auto admin = connect(desk, introduction);
    peer.frames.clear();
    say(admin, "First", {}, session);
    say(admin, "Second", {}, session);
    settle();
    EXPECT_EQ(text(peer.next(), "content"), "First");
    EXPECT_EQ(text(peer.next(), "content"), "Second");
}

TEST_F(Help, OnlyTheAdminInControlMayWrite) {
    RecordingPeer desk;
    const auto admin = admin_enters(desk, "adm-2");
    desk.frames.clear();
    say(admin, "Not taken over", {}, session);
    settle();
    EXPECT_EQ(text(desk.next().at("error").as_object(), "code"), "UNAUTHORIZED");
    change(model::Control::human, "adm-1");
    desk.frames.clear();
    peer.frames.clear();
    say(admin, "Somebody else's", {}, session);
    settle();
    EXPECT_EQ(text(desk.next().at("error").as_object(), "code"), "UNAUTHORIZED");
    EXPECT_TRUE(peer.frames.empty());
}

TEST_F(Help, AVisitorNeverEntersTheSessionOfAnother) {
    RecordingPeer other;
    Introduction introduction;
    introduction.user = model::UserId("u2");
    introduction.session = model::SessionId(session);
    const auto intruder = connect(other, introduction);
    EXPECT_EQ(text(other.next(), "session_id"), "");
    say(visitor, "Secret");
    settle();
    EXPECT_TRUE(other.frames.empty());
}

TEST_F(Help, WhenTheAdminsConnectionGoesNothingOfItStays) {
    change(model::Control::human);
    RecordingPeer desk;
    auto admin = admin_enters(desk);
    admin->leave();
    admin.reset();
    settle();
    visitor->leave();
    loop.restart();
    loop.run_one();
    settle();
    EXPECT_EQ(hub->session_count(), 0U);
    EXPECT_EQ(hub->user_count(), 0U);
}

}  // namespace
}  // namespace chatbox::chat
