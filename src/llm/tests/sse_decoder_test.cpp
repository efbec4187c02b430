#include "llm/sse_decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace chatbox::llm {

using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

struct Event {
    std::string type;
    std::string data;
    std::string id;
    friend bool operator==(const Event&, const Event&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Event& e) {
        return out << e.type << "|" << e.data << "|" << e.id;
    }
};

struct Outcome {
    std::vector<Event> events;
    SseStatus status = SseStatus::more;
    std::optional<std::chrono::milliseconds> retry;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

enum class AtEnd { nothing, finish };

Outcome decode(const std::vector<std::string>& chunks, SseLimits limits = {}, AtEnd at_end = AtEnd::nothing) {
    SseDecoder decoder(limits);
    Outcome outcome;
    const auto take = [&](const SseEvent& e) {
        outcome.events.push_back({std::string(e.type), std::string(e.data), std::string(e.last_event_id)});
        return true;
    };
    for (std::string chunk : chunks) {
        outcome.status = decoder.feed(chunk, take);
        chunk.assign(chunk.size(), '#');  // a view that was kept too long would show
    }
    if (at_end == AtEnd::finish) outcome.status = decoder.finish(take);
    outcome.retry = decoder.retry();
    return outcome;
}

std::vector<Event> events_of(const std::string& stream) {
    return decode({stream}).events;
}

std::vector<std::string> in_pieces_of(std::size_t size, const std::string& text) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size(); at += size) pieces.push_back(text.substr(at, size));
    return pieces;
}

}  // namespace

TEST(SseDecoder, HandsOverTheDataOfAnEvent) {
    EXPECT_EQ(events_of("data: hello\n\n"), (std::vector<Event>{{"message", "hello", ""}}));
}

TEST(SseDecoder, RemovesOneSpaceAfterTheColonAndNoMore) {
    EXPECT_EQ(events_of("data:a\n\ndata: b\n\ndata:  c\n\n"),
              (std::vector<Event>{{"message", "a", ""}, {"message", "b", ""}, {"message", " c", ""}}));
}

TEST(SseDecoder, JoinsTheLinesOfOneEventByLineFeeds) {
    EXPECT_EQ(events_of("data: a\ndata\ndata: b\n\n"), (std::vector<Event>{{"message", "a\n\nb", ""}}));
}

TEST(SseDecoder, HandsOverAnEventOfEmptyData) {
    EXPECT_EQ(events_of("data\n\ndata:\n\ndata\ndata\n\n"),
              (std::vector<Event>{{"message", "", ""}, {"message", "", ""}, {"message", "\n", ""}}));
}

TEST(SseDecoder, IgnoresABlockWithoutData) {
    EXPECT_EQ(events_of("event: ping\n\ndata: a\n\n"), (std::vector<Event>{{"message", "a", ""}}));
}

TEST(SseDecoder, IgnoresCommentsAndUnknownFields) {
    EXPECT_EQ(events_of(": keep-alive\n\nfoo: bar\nDATA: no\ndatax: no\ndata: a\n:\n\n"),
              (std::vector<Event>{{"message", "a", ""}}));
}

TEST(SseDecoder, NamesTheEventForOneEventOnly) {
    EXPECT_EQ(events_of("event: error\ndata: a\n\ndata: b\n\n"),
              (std::vector<Event>{{"error", "a", ""}, {"message", "b", ""}}));
}

TEST(SseDecoder, RemembersTheLastEventIdUntilAnotherComes) {
    EXPECT_EQ(events_of("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"),
              (std::vector<Event>{{"message", "a", "1"}, {"message", "b", "1"}, {"message", "c", ""}}));
}

TEST(SseDecoder, IgnoresAnEventIdThatHoldsANullByte) {
    EXPECT_EQ(events_of("id: 1\ndata: a\n\nid: 2\0x\ndata: b\n\n"s),
              (std::vector<Event>{{"message", "a", "1"}, {"message", "b", "1"}}));
}

TEST(SseDecoder, TakesAReconnectionTimeOfDigitsOnly) {
    EXPECT_EQ(decode({"retry: 1500\n"}).retry, 1500ms);
    EXPECT_EQ(decode({"retry:0\n"}).retry, 0ms);
    for (const char* line : {"retry: -5\n", "retry: 1.5\n", "retry: 5s\n", "retry\n", "retry:  7\n",
                             "retry: 99999999999999999999\n"})
        EXPECT_EQ(decode({line}).retry, std::nullopt) << line;
}

TEST(SseDecoder, EndsALineAtLfAtCrAndAtCrLf) {
    EXPECT_EQ(events_of("data: a\rdata: b\r\ndata: c\n\r\ndata: d\r\r"),
              (std::vector<Event>{{"message", "a\nb\nc", ""}, {"message", "d", ""}}));
}

TEST(SseDecoder, HandsOverAnEventAtItsLastCrWithoutWaitingForAnLf) {
    EXPECT_EQ(events_of("data: a\r\r").size(), 1u);
}

