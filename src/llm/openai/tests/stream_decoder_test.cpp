#include "llm/openai/stream_decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"

namespace chatbox::llm::openai {

using base::Errc;

namespace {

class Collector final : public StreamDecoder::Text {
public:
    bool on_text(std::string_view piece) override {
        EXPECT_FALSE(piece.empty());
        EXPECT_TRUE(base::is_valid_utf8(piece)) << piece;
        pieces.emplace_back(piece);
        return true;
    }
    std::vector<std::string> pieces;
};

struct Outcome {
    std::vector<std::string> pieces;
    std::string text;
    std::string finish_reason;
    std::optional<std::uint64_t> prompt_tokens, completion_tokens, total_tokens;
    Errc error{};
    std::string detail;
    bool ended_before_the_body = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decode(const std::vector<std::string>& chunks, StreamLimits limits = {}) {
    StreamDecoder decoder(limits);
    Collector collector;
    std::optional<StreamDecoder::End> end;
    for (std::string bytes : chunks) {
        if (!end) end = decoder.feed(bytes, collector);
        bytes.assign(bytes.size(), '#');  // a view that was kept too long would show
    }
    Outcome outcome;
    outcome.ended_before_the_body = end.has_value();
    if (!end) end = decoder.finish(collector);
    outcome.pieces = collector.pieces;
    for (const std::string& piece : collector.pieces) outcome.text += piece;
    if (end->has_error()) {
        outcome.error = end->error().code;
        outcome.detail = end->error().detail;
    } else {
        outcome.finish_reason = end->value().finish_reason;
        outcome.prompt_tokens = end->value().usage.prompt_tokens;
        outcome.completion_tokens = end->value().usage.completion_tokens;
        outcome.total_tokens = end->value().usage.total_tokens;
    }
    return outcome;
}

// `content` as it stands between the quotes in JSON.
std::string delta(const std::string& content) {
    return R"(data: {"id":"c-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":")" +
           content + "\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n";
}
const std::string role =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const std::string stop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string usage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9,"
    "\"prompt_tokens_details\":{\"cached_tokens\":3,\"prompt_tokens\":1}}}\n\n";
const std::string done = "data: [DONE]\n\n";

}  // namespace

TEST(OpenAiStream, GivesTextFinishReasonAndUsage) {
    const Outcome outcome = decode({role + delta("Hel") + delta("lo") + stop + usage + done});
    EXPECT_EQ(outcome.pieces, (std::vector<std::string>{"Hel", "lo"}));
    EXPECT_EQ(outcome.finish_reason, "stop");
    EXPECT_EQ(outcome.prompt_tokens, 7u);
    EXPECT_EQ(outcome.completion_tokens, 2u);
    EXPECT_EQ(outcome.total_tokens, 9u);
    EXPECT_EQ(outcome.error, Errc{});
    EXPECT_TRUE(outcome.ended_before_the_body);
}

TEST(OpenAiStream, LeavesUsageOutThatTheVendorDidNotGive) {
    const Outcome outcome = decode({delta("a") + stop + done});
    EXPECT_EQ(outcome.prompt_tokens, std::nullopt);
    EXPECT_EQ(outcome.total_tokens, std::nullopt);
    EXPECT_EQ(decode({delta("a") + "data: {\"choices\":[],\"usage\":{\"completion_tokens\":-1}}\n\n" + done})
                  .completion_tokens,
              std::nullopt);
}

TEST(OpenAiStream, DecodesEscapesAndWideCharacters) {
    EXPECT_EQ(decode({delta("a\\n\\\"b\\\"\\u00e9") + delta("\\n") + delta("\xF0\x9F\x98\x80") +
                      delta("\\ud83d\\ude00") + stop + done})
                  .text,
              "a\n\"b\"\xC3\xA9\n\xF0\x9F\x98\x80\xF0\x9F\x98\x80");
}

TEST(OpenAiStream, ReadsTheFirstChoiceOnly) {
    const std::string two =
        "data: "
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}},{\"delta\":{\"content\":\"b\"},\"finish_reason\":"
        "\"x\"}]}\n\n";
    const Outcome outcome = decode({two + done});
    EXPECT_EQ(outcome.text, "a");
    EXPECT_EQ(outcome.finish_reason, "");
}

TEST(OpenAiStream, IgnoresWhatIsNotTheContentOfTheDelta) {
    const std::string odd =
        "data: "
        "{\"content\":\"no\",\"delta\":{\"content\":\"no\"},\"choices\":[[{\"delta\":{\"content\":\"no\"}}],"
        "{\"content\":\"no\",\"delta\":{\"reasoning_content\":\"no\",\"tool_calls\":[{\"content\":\"no\"}],"
        "\"extra\":{\"content\":\"no\"},\"cont\\u0065nt\":\"yes\"}}]}\n\n";
    EXPECT_EQ(decode({odd + done}).text, "yes");
}

