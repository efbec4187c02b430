#include <gtest/gtest.h>

#include "../prompt_builder.h"

namespace chatbox::chat {
namespace {

model::Event event(model::Seq seq, model::Sender sender, const std::string& content,
                   model::TurnState status = model::TurnState::done) {
    model::Event made;
    made.seq = seq;
    made.message.sender = sender;
    made.message.content = content;
    made.message.status = status;
    return made;
}

std::string shown(const BuiltPrompt& built) {
    std::string all;
    for (const auto& message : built.prompt.messages) {
        all += message.role == llm::Role::user ? "u:" : message.role == llm::Role::system ? "s:" : "a:";
        all += message.content + " ";
    }
    return all;
}

TEST(PromptBuilder, MapsSendersAndLeavesOutWhatAModelShouldNotSee) {
    const std::vector<model::Event> events{event(1, model::Sender::user, "q1"),
                                           event(2, model::Sender::ai, "a1"),
                                           event(3, model::Sender::user, "q2"),
                                           event(4, model::Sender::ai, "broken", model::TurnState::failed),
                                           event(5, model::Sender::admin, "human"),
                                           event(6, model::Sender::system, "note"),
                                           event(7, model::Sender::user, "q3"),
                                           event(8, model::Sender::ai, "", model::TurnState::stopped),
                                           event(9, model::Sender::user, "q4")};
    const auto built = build_prompt(events, 9, "be kind", 1000);
    EXPECT_EQ(shown(built), "s:be kind u:q1 a:a1 u:q2 a:human u:q3 u:q4 ");
    EXPECT_EQ(built.covers, 9u);
}

TEST(PromptBuilder, QuestionsThatCameDuringAnAnswerStandBehindIt) {
    const std::vector<model::Event> events{
        event(1, model::Sender::user, "q1"), event(2, model::Sender::user, "q2"),
        event(3, model::Sender::user, "q3"), event(4, model::Sender::ai, "a1")};
    const auto built = build_prompt(events, 1, "", 1000);
    EXPECT_EQ(shown(built), "u:q1 a:a1 u:q2 u:q3 ");
    EXPECT_EQ(built.covers, 3u);
    EXPECT_EQ(built.prompt.questions, 2u);
}

TEST(PromptBuilder, KeepsTheNewestWithinTheLimitAndBeginsWithAQuestion) {
    const std::vector<model::Event> events{event(1, model::Sender::user, "aaaa"),
                                           event(2, model::Sender::ai, "bbbb"),
                                           event(3, model::Sender::user, "cccc")};
    EXPECT_EQ(shown(build_prompt(events, 3, "", 12)), "u:aaaa a:bbbb u:cccc ");
    EXPECT_EQ(shown(build_prompt(events, 3, "", 11)), "u:cccc ");
    EXPECT_EQ(shown(build_prompt(events, 3, "", 1)), "u:cccc ") << "the question itself is never cut away";
    EXPECT_EQ(shown(build_prompt({}, 0, "", 1)), "");
}

}  // namespace
}  // namespace chatbox::chat
