#pragma once
// Turns the body of a successful answer into text and an end. Pure: no clock, no socket; the outcome depends
// on the bytes only, never on how they were cut. What the events mean is the vendor's EventReader's business;
// what is here is common to all.
//
// What it takes: an event stream, with or without blank lines between the events, a byte order mark,
// comments, CRLF; an error object in mid-stream; and one whole JSON answer from a server that does not
// stream. Events that are not JSON or mean nothing to us are skipped.
//
// The text that comes out is valid UTF-8. A character that the server cut into two deltas by UTF-16 units
// (the halves of an emoji, "\ud83d" and "\ude00") comes out whole with the second delta; a half or a byte
// that stays alone comes out as U+FFFD.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/provider.h"
#include "llm/sse_decoder.h"
#include "llm/vendor/event_reader.h"

namespace chatbox::llm::vendor {

class SurrogateJoiner;

struct StreamLimits {
    std::size_t max_line_bytes = 1024 * 1024;        // of one line of the stream; an event may have four
    std::size_t max_answer_bytes = 4 * 1024 * 1024;  // of the text; all that fits is still handed over
};

class StreamDecoder {
public:
    // Receives the text. False: no more is wanted; the receiver may have destroyed the decoder.
    class Text {
    public:
        virtual ~Text() = default;
        virtual bool on_text(std::string_view piece) = 0;  // not empty; good during the call
    };
    using End = base::Result<AnswerEnd>;

    StreamDecoder(StreamLimits limits, std::unique_ptr<EventReader> reader);
    ~StreamDecoder();
    StreamDecoder(const StreamDecoder&) = delete;
    StreamDecoder& operator=(const StreamDecoder&) = delete;

    // Takes the next bytes of the body. The end, if they brought it: the end mark, an error of the vendor's,
    // or a limit. Nothing may be fed after an end.
    std::optional<End> feed(std::string_view bytes, Text& text);

    // The body has ended. An answer without an end mark is whole if a finish_reason came. Null only if `text`
    // wanted no more.
    std::optional<End> finish(Text& text);

    // What the vendor has said of its tokens so far, and of its state. Also after an error.
    const AnswerEnd& known() const { return answer_; }
    // The status that an error of the vendor's in the body named; 0: none.
    int error_status() const { return error_status_; }

private:
    enum class Kind { unknown, events, json };
    enum class Go {
        on,
        ended,  // end_ is set
        gone,   // the receiver wants no more: touch nothing of this object
    };
    enum class Repaired { no, yes };

    Go on_event(std::string_view data, Text& text);
    Go on_line(std::string_view line, Text& text);
    Go on_object(const VendorEvent& event, Repaired repaired, Text& text);
    Go read_whole_answer(Text& text);
    Go emit(std::string_view piece, Text& text);
    Go end_normally(Text& text);
    Go end_with(base::Errc code, std::string detail);
    void note_usage(const Usage& usage);
    std::optional<End> take_end(Go go);
    std::optional<End> end_of(SseStatus status, Go go);
    End line_too_long() const;
    std::optional<End> feed_whole_answer(std::string_view bytes);

    StreamLimits limits_;
    Kind kind_ = Kind::unknown;
    std::size_t leading_bytes_ = 0;  // that came while the kind was unknown
    SseDecoder sse_;
    std::unique_ptr<EventReader> reader_;
    std::unique_ptr<SurrogateJoiner> joiner_;  // made when a cut character comes, which is rare
    std::string body_;                         // of an answer that is not streamed
    std::size_t answer_bytes_ = 0;
    std::size_t unreadable_events_ = 0;
    AnswerEnd answer_;
    int error_status_ = 0;
    std::optional<End> end_;
};

}  // namespace chatbox::llm::vendor
