#include "session_query.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"

namespace chatbox::net {

using namespace std::chrono_literals;
using store::SessionQuery;
using store::SessionSort;

namespace {

constexpr std::size_t longest_text = 255;
constexpr std::int64_t longest_share = 10LL * 366 * 24 * 3600;  // seconds

constexpr std::array<std::pair<std::string_view, SessionSort>, 7> sorts{
    {{"start_time", SessionSort::start_time},
     {"end_time", SessionSort::end_time},
     {"message_count", SessionSort::message_count},
     {"total_tokens", SessionSort::total_tokens},
     {"user_id", SessionSort::user_id},
     {"last_activity", SessionSort::last_activity},
     {"duration", SessionSort::duration}}};

// A value to show to whoever sent it.
std::string quoted(std::string_view value) {
    return "\"" + base::to_valid_utf8(value.substr(0, longest_text)) + "\"";
}

BadParameter too_long(std::string_view name) {
    return {std::string(name) + " exceeds maximum length of 255 characters"};
}

// Something that is wrong with the text parameter of this name, if there is.
std::optional<BadParameter> check_text(std::string_view name, std::string_view value) {
    if (value.size() > longest_text) return too_long(name);
    if (!base::is_valid_utf8(value)) return BadParameter{std::string(name) + " is not valid UTF-8"};
    return std::nullopt;
}

std::optional<BadParameter> read_sort(const HttpRequest& request, SessionQuery& query) {
    // Only a parameter that is not there takes the default: an empty one is wrong.
    if (const auto by = request.find_parameter("sort_by")) {
        const auto* const known =
            std::find_if(sorts.begin(), sorts.end(), [&](const auto& sort) { return sort.first == *by; });
        if (known == sorts.end()) {
            // The original's text. last_activity and duration came later, for the pages.
            return BadParameter{"invalid sort_by field " + quoted(*by) +
                                "; allowed: start_time, end_time, message_count, total_tokens, user_id"};
        }
        query.sort = known->second;
    }
    if (const auto order = request.find_parameter("sort_order")) {
        if (*order != "asc" && *order != "desc") {
            return BadParameter{"invalid sort_order " + quoted(*order) + "; allowed: asc, desc"};
        }
        query.descending = *order == "desc";
    }
    return std::nullopt;
}

// The first of two names of a parameter that has a value.
std::string_view either(const HttpRequest& request, std::string_view name, std::string_view alias) {
    const std::string_view value = request.parameter(name);
    return value.empty() ? request.parameter(alias) : value;
}

const BadParameter bad_time{"Invalid time format, expected RFC3339"};

std::optional<BadParameter> read_start_range(const HttpRequest& request, SessionQuery& query) {
    if (const auto text = either(request, "start_time_from", "start_time"); !text.empty()) {
        const auto time = parse_time(text, DayEdge::start);
        if (!time) return bad_time;
        query.start_from = time->time;
    }
    if (const auto text = either(request, "start_time_to", "end_time"); !text.empty()) {
        const auto time = parse_time(text, DayEdge::end);
        if (!time) return bad_time;
        query.start_to = time->time;
    }
    if (query.start_from && query.start_to && *query.start_to < *query.start_from) {
        return BadParameter{"start_time_to must not be before start_time_from"};
    }
    return std::nullopt;
}

void read_status(const HttpRequest& request, SessionQuery& query) {
    const std::string_view status = request.parameter("status");
    if (status == "active" || status == "ended") query.active = status == "active";
}

void read_page(const HttpRequest& request, SessionQuery& query) {
    query.limit = list_limit(request.parameter("limit"), default_rows, most_rows);
    query.offset = list_offset(request.parameter("offset"));
}

std::optional<BadParameter> read_search(const HttpRequest& request, SessionQuery& query) {
    const std::string_view text = request.parameter("q");
    if (auto wrong = check_text("q", text)) return wrong;
    query.name_contains = text;
    return std::nullopt;
}

// A whole number from `least` to `most` and nothing else.
std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size() || value < least || value > most) {
        return std::nullopt;
    }
    return value;
}

