#include "llm/demo/demo_provider.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../demo_text.h"
#include "base/text.h"

namespace chatbox::llm::demo {

using namespace std::chrono_literals;

namespace {

class RecordingSink final : public AnswerSink {
public:
    void on_delta(std::string_view piece) override {
        EXPECT_FALSE(piece.empty());
        EXPECT_TRUE(base::is_valid_utf8(piece)) << piece;
        pieces.emplace_back(piece);
        text += piece;
        if (then_on_delta) then_on_delta();
    }
    void on_end(base::Result<AnswerEnd> outcome) override {
        ++ends;
        if (outcome.has_value()) end = outcome.value();
        if (then_on_end) then_on_end();
    }

    std::vector<std::string> pieces;
    std::string text;
    int ends = 0;
    std::optional<AnswerEnd> end;
    std::function<void()> then_on_delta, then_on_end;
};

class Demo : public ::testing::Test {
protected:
    static Prompt prompt(std::string question) {
        Prompt made;
        made.messages = {{Role::user, std::move(question)}};
        return made;
    }

    std::string answer_to(Prompt question) {
        sink = {};
        const auto call = provider->answer(std::move(question), sink);
        EXPECT_TRUE(sink.pieces.empty());
        loop.restart();
        loop.run();
        EXPECT_EQ(sink.ends, 1);
        return sink.text;
    }

    bool holds(std::string_view part) const { return sink.text.find(part) != sink.text.npos; }

