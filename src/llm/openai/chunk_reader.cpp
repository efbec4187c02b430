#include "chunk_reader.h"

#include <algorithm>
#include <functional>

namespace chatbox::llm::openai {

namespace {

// Comparing with a literal of known length costs an instruction or two; there are a dozen keys in each chunk.
template <std::size_t N>
bool is(std::string_view name, const char (&literal)[N]) {
    return name.size() == N - 1 && std::equal(literal, literal + (N - 1), name.begin());
}

}  // namespace

ChunkReader::Key ChunkReader::key_of(Place place, std::string_view name) {
    switch (place) {
        case Place::top:
            if (is(name, "choices")) return Key::choices;
            if (is(name, "usage")) return Key::usage;
            if (is(name, "object")) return Key::object;
            if (is(name, "error")) return Key::error;
            [[fallthrough]];
        case Place::error:
            if (is(name, "message")) return Key::message;
            if (is(name, "type")) return Key::type;
            if (is(name, "code")) return Key::code;
            return Key::other;
        case Place::choice:
            if (is(name, "delta")) return Key::delta;
            if (is(name, "finish_reason")) return Key::finish_reason;
            if (is(name, "message")) return Key::message;
            return Key::other;
        case Place::delta:
            return is(name, "content") ? Key::content : Key::other;
        case Place::usage:
            if (is(name, "prompt_tokens")) return Key::prompt_tokens;
            if (is(name, "completion_tokens")) return Key::completion_tokens;
            if (is(name, "total_tokens")) return Key::total_tokens;
            if (is(name, "prompt_tokens_details")) return Key::prompt_details;
            if (is(name, "prompt_cache_hit_tokens")) return Key::cached_tokens;  // as DeepSeek has it
            return Key::other;
        case Place::prompt_details:
            return is(name, "cached_tokens") ? Key::cached_tokens : Key::other;
        case Place::choices:
        case Place::nowhere:
            return Key::other;
    }
    return Key::other;
}

ChunkReader::ChunkReader() : parser_(boost::json::parse_options{}) {}

const vendor::VendorEvent* ChunkReader::read(std::string_view json) {
    Handler& handler = parser_.handler();
    handler.start(json);
    parser_.reset();
    boost::json::error_code ec;
    const std::size_t used = parser_.write_some(false, json.data(), json.size(), ec);
    if (ec) return nullptr;
    if (json.find_first_not_of(" \t\r\n", used) != json.npos) return nullptr;
    const Chunk& chunk = handler.chunk_;
    event_.text = chunk.content.get();
    event_.finish_reason = chunk.finish_reason.get();
    event_.has_answer = chunk.has_choice;
    // As vLLM has it: {"object": "error", "message": ..., "type": ..., "code": ...}
    event_.has_error = chunk.has_error || handler.object_kind_.get() == "error";
    if (event_.has_error) {
        event_.error = {chunk.error_type.get(), chunk.error_code.get(), chunk.error_message.get(),
                        chunk.error_status};
    }
    event_.has_usage = chunk.has_usage;
    if (event_.has_usage) event_.usage = chunk.usage;
    return &event_;
}

void ChunkReader::Handler::start(std::string_view json) {
    json_ = json;
    depth_ = 0;
    key_ = Key::other;
    object_kind_.clear();
    chunk_.has_choice = chunk_.has_usage = chunk_.has_error = false;
    chunk_.usage = {};
    chunk_.error_status = 0;
    for (TextField* field : {&chunk_.content, &chunk_.finish_reason, &chunk_.error_message,
                             &chunk_.error_type, &chunk_.error_code})
        field->clear();
}

void ChunkReader::Handler::enter(Place place) {
    if (depth_ < max_depth) places_[depth_] = place;  // the parser refuses deeper ones
    ++depth_;
}

bool ChunkReader::Handler::leave() {
    --depth_;
    return true;
}

ChunkReader::Place ChunkReader::Handler::place_of_object() {
    if (depth_ == 0) return Place::top;
    switch (here()) {
        case Place::top:
            if (key_ == Key::usage) {
                chunk_.has_usage = true;
                return Place::usage;
            }
            if (key_ == Key::error) {
                chunk_.has_error = true;
                return Place::error;
            }
            return Place::nowhere;
        case Place::usage:
            return key_ == Key::prompt_details ? Place::prompt_details : Place::nowhere;
        case Place::choices: {
            const bool first = !chunk_.has_choice;
            chunk_.has_choice = true;
            return first ? Place::choice : Place::nowhere;
        }
        case Place::choice:
            return key_ == Key::delta || key_ == Key::message ? Place::delta : Place::nowhere;
        default:
            return Place::nowhere;
    }
}

bool ChunkReader::Handler::on_object_begin(error_code&) {
    enter(place_of_object());
    return true;
}

bool ChunkReader::Handler::on_array_begin(error_code&) {
    enter(here() == Place::top && key_ == Key::choices ? Place::choices : Place::nowhere);
    return true;
}

bool ChunkReader::Handler::on_key_part(string_view part, std::size_t size, error_code&) {
    if (part.size() == size) key_parts_.clear();
    key_parts_.append(part.data(), part.size());
    return true;
}

bool ChunkReader::Handler::on_key(string_view part, std::size_t size, error_code&) {
    if (part.size() == size) {
        key_ = key_of(here(), {part.data(), part.size()});
    } else {
        key_parts_.append(part.data(), part.size());
        key_ = key_of(here(), key_parts_);
    }
    return true;
}

TextField* ChunkReader::Handler::field() {
    switch (here()) {
        case Place::delta:
            return key_ == Key::content ? &chunk_.content : nullptr;
        case Place::choice:
            return key_ == Key::finish_reason ? &chunk_.finish_reason : nullptr;
        case Place::top:
            if (key_ == Key::object) return &object_kind_;
            if (key_ == Key::error) return &chunk_.error_message;
            [[fallthrough]];
        case Place::error:
            if (key_ == Key::message) return &chunk_.error_message;
            if (key_ == Key::type) return &chunk_.error_type;
            if (key_ == Key::code) return &chunk_.error_code;
            return nullptr;
        default:
            return nullptr;
    }
}

bool ChunkReader::Handler::on_string_part(string_view part, std::size_t size, error_code&) {
    if (TextField* to = field()) to->add({part.data(), part.size()}, size);
    return true;
}

bool ChunkReader::Handler::on_string(string_view part, std::size_t size, error_code&) {
    TextField* to = field();
    if (to == nullptr) return true;
    // A string with escapes comes out of a buffer of the parser's that is gone after this call.
    const std::less_equal<const char*> not_after;
    const bool in_json =
        not_after(json_.data(), part.data()) && not_after(part.data(), json_.data() + json_.size());
    to->end({part.data(), part.size()}, size,
            in_json ? TextField::Source::json_text : TextField::Source::parser_buffer);
    if (here() == Place::top && key_ == Key::error) chunk_.has_error = true;  // as Ollama has it
    return true;
}

void ChunkReader::Handler::number(std::int64_t value) {
    if (value < 0) return;
    const auto count = static_cast<std::uint64_t>(value);
    if (here() == Place::usage) {
        if (key_ == Key::prompt_tokens) chunk_.usage.prompt_tokens = count;
        if (key_ == Key::completion_tokens) chunk_.usage.completion_tokens = count;
        if (key_ == Key::total_tokens) chunk_.usage.total_tokens = count;
    }
    if ((here() == Place::usage || here() == Place::prompt_details) && key_ == Key::cached_tokens) {
        chunk_.usage.cached_tokens = count;
    } else if ((here() == Place::error || here() == Place::top) && key_ == Key::code) {
        chunk_.error_status = value;
    }
}

bool ChunkReader::Handler::on_int64(std::int64_t value, string_view, error_code&) {
    number(value);
    return true;
}

bool ChunkReader::Handler::on_uint64(std::uint64_t, string_view, error_code&) {
    return true;  // above what an int64 holds: no count of tokens
}

bool ChunkReader::Handler::on_double(double value, string_view, error_code&) {
    if (value >= 0 && value < 1e15) number(static_cast<std::int64_t>(value));
    return true;
}

}  // namespace chatbox::llm::openai
