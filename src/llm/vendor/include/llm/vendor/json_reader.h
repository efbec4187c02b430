#pragma once
// For readers of vendors whose events are few enough to be read as a tree.
#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

namespace chatbox::llm::vendor {

// Reads one JSON text after the other; what the parser needs for itself is used again. (Boost's
// monotonic_resource would be the wrong memory for the values: it doubles with each text, for ever.)
class JsonReader {
public:
    // Good until the next call; null if it is not one JSON value of valid UTF-8.
    const boost::json::value* read(std::string_view json);

private:
    boost::json::stream_parser parser_;
    boost::json::value value_;
};

// Parts of a tree whose shape is not ours to trust: what is missing or of another type is empty.
const boost::json::object& object_in(const boost::json::object& in, std::string_view key);
std::string_view text_in(const boost::json::object& in, std::string_view key);
std::optional<std::uint64_t> count_in(const boost::json::object& in, std::string_view key);

}  // namespace chatbox::llm::vendor
