#pragma once
// Rules for what a model's requests are given in addition. Each *_mistake() returns an empty text if all is
// well, else what is wrong, and never quotes a value.
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace chatbox::server {

bool is_header_name(std::string_view name);  // RFC 9110, 5.6.2

// "Name: value".
std::string header_mistake(std::string_view header);
std::pair<std::string, std::string> split_header(std::string_view header);  // a good one

// A JSON object.
std::string extra_body_mistake(std::string_view text);
boost::json::object parse_extra_body(std::string_view text);  // a good one, or an empty text

}  // namespace chatbox::server
