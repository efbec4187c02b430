#pragma once
// The pieces that the table of settings is put together from.
#include <vector>

#include "server/config_table.h"

namespace chatbox::server {

std::vector<Setting> server_settings();
std::vector<Setting> auth_settings();
std::vector<Setting> chat_settings();
std::vector<Setting> integration_settings();

// A place in Config by its member pointers: at<&Config::server, &Config::Server::port>.
template <auto First, auto... Rest, class Object>
auto& walk(Object& object) {
    if constexpr (sizeof...(Rest) == 0) {
        return object.*First;
    } else {
        return walk<Rest...>(object.*First);
    }
}

template <auto... Path>
Slot at(Config& config) {
    return &walk<Path...>(config);
}

// The same in row `row` of the vector that the first two member pointers lead to.
template <auto Part, auto Rows, auto Field>
Slot in_row(Config& config, std::size_t row) {
    return &(((config.*Part).*Rows)[row].*Field);
}

template <auto Part, auto Rows>
void resize_rows(Config& config, std::size_t rows) {
    ((config.*Part).*Rows).resize(rows);
}

// Rules that many settings share.
inline ValueRule whole(std::int64_t min, std::int64_t max) {
    return {.kind = Kind::integer, .min = min, .max = max};
}
inline ValueRule bytes(std::int64_t min, std::int64_t max) {
    return {.kind = Kind::bytes, .min = min, .max = max};
}
inline ValueRule duration(Millis min, Millis max) {
    return {.kind = Kind::duration, .min = min.count(), .max = max.count()};
}
inline ValueRule yes_or_no() {
    return {.kind = Kind::boolean};
}
inline ValueRule any_text() {
    return {};
}
inline ValueRule any_list() {
    return {.kind = Kind::list};
}
inline ValueRule secret_text() {
    return {.secrecy = Secrecy::secret};
}

}  // namespace chatbox::server
