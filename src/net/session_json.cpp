#include "session_json.h"

#include <algorithm>
#include <chrono>

#include "wire/server_frame.h"

namespace chatbox::net {

using wire::JsonWriter;

namespace {

void write_summary(JsonWriter& json, const model::Session& session, base::Time now) {
    const base::Time until = session.end.value_or(now);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(until - session.start).count();
    json.begin_object();
    json.field("id", session.id.str()).field("session_id", session.id.str());
    json.field("user_id", session.user.str()).field("name", session.name);
    json.field("last_activity", base::format_rfc3339(session.last_activity));
    json.field("message_count", session.message_count).field("admin_assisted", session.admin_assisted);
    json.field("start_time", base::format_rfc3339(session.start));
    if (session.end) json.field("end_time", base::format_rfc3339(*session.end));
    json.field("is_active", !session.end.has_value());
    json.field("duration", std::max<std::int64_t>(0, seconds));
    json.field("total_tokens", session.total_tokens).field("max_response_time", session.max_response_ms);
    json.field("avg_response_time", session.avg_response_ms);
    json.optional_field("assisting_admin_name", session.assisting_admin_name);
    json.optional_field("model_id", session.model.str());
    json.end_object();
}

}  // namespace

void write_sessions(JsonWriter& json, const std::vector<model::Session>& sessions, base::Time now) {
    json.key("sessions").begin_array();
    for (const auto& session : sessions) write_summary(json, session, now);
    json.end_array();
}

void write_messages(JsonWriter& json, const std::vector<model::Event>& events) {
    json.key("messages").begin_array();
    for (const auto& event : events) wire::write_stored_message(json, event);
    json.end_array();
}

}  // namespace chatbox::net
