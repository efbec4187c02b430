#include "llm/vendor/stream_decoder.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "llm/vendor/error_class.h"
#include "llm/vendor/json_repair.h"

namespace chatbox::llm::vendor {

using base::Errc;
using base::Error;

namespace {

constexpr std::string_view json_space = " \t\r\n";

std::string_view trim(std::string_view text) {
    const auto from = text.find_first_not_of(json_space);
    if (from == text.npos) return {};
    return text.substr(from, text.find_last_not_of(json_space) - from + 1);
}

std::string detail_of(const VendorError& error) {
    std::string detail = "error of the vendor in the answer:";
    for (const std::string_view field : {error.type, error.code, error.message})
        if (!field.empty()) detail.append(" ").append(field);
    if (error.status != 0) detail.append(" (").append(std::to_string(error.status)).append(")");
    return detail;
}

// Servers exist that send a count of zero where they mean that they did not count.
void lay_over(std::optional<std::uint64_t>& count, const std::optional<std::uint64_t>& later) {
    if (later && (*later != 0 || !count)) count = later;
}

}  // namespace

StreamDecoder::StreamDecoder(StreamLimits limits, std::unique_ptr<EventReader> reader)
    : limits_(limits),
      sse_({.max_line_bytes = limits.max_line_bytes, .max_event_bytes = 4 * limits.max_line_bytes}),
      reader_(std::move(reader)) {}

StreamDecoder::~StreamDecoder() = default;

std::optional<StreamDecoder::End> StreamDecoder::feed(std::string_view bytes, Text& text) {
    if (kind_ == Kind::unknown) {
        // No event stream begins with a brace, and no JSON answer with anything else. White space and a byte
        // order mark in front say nothing, even one byte at a time.
        const auto first = std::min(bytes.find_first_not_of("\xEF\xBB\xBF \t\r\n"), bytes.size());
        leading_bytes_ += first;
        if (leading_bytes_ > limits_.max_line_bytes) return line_too_long();
        if (first != bytes.size()) kind_ = bytes[first] == '{' ? Kind::json : Kind::events;
        if (kind_ == Kind::json) bytes.remove_prefix(first);
    }
    if (kind_ == Kind::json) return feed_whole_answer(bytes);
    Go go = Go::on;
    const SseStatus status = sse_.feed(bytes, [&](const SseEvent& event) {
        go = on_event(event.data, text);
        return go == Go::on;
    });
    if (status == SseStatus::more) return std::nullopt;
    return end_of(status, go);
}

std::optional<StreamDecoder::End> StreamDecoder::finish(Text& text) {
    if (kind_ == Kind::json) return take_end(read_whole_answer(text));
    Go go = Go::on;
    const SseStatus status = sse_.finish([&](const SseEvent& event) {
        go = on_event(event.data, text);
        return go == Go::on;
    });
    if (status != SseStatus::more) return end_of(status, go);
    if (!answer_.finish_reason.empty()) return take_end(end_normally(text));
    std::string detail = "the answer ended early";
    if (unreadable_events_ > 0) detail += "; unreadable events: " + std::to_string(unreadable_events_);
    return Error{Errc::unavailable, std::move(detail)};
}

std::optional<StreamDecoder::End> StreamDecoder::take_end(Go go) {
    if (go != Go::ended) return std::nullopt;
    return std::exchange(end_, std::nullopt);
}

std::optional<StreamDecoder::End> StreamDecoder::end_of(SseStatus status, Go go) {
    if (status == SseStatus::stopped) return take_end(go);
    return line_too_long();
}

StreamDecoder::End StreamDecoder::line_too_long() const {
    return Error{Errc::unavailable, "the stream holds a line of more than " +
                                        std::to_string(limits_.max_line_bytes) +
                                        " bytes, or an event of several times that"};
}

StreamDecoder::Go StreamDecoder::on_event(std::string_view data, Text& text) {
    const std::string_view json = trim(data);
    if (json.find('\n') == json.npos) return on_line(json, text);
    if (const VendorEvent* event = reader_->read(json)) return on_object(*event, Repaired::no, text);
    // A server that puts no blank line between its events: each line is one.
    for (std::size_t from = 0; from < json.size();) {
        const std::size_t end = std::min(json.find('\n', from), json.size());
        if (const Go go = on_line(trim(json.substr(from, end - from)), text); go != Go::on) return go;
        from = end + 1;
    }
    return Go::on;
}

StreamDecoder::Go StreamDecoder::on_line(std::string_view line, Text& text) {
    if (line.empty()) return Go::on;
    if (line == "[DONE]") return end_normally(text);
    if (const VendorEvent* event = reader_->read(line)) return on_object(*event, Repaired::no, text);
    if (const auto repaired = repair_json(line))
        if (const VendorEvent* event = reader_->read(*repaired))
            return on_object(*event, Repaired::yes, text);
    ++unreadable_events_;
    return Go::on;
}

StreamDecoder::Go StreamDecoder::on_object(const VendorEvent& event, Repaired repaired, Text& text) {
    if (event.has_usage) note_usage(event.usage);
    if (!event.state.empty()) answer_.state.assign(event.state);
    if (event.has_error) {
        error_status_ = status_of(event.error);
        return end_with(errc_of(event.error), detail_of(event.error));
    }
    if (!event.finish_reason.empty()) answer_.finish_reason.assign(event.finish_reason);
    const bool is_end = event.is_end;  // the receiver of the text may destroy us, and the reader with us
    if (!event.text.empty()) {
        Go go = Go::on;
        if (repaired == Repaired::no && !joiner_) {
            go = emit(event.text, text);
        } else {
            if (!joiner_) joiner_ = std::make_unique<SurrogateJoiner>();
            const std::string joined = joiner_->join(event.text, repaired == Repaired::yes);
            go = emit(joined, text);
        }
        if (go != Go::on) return go;
    }
    return is_end ? end_normally(text) : Go::on;
}

void StreamDecoder::note_usage(const Usage& usage) {
    lay_over(answer_.usage.prompt_tokens, usage.prompt_tokens);
    lay_over(answer_.usage.completion_tokens, usage.completion_tokens);
    lay_over(answer_.usage.total_tokens, usage.total_tokens);
    lay_over(answer_.usage.cached_tokens, usage.cached_tokens);
}

StreamDecoder::Go StreamDecoder::emit(std::string_view piece, Text& text) {
    const std::size_t room = limits_.max_answer_bytes - answer_bytes_;
    const std::size_t size = piece.size() <= room ? piece.size() : base::utf8_floor(piece, room);
    answer_bytes_ += size;
    if (size > 0 && !text.on_text(piece.substr(0, size))) return Go::gone;
    if (size == piece.size()) return Go::on;
    return end_with(Errc::limit,
                    "the answer is longer than " + std::to_string(limits_.max_answer_bytes) + " bytes");
}

StreamDecoder::Go StreamDecoder::end_normally(Text& text) {
    if (joiner_)
        if (const Go go = emit(joiner_->rest(), text); go != Go::on) return go;
    end_ = answer_;
    return Go::ended;
}

StreamDecoder::Go StreamDecoder::end_with(Errc code, std::string detail) {
    end_ = Error{code, std::move(detail)};
    return Go::ended;
}

std::optional<StreamDecoder::End> StreamDecoder::feed_whole_answer(std::string_view bytes) {
    // JSON may need more bytes than the text that it holds: quotes and control characters are escaped.
    const std::size_t limit = limits_.max_line_bytes + 2 * limits_.max_answer_bytes;
    if (body_.size() + bytes.size() > limit)
        return Error{Errc::limit, "the answer is longer than " + std::to_string(limit) + " bytes"};
    body_.append(bytes);
    return std::nullopt;
}

StreamDecoder::Go StreamDecoder::read_whole_answer(Text& text) {
    Repaired repaired = Repaired::no;
    const VendorEvent* answer = reader_->read(body_);
    if (answer == nullptr) {
        if (auto better = repair_json(body_)) {
            body_ = std::move(*better);
            repaired = Repaired::yes;
            answer = reader_->read(body_);
        }
    }
    if (answer == nullptr) return end_with(Errc::unavailable, "the answer is not JSON, or ended early");
    if (!answer->has_error && !answer->has_answer)
        return end_with(Errc::rejected, std::string(reader_->missing_answer()));
    if (const Go go = on_object(*answer, repaired, text); go != Go::on) return go;
    return end_normally(text);
}

}  // namespace chatbox::llm::vendor
