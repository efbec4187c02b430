#include "llm/complete.h"

#include "llm/session_states.h"
#include "scripted_provider.h"

namespace chatbox::llm {

using testing::RecordingSink;
using testing::ScriptedProvider;

TEST(Complete, GivesTheWholeTextAtOnce) {
    ScriptedProvider provider;
    std::optional<base::Result<Completion>> result;
    const auto call = complete(provider, {.messages = {{Role::user, "Name this"}}},
                               [&](base::Result<Completion> done) { result = std::move(done); });
    EXPECT_EQ(provider.asked.at(0)->prompt.delivery, Delivery::whole);
    provider.say("A ");
    provider.say("title");
    EXPECT_FALSE(result);
    provider.end({.finish_reason = "stop"});
    ASSERT_TRUE(result && result->has_value());
    EXPECT_EQ(result->value().text, "A title");
    EXPECT_EQ(result->value().end.finish_reason, "stop");
}

TEST(Complete, ReportsAFailureAndForgetsTheText) {
    ScriptedProvider provider;
    std::optional<base::Result<Completion>> result;
    auto call = complete(provider, {}, [&](base::Result<Completion> done) { result = std::move(done); });
    provider.say("A ");
    provider.fail(base::Errc::unavailable);
    ASSERT_TRUE(result && result->has_error());
    EXPECT_EQ(result->error().code, base::Errc::unavailable);
}

TEST(Complete, MayBeGivenUpInItsOwnCompletion) {
    ScriptedProvider provider;
    std::unique_ptr<AnswerCall> call;
    call = complete(provider, {}, [&](const base::Result<Completion>&) { call.reset(); });
    provider.end();
    EXPECT_EQ(call, nullptr);
}

namespace {

struct Remembering {
    // Asks in `session`; returns the state that the vendor is shown, and answers with `next`.
    std::string ask(const std::string& session, const std::string& next, Prompt prompt = {}) {
        prompt.session = session;
        RecordingSink sink;
        const auto call = provider->answer(std::move(prompt), sink);
        const auto& states = inner->asked.back()->prompt.states;
        const auto shown = states.find("d");
        inner->end({.state = next});
        EXPECT_EQ(sink.end->value().state, next);
        return shown == states.end() ? "" : shown->second;
    }
    ScriptedProvider* inner = new ScriptedProvider();
    std::unique_ptr<Provider> provider = make_remembering_provider(std::unique_ptr<Provider>(inner), "d", 2);
};

}  // namespace

TEST(SessionStates, AreShownAgainInTheSameSessionOnly) {
    Remembering vendor;
    EXPECT_EQ(vendor.ask("s1", "c1"), "");
    EXPECT_EQ(vendor.ask("s2", "c2"), "");
    EXPECT_EQ(vendor.ask("s1", "c1"), "c1");
    EXPECT_EQ(vendor.ask("s2", "c3"), "c2");
    EXPECT_EQ(vendor.ask("s2", ""), "c3");
    EXPECT_EQ(vendor.ask("s2", ""), "c3");
    EXPECT_EQ(vendor.ask("", "c9"), "");
}

TEST(SessionStates, OfTheCallerWin) {
    Remembering vendor;
    vendor.ask("s1", "c1");
    Prompt prompt;
    prompt.states["d"] = "kept";
    EXPECT_EQ(vendor.ask("s1", "c2", std::move(prompt)), "kept");
}

TEST(SessionStates, OfTheSessionThatWasUsedLeastRecentlyAreForgotten) {
    Remembering vendor;
    vendor.ask("s1", "c1");
    vendor.ask("s2", "c2");
    EXPECT_EQ(vendor.ask("s1", "c1"), "c1");
    vendor.ask("s3", "c3");
    EXPECT_EQ(vendor.ask("s1", "c1"), "c1");
    EXPECT_EQ(vendor.ask("s2", "c2"), "");
}

}  // namespace chatbox::llm
