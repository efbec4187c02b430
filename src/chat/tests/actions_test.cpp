// What a device holds after it was there when something happened equals what a device sees that comes later:
// a snapshot with the events since is the same as a fresh snapshot, for every kind of action.
#include <functional>
#include <string>

#include "device.h"

namespace chatbox::chat {
namespace {

class Actions;
struct Action {
    const char* name;
    std::function<void(Actions&)> run;
};

class Actions : public Stage, public ::testing::WithParamInterface<Action> {
public:
    using Stage::model;
    using Stage::other_model;

    void SetUp() override {
        actor.connect(*hub, false, false);
        actor.say("Hello");
        settle();
        model->say("Hi");
        model->end();
        settle_all();
        watcher.connect(*hub, false, false);
        watcher.say("Which session is it?");  // so it learns of the session that is active
        settle();
        model->end();
        settle_all();
        watcher.disconnect();
        watcher.connect(*hub, false, false);
        settle_all();
        ASSERT_EQ(watcher.events(), actor.events());
    }
    void TearDown() override {
        for (Device* device : {&actor, &watcher, &late}) device->disconnect();
    }

    void settle_all() {
        settle();
        for (Device* device : {&actor, &watcher, &late}) {
            while (device->has_unread()) device->read_one();
        }
    }
    void control(model::Control to) {
        store::ChangeControl request;
        request.session = model::SessionId(actor.session());
        request.to = to;
        request.actor = model::UserId("adm-1");
        request.actor_name = "Jane";
        request.event.id = model::MessageId(base::ordered_hex_id(clock.now()));
        request.event.sender = model::Sender::admin;
        request.event.kind =
            to == model::Control::human ? model::MessageKind::join : model::MessageKind::leave;
        request.event.content = "Administrator Jane";
        request.event.at = clock.now();
        store->change_control(request, {loop.get_executor(), [&](auto changed) {
                                            hub->control_changed(changed->session, *changed->event);
                                        }});
        settle_all();
    }
    void admin_says(const std::string& content) {
        RecordingPeer desk;
        Introduction introduction;
        introduction.user = model::UserId("adm-1");
        introduction.name = "Jane";
        introduction.admin = true;
        introduction.session = model::SessionId(actor.session());
        const auto admin = connect(desk, introduction);
        Stage::say(admin, content, {}, actor.session());
        settle_all();
        admin->leave();
        settle_all();
    }
    void ask(const std::string& question) {
        actor.say(question);
        settle_all();
    }
    void piece(const std::string& said) {
        model->say(said);
        settle_all();
    }
    void file(const char* type) {
        actor.send({{"type", type}, {"file_id", "f1"}, {"file_url", "https://files.example.com/f1"}});
        settle_all();
    }

    Device actor{"actor", "u1"};
    Device watcher{"watcher", "u1"};
    Device late{"late", "u1"};
};

TEST_P(Actions, TheOneWhoWasThereAndTheOneWhoComesLaterHoldTheSame) {
    GetParam().run(*this);
    settle_all();
    late.enter(actor.session());
    late.connect(*hub, false, false);
    settle_all();
    EXPECT_EQ(watcher.events(), actor.events());
    EXPECT_EQ(late.events(), actor.events());
    EXPECT_EQ(late.partial(), watcher.partial());
    EXPECT_EQ(late.partial(), actor.partial());
}

const Action actions[] = {
    {"a_question_that_is_answered",
     [](Actions& a) {
         a.ask("One?");
         a.piece("Yes");
         a.piece(", one");
         a.model->end();
     }},
    {"an_answer_in_flight",
     [](Actions& a) {
         a.ask("Long?");
         a.piece("It goes ");
         a.piece("on");
     }},
    {"an_answer_without_a_word_yet", [](Actions& a) { a.ask("Well?"); }},
    {"an_answer_stopped_before_its_first_word",
     [](Actions& a) {
         a.ask("Well?");
         a.actor.stop();
     }},
    {"an_answer_stopped_in_the_middle",
     [](Actions& a) {
         a.ask("Well?");
         a.piece("Half");
         a.watcher.stop();
     }},
    {"an_answer_that_failed",
     [](Actions& a) {
         a.ask("Well?");
         a.piece("Half");
         a.model->fail(base::Errc::unavailable);
     }},
    {"questions_while_an_answer_runs",
     [](Actions& a) {
         a.ask("One?");
         a.piece("First");
         a.ask("Two?");
         a.ask("Three?");
         a.model->end();
         a.settle_all();
         a.piece("Both");
         a.model->end();
     }},
    {"a_message_sent_twice",
     [](Actions& a) {
         a.actor.say("Once");
         a.actor.repeat(0);
         a.settle_all();
         a.model->end();
     }},
    {"a_file", [](Actions& a) { a.file("file_upload"); }},
    {"a_voice_message_for_nobody", [](Actions& a) { a.file("voice_message"); }},
    {"a_voice_message_that_is_answered",
     [](Actions& a) {
         a.actor.send({{"type", "model_select"}, {"model_id", "m2"}});
         a.settle_all();
         a.file("voice_message");
         a.other_model->say("Heard");
         a.other_model->end();
     }},
    {"another_model", [](Actions& a) { a.actor.send({{"type", "model_select"}, {"model_id", "m2"}}); }},
    {"a_call_for_a_person", [](Actions& a) { a.actor.send({{"type", "help_request"}}); }},
    {"a_takeover", [](Actions& a) { a.control(model::Control::human); }},
    {"a_takeover_in_the_middle_of_an_answer",
     [](Actions& a) {
         a.ask("Well?");
         a.piece("Half");
         a.control(model::Control::human);
     }},
    {"a_talk_with_a_person",
     [](Actions& a) {
         a.control(model::Control::human);
         a.admin_says("How can I help?");
         a.ask("With this");
     }},
    {"a_hand_back",
     [](Actions& a) {
         a.control(model::Control::human);
         a.admin_says("Bye");
         a.control(model::Control::ai);
         a.ask("And now?");
         a.piece("It is me again");
         a.model->end();
     }},
    {"typing", [](Actions& a) { a.actor.send({{"type", "typing"}}); }},
    {"what_is_refused", [](Actions& a) { a.actor.send({{"type", "ping"}}); }},
};

INSTANTIATE_TEST_SUITE_P(Each, Actions, ::testing::ValuesIn(actions),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace chatbox::chat
