#pragma once
// Turns the bytes of a text/event-stream into events, as the WHATWG HTML Living Standard says in "Server-sent
// events", sections "Parsing an event stream" and "Interpreting an event stream".
//
// Pure: no clock, no socket. The events depend on the bytes only, never on how they were cut into chunks (a
// CR and its LF, the three bytes of a byte order mark, a field and its colon may all arrive apart). An event
// whose lines lie whole in one chunk is handed on as views into that chunk: nothing is copied and nothing is
// allocated. Bytes are passed on as they are; whether they are valid UTF-8 is the receiver's question.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatbox::llm {

// Views that are good during the call that hands the event over.
struct SseEvent {
    std::string_view type;           // "message" unless an `event` field named another
    std::string_view data;           // the `data` lines joined by LF
    std::string_view last_event_id;  // of the latest `id` field of the stream, not of this event only
};

struct SseLimits {
    std::size_t max_line_bytes = 1024 * 1024;       // without its line end
    std::size_t max_event_bytes = 4 * 1024 * 1024;  // of the joined data of one event
};

enum class SseStatus {
    more,             // all bytes are taken
    stopped,          // on_event returned false; the decoder was not touched afterwards and is spent
    line_too_long,    // a limit is passed; the decoder stays in this state
    event_too_large,  // "
};

class SseDecoder {
public:
    explicit SseDecoder(SseLimits limits = {}) : limits_(limits) {}
    // A view that an event handed out may point into the object itself.
    SseDecoder(const SseDecoder&) = delete;
    SseDecoder& operator=(const SseDecoder&) = delete;

    // Calls `bool on_event(const SseEvent&)` for each event that `chunk` completes, in order. An on_event
    // that returns false ends the matter at once and may have destroyed the decoder.
    template <class OnEvent>
    SseStatus feed(std::string_view chunk, OnEvent on_event) {
        if (status_ != SseStatus::more) return status_;
        Cursor cursor = open(chunk);
        while (advance(cursor)) {
            if (!on_event(event())) return SseStatus::stopped;
            clear_event();
        }
        keep_views();
        return status_;
    }

    // The stream has ended. The standard drops an event that no blank line completed; vendors exist that
    // forget the last blank line, so a receiver that can judge by itself whether the data is whole may have
    // it.
    template <class OnEvent>
    SseStatus finish(OnEvent on_event) {
        if (status_ != SseStatus::more) return status_;
        if (end_stream() && !on_event(event())) return SseStatus::stopped;
        return status_;
    }

    // The reconnection time that the stream asked for with a `retry` field.
    std::optional<std::chrono::milliseconds> retry() const { return retry_; }

private:
    struct Cursor {
        const char* at;
        const char* end;
        const char* next_lf;  // the first LF at or behind `at`, `end` if there is none, null if not looked up
    };

    Cursor open(std::string_view chunk);
    // True if an event is complete. False at the end of the chunk or when a limit is passed (see status_).
    bool advance(Cursor& cursor);
    const char* line_end(Cursor& cursor) const;
    void end_kept_line(std::string_view rest);
    bool take_line(std::string_view line);
    void take_data(std::string_view value);
    void take_retry(std::string_view value);
    void keep_views();
    bool end_stream();
    SseEvent event() const;
    void clear_event();

    SseLimits limits_;
    SseStatus status_ = SseStatus::more;
    unsigned bom_matched_ = 0;  // bytes of a byte order mark seen at the start; 3 = past it
    bool after_cr_ = false;     // an LF that comes now belongs to the line end before it
    std::string line_;          // the part of an unfinished line that earlier chunks brought
    bool has_data_ = false;
    std::string_view data_view_;  // the only data line so far, while it lies in the chunk at hand
    std::string data_;            // the data otherwise
    std::string type_;
    std::string last_event_id_;
    std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace chatbox::llm
