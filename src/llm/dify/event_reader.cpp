#include "event_reader.h"

namespace chatbox::llm::dify {

namespace json = boost::json;
using vendor::object_in;
using vendor::text_in;

const vendor::VendorEvent* EventReader::read(std::string_view text) {
    event_ = {};
    const json::value* value = json_.read(text);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) return &event_;
    const json::object& object = value->get_object();
    const std::string_view event = text_in(object, "event");
    event_.state = text_in(object, "conversation_id");
    if (event == "message" || event == "agent_message" || (event.empty() && object.contains("answer"))) {
        event_.text = text_in(object, "answer");
        event_.has_answer = !event_.text.empty();
        read_usage(object);  // a whole answer has it here
    } else if (event == "message_end") {
        event_.is_end = true;
        read_usage(object);
    } else if (event == "error" || (event.empty() && object.contains("code"))) {
        read_error(object);
    }
    return &event_;
}

void EventReader::read_error(const json::object& object) {
    event_.has_error = true;
    event_.error.code = text_in(object, "code");
    event_.error.message = text_in(object, "message");
    event_.error.status = static_cast<std::int64_t>(vendor::count_in(object, "status").value_or(0));
}

void EventReader::read_usage(const json::object& object) {
    const json::object& usage = object_in(object_in(object, "metadata"), "usage");
    event_.usage = {.prompt_tokens = vendor::count_in(usage, "prompt_tokens"),
                    .completion_tokens = vendor::count_in(usage, "completion_tokens"),
                    .total_tokens = vendor::count_in(usage, "total_tokens"),
                    .cached_tokens = std::nullopt};
    event_.has_usage = event_.usage.known();
}

}  // namespace chatbox::llm::dify