// 60 and 60.0 are the same number in JSON.
std::optional<std::int64_t> whole_number(const boost::json::value& value) {
    if (const std::int64_t* const number = value.if_int64()) return *number;
    const double* const number = value.if_double();
    if (number == nullptr || std::trunc(*number) != *number || std::abs(*number) > 1e15) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

}  // namespace

std::variant<SessionQuery, BadParameter> read_admin_query(const HttpRequest& request) {
    SessionQuery query;
    if (const auto user = request.parameter("user_id"); !user.empty()) {
        if (auto wrong = check_text("user_id", user)) return *wrong;
        query.user = model::UserId(std::string(user));
    }
    read_status(request, query);
    if (const auto assisted = request.parameter("admin_assisted"); !assisted.empty()) {
        query.admin_assisted = assisted == "true";
    }
    if (auto wrong = read_start_range(request, query)) return *wrong;
    if (auto wrong = read_sort(request, query)) return *wrong;
    if (auto wrong = read_search(request, query)) return *wrong;
    read_page(request, query);
    return query;
}

std::variant<SessionQuery, BadParameter> read_user_query(const HttpRequest& request, model::UserId user) {
    SessionQuery query;
    query.user = std::move(user);
    read_status(request, query);
    if (auto wrong = read_search(request, query)) return *wrong;
    read_page(request, query);
    return query;
}

std::variant<Period, BadParameter> read_period(const HttpRequest& request, base::Time now) {
    Period period{{now - 24h, 0}, {now, 0}};
    if (const auto text = request.parameter("start_time"); !text.empty()) {
        const auto time = parse_time(text, DayEdge::start);
        if (!time) return bad_time;
        period.from = *time;
    }
    if (const auto text = request.parameter("end_time"); !text.empty()) {
        const auto time = parse_time(text, DayEdge::end);
        if (!time) return bad_time;
        period.to = *time;
    }
    if (period.to.time < period.from.time) return BadParameter{"end_time must not be before start_time"};
    return period;
}

std::variant<chat::EventRange, BadParameter> read_event_range(const HttpRequest& request) {
    constexpr std::uint64_t greatest = std::numeric_limits<std::int64_t>::max();
    chat::EventRange range;
    for (const auto& [name, place] : {std::pair{std::string_view("after_seq"), &range.after},
                                      std::pair{std::string_view("before_seq"), &range.before}}) {
        const std::string_view text = request.parameter(name);
        if (text.empty()) continue;
        *place = whole_number(text, 0, greatest);
        if (!*place) return BadParameter{std::string(name) + " must be a whole number"};
    }
    if (const std::string_view text = request.parameter("limit"); !text.empty()) {
        const auto limit = whole_number(text, 1, most_rows);
        if (!limit) return BadParameter{"limit must be a whole number from 1 to 1000"};
        range.limit = *limit;
    }
    return range;
}

std::variant<chat::ShareOptions, BadParameter> read_share_options(std::string_view body) {
    namespace json = boost::json;
    chat::ShareOptions options;
    json::error_code ec;
    const json::value parsed = json::parse({body.data(), body.size()}, ec);
    if (ec || !parsed.is_object()) return options;
    const json::object& object = parsed.get_object();
    if (const json::value* expires = object.if_contains("expires_in"); expires && !expires->is_null()) {
        const std::optional<std::int64_t> seconds = whole_number(*expires);
        if (!seconds || *seconds < 1 || *seconds > longest_share) {
            return BadParameter{"expires_in must be a whole number of seconds from 1 to " +
                                std::to_string(longest_share)};
        }
        options.expires_in = std::chrono::seconds(*seconds);
    }
    if (const json::value* snapshot = object.if_contains("snapshot"); snapshot && !snapshot->is_null()) {
        if (!snapshot->is_bool()) return BadParameter{"snapshot must be true or false"};
        options.snapshot = snapshot->get_bool();
    }
    return options;
}

}  // namespace chatbox::net
