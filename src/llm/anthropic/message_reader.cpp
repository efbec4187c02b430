#include "message_reader.h"

#include <algorithm>

namespace chatbox::llm::anthropic {

namespace json = boost::json;
using vendor::object_in;
using vendor::text_in;

namespace {

void raise(std::optional<std::uint64_t>& count, std::optional<std::uint64_t> to) {
    if (to) count = std::max(count.value_or(0), *to);
}

}  // namespace

const vendor::VendorEvent* MessageReader::read(std::string_view text) {
    event_ = {};
    const json::value* value = json_.read(text);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) return &event_;
    const json::object& object = value->get_object();
    const std::string_view type = text_in(object, "type");
    if (type == "content_block_delta") {
        const json::object& delta = object_in(object, "delta");
        // A thought (thinking_delta) has its text elsewhere and is not part of the answer.
        event_.text = text_in(delta, "text");
    } else if (type == "content_block_start") {
        event_.text = text_in(object_in(object, "content_block"), "text");
    } else if (type == "message_start") {
        read_usage(object_in(object_in(object, "message"), "usage"));
    } else if (type == "message_delta") {
        event_.finish_reason = text_in(object_in(object, "delta"), "stop_reason");
        read_usage(object_in(object, "usage"));
    } else if (type == "message_stop") {
        event_.is_end = true;
    } else if (type == "message") {
        read_whole(object);
    } else if (type == "error" || object.contains("error")) {
        read_error(object);
    }
    return &event_;
}

void MessageReader::read_whole(const json::object& message) {
    const json::value* content = message.if_contains("content");
    if (content == nullptr || !content->is_array()) return;
    text_.clear();
    for (const json::value& block : content->get_array()) {
        if (!block.is_object()) continue;
        event_.has_answer = true;
        if (text_in(block.get_object(), "type") == "text") text_ += text_in(block.get_object(), "text");
    }
    event_.text = text_;
    event_.finish_reason = text_in(message, "stop_reason");
    read_usage(object_in(message, "usage"));
}

void MessageReader::read_error(const json::object& object) {
    const json::object& error = object_in(object, "error");
    event_.has_error = true;
    event_.error.type = text_in(error, "type");
    event_.error.message = text_in(error, "message");
}

// input_tokens does not include what was written to the cache or read from it.
void MessageReader::read_usage(const json::object& usage) {
    raise(input_, vendor::count_in(usage, "input_tokens"));
    raise(cache_creation_, vendor::count_in(usage, "cache_creation_input_tokens"));
    raise(cache_read_, vendor::count_in(usage, "cache_read_input_tokens"));
    raise(output_, vendor::count_in(usage, "output_tokens"));
    event_.has_usage = input_ || output_;
    if (input_) event_.usage.prompt_tokens = *input_ + cache_creation_.value_or(0) + cache_read_.value_or(0);
    event_.usage.completion_tokens = output_;
    event_.usage.cached_tokens = cache_read_;
    if (input_ && output_) event_.usage.total_tokens = *event_.usage.prompt_tokens + *output_;
}

}  // namespace chatbox::llm::anthropic
