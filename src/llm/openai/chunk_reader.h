#pragma once
// Reads the few fields that matter out of one JSON object of the vendor's, without building a tree of it.
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "llm/provider.h"
#include "llm/vendor/event_reader.h"

namespace chatbox::llm::openai {

// A string field. Without escapes it is a view into the JSON text, else into a buffer that is kept for the
// next one.
class TextField {
public:
    enum class Source { json_text, parser_buffer };

    void clear() { view_.reset(); }
    void add(std::string_view part, std::size_t size_so_far) {
        if (part.size() == size_so_far) buffer_.clear();  // the first part
        buffer_.append(part);
    }
    void end(std::string_view part, std::size_t size, Source source) {
        if (part.size() == size && source == Source::json_text) {
            view_ = part;
        } else {
            add(part, size);
            view_ = buffer_;
        }
    }
    bool present() const { return view_.has_value(); }
    std::string_view get() const { return view_.value_or(std::string_view()); }

private:
    std::optional<std::string_view> view_;
    std::string buffer_;
};

// What one object says. Views are good until the JSON text goes or the next object is read.
struct Chunk {
    bool has_choice = false;
    TextField content;        // of choices[0].delta, or .message when the answer was not streamed
    TextField finish_reason;  // of choices[0]
    bool has_usage = false;
    Usage usage;
    bool has_error = false;  // "error" is there and not null, or "object" is "error"
    TextField error_message;
    TextField error_type;
    TextField error_code;           // when it is a word
    std::int64_t error_status = 0;  // when it is a number
};

class ChunkReader final : public vendor::EventReader {
public:
    ChunkReader();
    const vendor::VendorEvent* read(std::string_view json) override;
    std::string_view missing_answer() const override { return "no choices in response"; }

private:
    enum class Place : std::uint8_t { nowhere, top, choices, choice, delta, usage, prompt_details, error };
    enum class Key : std::uint8_t {
        other,
        choices,
        usage,
        error,
        object,
        delta,
        message,
        finish_reason,
        content,
        prompt_tokens,
        completion_tokens,
        total_tokens,
        prompt_details,
        cached_tokens,
        type,
        code
    };

    // What a key means in an object of this place.
    static Key key_of(Place place, std::string_view name);

    // Boost.JSON calls these as it meets things (see boost::json::basic_parser).
    struct Handler {
        using error_code = boost::json::error_code;
        using string_view = boost::json::string_view;
        static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
        static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
        static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
        static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

        bool on_document_begin(error_code&) { return true; }
        bool on_document_end(error_code&) { return true; }
        bool on_object_begin(error_code&);
        bool on_object_end(std::size_t, error_code&) { return leave(); }
        bool on_array_begin(error_code&);
        bool on_array_end(std::size_t, error_code&) { return leave(); }
        bool on_key_part(string_view part, std::size_t size, error_code&);
        bool on_key(string_view part, std::size_t size, error_code&);
        bool on_string_part(string_view part, std::size_t size, error_code&);
        bool on_string(string_view part, std::size_t size, error_code&);
        bool on_number_part(string_view, error_code&) { return true; }
        bool on_int64(std::int64_t value, string_view, error_code&);
        bool on_uint64(std::uint64_t value, string_view, error_code&);
        bool on_double(double value, string_view, error_code&);
        bool on_bool(bool, error_code&) { return true; }
        bool on_null(error_code&) { return true; }
        bool on_comment_part(string_view, error_code&) { return true; }
        bool on_comment(string_view, error_code&) { return true; }

        void start(std::string_view json);
        Place here() const { return depth_ == 0 ? Place::nowhere : places_[depth_ - 1]; }
        Place place_of_object();
        void enter(Place place);
        bool leave();
        TextField* field();
        void number(std::int64_t value);

        static constexpr std::size_t max_depth = 32;  // the parser's default
        std::string_view json_;
        Chunk chunk_;
        TextField object_kind_;
        std::string key_parts_;
        Key key_ = Key::other;  // the latest; its value follows
        std::size_t depth_ = 0;
        Place places_[max_depth] = {};
    };

    boost::json::basic_parser<Handler> parser_;
    vendor::VendorEvent event_;
};

}  // namespace chatbox::llm::openai