TEST(OpenAiStream, SkipsEventsThatAreNotJsonOrNotAnObject) {
    const std::string noise =
        "data: {not json}\n\ndata: \n\ndata: 7\n\ndata: [1,2]\n\ndata: null\n\ndata: {}\n\n"
        "data: {\"choices\":null}\n\ndata: {\"choices\":[{\"delta\":null}]}\n\ndata: {} {}\n\n";
    const Outcome outcome = decode({delta("a") + noise + delta("b") + stop + done});
    EXPECT_EQ(outcome.text, "ab");
    EXPECT_EQ(outcome.error, Errc{});
}

TEST(OpenAiStream, EndsWellWithoutAnEndMarkIfAFinishReasonCame) {
    const Outcome outcome = decode({delta("a") + stop});
    EXPECT_EQ(outcome.error, Errc{});
    EXPECT_EQ(outcome.finish_reason, "stop");
    EXPECT_FALSE(outcome.ended_before_the_body);
}

TEST(OpenAiStream, TakesAnEndMarkWithoutABlankLineBehindIt) {
    EXPECT_EQ(decode({delta("a") + "data: [DONE]"}).error, Errc{});
    EXPECT_EQ(decode({delta("a") + "data:[DONE] \r\n"}).error, Errc{});
}

TEST(OpenAiStream, ReportsAnAnswerThatEndsEarly) {
    for (const std::string& body : {std::string(), delta("a"), delta("a") + "data: {\"choices\":[{\"del",
                                    std::string("<html>Please sign in</html>"), std::string("\r\n\r\n")}) {
        const Outcome outcome = decode({body});
        EXPECT_EQ(outcome.error, Errc::unavailable) << body;
        EXPECT_NE(outcome.detail.find("ended early"), std::string::npos) << outcome.detail;
    }
}

TEST(OpenAiStream, ReportsAnErrorObjectInsideTheStream) {
    const auto error_of = [](const std::string& json) {
        return decode({delta("a") + "data: " + json + "\n\n" + done});
    };
    const Outcome outcome =
        error_of(R"({"error":{"message":"The server had an error","type":"server_error","code":null}})");
    EXPECT_EQ(outcome.text, "a");
    EXPECT_EQ(outcome.error, Errc::unavailable);
    EXPECT_NE(outcome.detail.find("server_error The server had an error"), std::string::npos)
        << outcome.detail;

    EXPECT_EQ(error_of(R"({"error":{"message":"m","type":"invalid_request_error"}})").error, Errc::rejected);
    EXPECT_EQ(error_of(R"({"error":{"message":"m","type":"x","code":"context_length_exceeded"}})").error,
              Errc::rejected);
    EXPECT_EQ(error_of(R"({"error":{"message":"m","code":400}})").error, Errc::rejected);
    EXPECT_EQ(error_of(R"({"error":{"message":"m","code":429}})").error, Errc::unavailable);
    EXPECT_EQ(error_of(R"({"error":{"message":"m","code":502},"choices":[{"delta":{"content":"b"}}]})").text,
              "a");
    EXPECT_EQ(error_of(R"({"error":"overloaded"})").error, Errc::unavailable);
    EXPECT_EQ(error_of(R"({"object":"error","message":"m","type":"BadRequestError","code":400})").error,
              Errc::rejected);
    EXPECT_EQ(error_of(R"({"error":null,"choices":[]})").error, Errc{});
}

TEST(OpenAiStream, TakesAWholeAnswerOfAServerThatDoesNotStream) {
    const std::string body =
        "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\\nyou\"},"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":12.0}}\n";
    const Outcome outcome = decode({body});
    EXPECT_EQ(outcome.pieces, (std::vector<std::string>{"Hello\nyou"}));
    EXPECT_EQ(outcome.finish_reason, "stop");
    EXPECT_EQ(outcome.total_tokens, 12u);
    EXPECT_EQ(decode({"\r\n  " + body}).text, "Hello\nyou");
}