    boost::asio::io_context loop;
    std::unique_ptr<Provider> provider =
        make_demo_provider(loop.get_executor(), {.tokens_per_second = 1e9, .first_token_delay = 0ms});
    RecordingSink sink;
};

}  // namespace

TEST_F(Demo, SaysThatItIsADemoAndHowToConnectAModel) {
    answer_to(prompt("Hello"));
    EXPECT_TRUE(
        sink.text.starts_with("This is Chatbox's built-in demo model. It has no knowledge and cannot think"));
    EXPECT_TRUE(holds("OPENAI_API_KEY"));
    EXPECT_TRUE(holds("Ollama"));
    EXPECT_EQ(sink.end->finish_reason, "stop");
}

TEST_F(Demo, GivesTheSameAnswerToTheSameQuestion) {
    EXPECT_EQ(answer_to(prompt("Hello")), answer_to(prompt("Hello")));
}

TEST_F(Demo, QuotesTheQuestion) {
    answer_to(prompt("  What is\nthis?\n"));
    EXPECT_TRUE(holds("\n> What is\n> this?\n"));
    answer_to(prompt(std::string(299, 'a') + "\xC3\xA9nough"));
    EXPECT_TRUE(holds("> " + std::string(299, 'a') + " …"));
}

TEST_F(Demo, TellsHowManyMessagesItWasGiven) {
    answer_to(prompt("Hello"));
    EXPECT_TRUE(holds("first message"));
    Prompt longer;
    longer.messages = {
        {Role::system, "Be kind."}, {Role::user, "a"}, {Role::assistant, "b"}, {Role::user, "c d"}};
    answer_to(longer);
    EXPECT_TRUE(holds(" 2 earlier messages"));
    EXPECT_TRUE(holds("\n> c d\n"));
    EXPECT_EQ(sink.end->usage.prompt_tokens, 6u);
}

TEST_F(Demo, ShowsMarkdown) {
    answer_to(prompt("Hello"));
    for (const char* mark : {"**", "\n- ", "`stop`", "```sh\n", "\n|---|"}) EXPECT_TRUE(holds(mark)) << mark;
}

TEST_F(Demo, StreamsWordByWord) {
    answer_to(prompt("Hello"));
    EXPECT_EQ(sink.pieces[0], "This ");
    EXPECT_EQ(sink.pieces[1], "is ");
    EXPECT_EQ(sink.end->usage.completion_tokens, sink.pieces.size());
    EXPECT_EQ(sink.end->usage.total_tokens, sink.pieces.size() + 1);
}

TEST_F(Demo, AnswersAnythingEvenNothing) {
    for (const char* question : {"", "   \n ", "\xE2\x80\x83", "> ```"})
        EXPECT_FALSE(answer_to(prompt(question)).empty());
    EXPECT_FALSE(answer_to(Prompt{}).empty());
}

TEST_F(Demo, CountsWordsWhenAskedForALongAnswer) {
    EXPECT_EQ(answer_to(prompt("/long 3")), "word1 word2 word3");
    EXPECT_EQ(sink.pieces.size(), 3u);
    EXPECT_EQ(answer_to(prompt(" /long\t2 and more\n")), "word1 word2");
    answer_to(prompt("/long"));
    EXPECT_EQ(sink.pieces.size(), 1000u);
    for (const char* question : {"/longing", "long 5", "/long 0"}) {
        answer_to(prompt(question));
        EXPECT_TRUE(holds("demo model")) << question;
    }
}

TEST_F(Demo, LimitsALongAnswer) {
    for (const char* question : {"/long 1000001", "/long 99999999999999999999999999"}) {
        DemoText text(prompt(question));
        std::size_t words = 0;
        for (; !text.at_end(); ++words) text.next();
        EXPECT_EQ(words, max_long_words);
    }
}

TEST_F(Demo, KeepsItsRateOverManyTokens) {
    provider =
        make_demo_provider(loop.get_executor(), {.tokens_per_second = 20'000, .first_token_delay = 0ms});
    const auto begin = std::chrono::steady_clock::now();
    answer_to(prompt("/long 2001"));
    // The last token is due after 100 ms; how much later it comes is up to the machine.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
    EXPECT_EQ(sink.pieces.size(), 2001u);
}

TEST_F(Demo, WaitsBeforeTheFirstToken) {
    provider = make_demo_provider(loop.get_executor(), {.tokens_per_second = 1e9, .first_token_delay = 50ms});
    const auto begin = std::chrono::steady_clock::now();
    answer_to(prompt("/long 1"));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms);
}

TEST_F(Demo, IsSilentWhenItsCallIsDestroyedEvenInsideTheSink) {
    std::unique_ptr<AnswerCall> call = provider->answer(prompt("/long 10"), sink);
    call.reset();
    loop.run();
    EXPECT_EQ(sink.pieces.size() + static_cast<std::size_t>(sink.ends), 0u);
    call = provider->answer(prompt("/long 10"), sink);
    sink.then_on_delta = [&] {
        if (sink.pieces.size() == 4) call.reset();
    };
    loop.restart();
    loop.run();
    EXPECT_EQ(sink.pieces.size(), 4u);
    EXPECT_EQ(sink.ends, 0);
}

TEST_F(Demo, IsSilentWhenItsCallIsDestroyedBetweenTheEndOfAWaitAndItsHandler) {
    // Both waits are over when the loop looks, so both handlers are queued before the first of them runs.
    boost::asio::steady_timer earlier(loop, std::chrono::steady_clock::now());
    std::unique_ptr<AnswerCall> call = provider->answer(prompt("/long 10"), sink);
    earlier.async_wait([&](boost::system::error_code) { call.reset(); });
    loop.run();
    EXPECT_EQ(sink.pieces.size() + static_cast<std::size_t>(sink.ends), 0u);
}

TEST_F(Demo, MayBeForgottenInsideTheLastCall) {
    std::unique_ptr<AnswerCall> call = provider->answer(prompt("/long 2"), sink);
    sink.then_on_end = [&] { call.reset(); };
    loop.run();
    EXPECT_EQ(sink.ends, 1);
}

TEST_F(Demo, RefusesARateThatIsNone) {
    for (const double rate : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
        EXPECT_THROW(make_demo_provider(loop.get_executor(), {.tokens_per_second = rate}),
                     std::invalid_argument);
}

}  // namespace chatbox::llm::demo