TEST(SseDecoder, SkipsAByteOrderMarkAtTheStartOnly) {
    EXPECT_EQ(events_of("\xEF\xBB\xBF"
                        "data: a\n\n\xEF\xBB\xBF"
                        "data: b\n\n"),
              (std::vector<Event>{{"message", "a", ""}}));
    EXPECT_EQ(events_of("\xEF\xBB"
                        "data: a\ndata: b\n\n"),
              (std::vector<Event>{{"message", "b", ""}}));
}

TEST(SseDecoder, DropsAnUnfinishedEventUnlessAskedAtTheEnd) {
    EXPECT_EQ(events_of("data: a\n\ndata: b\n").size(), 1u);
    EXPECT_EQ(decode({"data: a\n\ndata: b"}, {}, AtEnd::finish).events,
              (std::vector<Event>{{"message", "a", ""}, {"message", "b", ""}}));
    EXPECT_EQ(decode({"data: a\n\n"}, {}, AtEnd::finish).events.size(), 1u);
}

TEST(SseDecoder, GivesTheSameEventsHoweverTheStreamIsCut) {
    const std::string samples[] = {
        "\xEF\xBB\xBF"
        "data: a\r\n\r\ndata: b\rdata: c\r\rdata: d\n\n",
        ": hi\nid: 7\nevent: x\ndata: one\ndata: two\nretry: 250\n\ndata\n\nid\ndata:  three\r\n\r\n",
        "\xEF\xBB"
        "data: x\ndata: {\"a\":\"\xF0\x9F\x98\x80\"}\n\n\n\n\r\r\r\n\ndata: [DONE]\n\n",
        "data: kept\nevent: gone\n\nevent: y\n\ndata: z\n\ndata: never finished",
    };
    for (const std::string& sample : samples) {
        const Outcome whole = decode({sample}, {}, AtEnd::finish);
        for (std::size_t a = 0; a <= sample.size(); ++a) {
            for (std::size_t b = a; b <= sample.size(); ++b) {
                ASSERT_EQ(decode({sample.substr(0, a), sample.substr(a, b - a), sample.substr(b)}, {},
                                 AtEnd::finish),
                          whole)
                    << "cut at " << a << " and " << b;
            }
        }
        for (std::size_t size = 1; size < 8; ++size)
            ASSERT_EQ(decode(in_pieces_of(size, sample), {}, AtEnd::finish), whole) << "pieces of " << size;
    }
}

TEST(SseDecoder, TakesALineOfTheLimitAndReportsOneByteMore) {
    const SseLimits limits{.max_line_bytes = 10, .max_event_bytes = 100};
    EXPECT_EQ(decode({"data: 1234\n\n"}, limits).events.size(), 1u);
    const std::string longer = "data: a\n\ndata: 12345\n\ndata: b\n\n";
    for (std::size_t size = 1; size <= longer.size(); ++size) {
        const Outcome outcome = decode(in_pieces_of(size, longer), limits);
        EXPECT_EQ(outcome.status, SseStatus::line_too_long);
        EXPECT_EQ(outcome.events, (std::vector<Event>{{"message", "a", ""}})) << "pieces of " << size;
    }
}

TEST(SseDecoder, ReportsALineThatNeverEndsBeforeItFillsTheMemory) {
    SseDecoder decoder({.max_line_bytes = 1000, .max_event_bytes = 1000});
    const std::string chunk(100, 'x');
    int taken = 0;
    while (decoder.feed(chunk, [](const SseEvent&) { return true; }) == SseStatus::more)
        ASSERT_LT(++taken, 11);
    EXPECT_EQ(taken, 10);
}

TEST(SseDecoder, ReportsAnEventOfTooManyLines) {
    const SseLimits limits{.max_line_bytes = 100, .max_event_bytes = 7};
    EXPECT_EQ(decode({"data: 123\ndata: 456\n\n"}, limits).events.size(), 1u);
    const std::string larger = "data: 123\ndata: 4567\n\n";
    for (std::size_t size = 1; size <= larger.size(); ++size) {
        const Outcome outcome = decode(in_pieces_of(size, larger), limits);
        EXPECT_EQ(outcome.status, SseStatus::event_too_large);
        EXPECT_TRUE(outcome.events.empty());
    }
    EXPECT_EQ(decode({"data: 12345678\n\n"}, limits).status, SseStatus::event_too_large);
}

TEST(SseDecoder, MayBeDestroyedByTheReceiverOfAnEvent) {
    auto decoder = std::make_unique<SseDecoder>();
    const SseStatus status = decoder->feed("data: a\n\ndata: b\n\n", [&](const SseEvent&) {
        decoder.reset();
        return false;
    });
    EXPECT_EQ(status, SseStatus::stopped);
}

TEST(SseDecoder, PointsIntoTheChunkWhenTheEventLiesWholeInIt) {
    SseDecoder decoder;
    const std::string chunk = "data: {\"a\":1}\n\n";
    bool inside = false;
    decoder.feed(chunk, [&](const SseEvent& e) { return inside = e.data.data() == chunk.data() + 6; });
    EXPECT_TRUE(inside);
}

}  // namespace chatbox::llm
