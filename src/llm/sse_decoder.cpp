#include "llm/sse_decoder.h"

#include <charconv>
#include <cstring>

namespace chatbox::llm {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

const char* find(const char* from, const char* end, char c) {
    const void* hit = std::memchr(from, c, static_cast<std::size_t>(end - from));
    return hit != nullptr ? static_cast<const char*>(hit) : end;
}

}  // namespace

SseDecoder::Cursor SseDecoder::open(std::string_view chunk) {
    while (bom_matched_ < byte_order_mark.size() && !chunk.empty()) {
        if (chunk.front() == byte_order_mark[bom_matched_]) {
            ++bom_matched_;
            chunk.remove_prefix(1);
        } else {
            line_.assign(byte_order_mark.substr(0, bom_matched_));
            bom_matched_ = byte_order_mark.size();
        }
    }
    return {chunk.data(), chunk.data() + chunk.size(), nullptr};
}

// Most lines end in LF: that is looked up once per line, and a CR only in front of it. So a chunk that is all
// CRs costs no more than one that is all LFs.
const char* SseDecoder::line_end(Cursor& cursor) const {
    if (cursor.next_lf == nullptr || cursor.next_lf < cursor.at)
        cursor.next_lf = find(cursor.at, cursor.end, '\n');
    return find(cursor.at, cursor.next_lf, '\r');
}

bool SseDecoder::advance(Cursor& cursor) {
    while (cursor.at != cursor.end) {
        if (after_cr_) {
            after_cr_ = false;
            if (*cursor.at == '\n') {
                ++cursor.at;
                continue;
            }
        }
        const char* end = line_end(cursor);
        std::string_view line(cursor.at, static_cast<std::size_t>(end - cursor.at));
        if (line_.size() + line.size() > limits_.max_line_bytes) {
            status_ = SseStatus::line_too_long;
            return false;
        }
        if (end == cursor.end) {
            line_.append(line);
            cursor.at = end;
            return false;
        }
        after_cr_ = *end == '\r';
        cursor.at = end + 1;
        if (!line_.empty()) {
            end_kept_line(line);
        } else if (take_line(line)) {
            return true;
        }
        if (status_ != SseStatus::more) return false;
    }
    return false;
}

// A line whose beginning came earlier, so it is not the empty one that completes an event. Its data is
// copied, because line_ is needed for the next such line.
void SseDecoder::end_kept_line(std::string_view rest) {
    line_.append(rest);
    take_line(line_);
    keep_views();
    line_.clear();
}

// Takes one line without its end. True if it completed an event.
bool SseDecoder::take_line(std::string_view line) {
    if (line.empty()) {
        if (has_data_) return true;
        type_.clear();
        return false;
    }
    const auto colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
        take_data(value);
    } else if (name == "event") {
        type_.assign(value);
    } else if (name == "id") {
        if (value.find('\0') == value.npos) last_event_id_.assign(value);
    } else if (name == "retry") {
        take_retry(value);
    }  // an empty name is a comment, any other a field that the standard says to ignore
    return false;
}

void SseDecoder::take_data(std::string_view value) {
    if (!has_data_) {
        has_data_ = true;
        data_view_ = value;
        if (value.size() > limits_.max_event_bytes) status_ = SseStatus::event_too_large;
        return;
    }
    keep_views();
    if (data_.size() + 1 + value.size() > limits_.max_event_bytes) {
        status_ = SseStatus::event_too_large;
        return;
    }
    data_.push_back('\n');
    data_.append(value);
}

void SseDecoder::take_retry(std::string_view value) {
    std::chrono::milliseconds::rep count = 0;
    const auto [at, ec] = std::from_chars(value.data(), value.data() + value.size(), count);
    // from_chars takes a minus sign, the standard digits only.
    if (ec == std::errc() && at == value.data() + value.size() && value.front() != '-')
        retry_ = std::chrono::milliseconds(count);
}

// What the event at hand points to in the chunk must outlive the chunk.
void SseDecoder::keep_views() {
    if (data_view_.empty()) return;
    data_.assign(data_view_);
    data_view_ = {};
}

bool SseDecoder::end_stream() {
    if (!line_.empty()) end_kept_line({});
    return has_data_ && status_ == SseStatus::more;
}

SseEvent SseDecoder::event() const {
    return {type_.empty() ? std::string_view("message") : std::string_view(type_),
            data_view_.empty() ? std::string_view(data_) : data_view_, last_event_id_};
}

void SseDecoder::clear_event() {
    has_data_ = false;
    data_view_ = {};
    data_.clear();
    type_.clear();
}

}  // namespace chatbox::llm
