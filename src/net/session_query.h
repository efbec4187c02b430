#pragma once
// What a list of sessions is asked for, read from query parameters (contract/http-api.md 7.7, 8). Pure.
#include <string>
#include <variant>

#include "chat/queries.h"
#include "http_types.h"
#include "query_parameters.h"

namespace chatbox::net {

// A parameter that cannot be used: a sentence for its sender.
struct BadParameter {
    std::string text;
};

constexpr std::size_t default_rows = 100;
constexpr std::size_t most_rows = 1000;

// Filters, order and page of the list that staff sees. Parameters that the contract does not name are passed
// over, as are values that it says are ignored.
std::variant<store::SessionQuery, BadParameter> read_admin_query(const HttpRequest& request);

// The same for the list of a user's own sessions, newest start first.
std::variant<store::SessionQuery, BadParameter> read_user_query(const HttpRequest& request,
                                                                model::UserId user);

// The period that metrics are asked for; by default the last 24 hours.
struct Period {
    TimeText from;
    TimeText to;
};
std::variant<Period, BadParameter> read_period(const HttpRequest& request, base::Time now);

// Which messages of a session.
std::variant<chat::EventRange, BadParameter> read_event_range(const HttpRequest& request);

// What a link is to be like, from the body of a request. A body that is not a JSON object says nothing, as in
// the original, which reads no bodies.
std::variant<chat::ShareOptions, BadParameter> read_share_options(std::string_view body);

}  // namespace chatbox::net
