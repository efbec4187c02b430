#include "edit_distance.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace chatbox::server {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

namespace {

std::string_view last_part(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

// A key under the wrong heading is nearer than one that merely looks alike.
std::size_t remoteness(std::string_view name, std::string_view known) {
    const std::size_t whole = edit_distance(name, known);
    const std::size_t last = edit_distance(last_part(name), last_part(known));
    return last <= 1 && last_part(known).size() >= 4 ? std::min(whole, 2 + last) : whole;
}

}  // namespace

std::string nearest(std::string_view name, const std::set<std::string>& names) {
    constexpr std::size_t longest = 120;  // longer than any setting; the search takes its square
    name = name.substr(0, longest);
    return *std::ranges::min_element(names, {},
                                     [&](const std::string& known) { return remoteness(name, known); });
}

}  // namespace chatbox::server
