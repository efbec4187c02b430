#pragma once
// Writes one JSON object into a string. Frames are written far more often than read, so this does no more
// than append; the caller is trusted to give each key once.
#include <cstdint>
#include <string>
#include <string_view>

namespace chatbox::wire {

// Appends `text` with JSON's escapes (RFC 8259 section 7), without quotes. `text` is valid UTF-8.
void append_escaped(std::string& out, std::string_view text);

class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(std::uint64_t number);
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(bool flag);
    JsonWriter& value(double number);  // finite

    template <class T>
    JsonWriter& field(std::string_view name, const T& v) {
        return key(name).value(v);
    }
    // Leaves the field out when the text is empty.
    JsonWriter& optional_field(std::string_view name, std::string_view text) {
        return text.empty() ? *this : field(name, text);
    }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();

    std::string& out_;
    bool first_ = true;
};

}  // namespace chatbox::wire