TEST(OpenAiStream, ReportsAWholeAnswerThatIsNone) {
    EXPECT_EQ(decode({R"({"choices":[]})"}).error, Errc::rejected);
    EXPECT_EQ(decode({R"({"error":{"message":"m","type":"server_error"}})"}).error, Errc::unavailable);
    EXPECT_EQ(decode({R"({"choices":[{"message":{"content":"cut)"}).error, Errc::unavailable);
    EXPECT_EQ(decode({R"({"choices":[{"message":{"content":null},"finish_reason":"stop"}]})"}).error, Errc{});
}

TEST(OpenAiStream, JoinsACharacterThatWasCutBetweenTwoDeltas) {
    EXPECT_EQ(decode({delta("a\\ud83d") + delta("\\ude00b") + stop + done}).pieces,
              (std::vector<std::string>{"a",
                                        "\xF0\x9F\x98\x80"
                                        "b"}));
    EXPECT_EQ(decode({delta("\\uD83D") + stop + role + delta("\\uDE00") + done}).text, "\xF0\x9F\x98\x80");
}

TEST(OpenAiStream, ReplacesHalvesOfCharactersThatStayAlone) {
    EXPECT_EQ(decode({delta("a\\ud83d") + delta("b") + done}).text,
              "a\xEF\xBF\xBD"
              "b");
    EXPECT_EQ(decode({delta("a\\ude00b") + done}).text,
              "a\xEF\xBF\xBD"
              "b");
    EXPECT_EQ(decode({delta("a\\ud83d") + done}).text, "a\xEF\xBF\xBD");
    EXPECT_EQ(decode({delta("\\ud83d\\ud83d\\ude00\\\\ud83d") + done}).text,
              "\xEF\xBF\xBD\xF0\x9F\x98\x80\\ud83d");
    EXPECT_EQ(decode({R"({"choices":[{"message":{"content":"x\ud83d"},"finish_reason":"stop"}]})"}).text,
              "x\xEF\xBF\xBD");
}

TEST(OpenAiStream, ReplacesBytesThatAreNotUtf8) {
    EXPECT_EQ(decode({delta("a\xF0\x9F") +
                      delta("\x98\x80"
                            "b\xC3\xA9") +
                      done})
                  .text,
              "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
              "b\xC3\xA9");
}

TEST(OpenAiStream, ReadsEventsThatNoBlankLineSeparates) {
    std::string stream = role + delta("a") + delta("b") + stop + done;
    for (auto at = stream.find("\n\n"); at != stream.npos; at = stream.find("\n\n")) stream.erase(at, 1);
    EXPECT_EQ(decode({stream}).pieces, (std::vector<std::string>{"a", "b"}));
}

TEST(OpenAiStream, StopsAtTheLimitOfTheAnswerAtACharacterBoundary) {
    const StreamLimits limits{.max_line_bytes = 1000, .max_answer_bytes = 5};
    const Outcome outcome = decode({delta("abc") +
                                    delta("d\xC3\xA9"
                                          "f") +
                                    delta("g") + done},
                                   limits);
    EXPECT_EQ(outcome.text, "abcd");
    EXPECT_EQ(outcome.error, Errc::limit);
    EXPECT_EQ(decode({delta("abcde") + stop + done}, limits).error, Errc{});
    EXPECT_EQ(decode({"{\"choices\":[{\"message\":{\"content\":\"abcdef\"}}]}"}, limits).text, "abcde");
    EXPECT_EQ(decode({"{" + std::string(2000, ' ')}, limits).error, Errc::limit);
}

TEST(OpenAiStream, TakesALongLineAndReportsOneThatIsTooLong) {
    const std::string text(900 * 1024, 'x');
    EXPECT_EQ(decode({delta(text) + stop + done}).text, text);
    const Outcome outcome = decode({delta("a") + delta(std::string(1024 * 1024, 'x')) + done});
    EXPECT_EQ(outcome.text, "a");
    EXPECT_EQ(outcome.error, Errc::unavailable);
}

TEST(OpenAiStream, GivesTheSameAnswerHoweverTheBytesAreCut) {
    const std::string samples[] = {
        role + delta("H\xC3\xA9l\\ud83d") + ": ping\n\n" + delta("\\ude00 \xF0\x9F\x98\x80") + stop + usage +
            done,
        "\xEF\xBB\xBF" + delta("a") + "data: {bad\r\n\r\n" + delta("b\xFF") +
            "data: {\"error\":{\"message\":\"m\"}}\n\n",
        "\r\n{\"choices\":[{\"message\":{\"content\":\"Hello \\ud83d\\ude00\"},\"finish_reason\":\"stop\"}]}",
        delta("a") + "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}",
    };
    for (const std::string& sample : samples) {
        Outcome whole = decode({sample});
        for (std::size_t cut = 0; cut <= sample.size(); ++cut)
            ASSERT_EQ(decode({sample.substr(0, cut), sample.substr(cut)}), whole) << "cut at " << cut;
        for (std::size_t size = 1; size < 10; ++size) {
            std::vector<std::string> pieces;
            for (std::size_t at = 0; at < sample.size(); at += size)
                pieces.push_back(sample.substr(at, size));
            ASSERT_EQ(decode(pieces), whole) << "pieces of " << size;
        }
    }
}

TEST(OpenAiStream, MayBeDestroyedByTheReceiverOfText) {
    class Destroyer final : public StreamDecoder::Text {
    public:
        bool on_text(std::string_view) override {
            decoder.reset();
            return false;
        }
        std::unique_ptr<StreamDecoder> decoder = std::make_unique<StreamDecoder>(StreamLimits{});
    };
    for (const std::string& bytes :
         {delta("a") + delta("b") + done, delta("\\ud83d\\ude00\xFF") + delta("b") + done}) {
        Destroyer destroyer;
        EXPECT_FALSE(destroyer.decoder->feed(bytes, destroyer));
    }
}

}  // namespace chatbox::llm::openai
