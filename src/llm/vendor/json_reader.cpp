#include "llm/vendor/json_reader.h"

namespace chatbox::llm::vendor {

namespace json = boost::json;

const json::value* JsonReader::read(std::string_view text) {
    parser_.reset();
    json::error_code ec;
    parser_.write(text.data(), text.size(), ec);
    if (!ec) parser_.finish(ec);
    if (ec) return nullptr;
    value_ = parser_.release();
    return &value_;
}

const json::object& object_in(const json::object& in, std::string_view key) {
    static const json::object none;
    const json::value* value = in.if_contains(key);
    return value != nullptr && value->is_object() ? value->get_object() : none;
}

std::string_view text_in(const json::object& in, std::string_view key) {
    const json::value* value = in.if_contains(key);
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

std::optional<std::uint64_t> count_in(const json::object& in, std::string_view key) {
    const json::value* value = in.if_contains(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
    if (value->is_double() && value->get_double() >= 0 && value->get_double() < 1e15)
        return static_cast<std::uint64_t>(value->get_double());
    return std::nullopt;
}

}  // namespace chatbox::llm::vendor
