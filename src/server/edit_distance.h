#pragma once
// The nearest name to a misspelt one.
#include <set>
#include <string>
#include <string_view>

namespace chatbox::server {

// Characters to insert, delete or replace (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b);

// Of several equally near ones the first; `names` is not empty.
std::string nearest(std::string_view name, const std::set<std::string>& names);

}  // namespace chatbox::server
