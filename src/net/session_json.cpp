#include "session_json.h"

#include <algorithm>
#include <chrono>

#include "wire/server_frame.h"

namespace chatbox::net {

using wire::JsonWriter;

namespace {

void write_summary(JsonWriter& json, const model::Session& session, base::Time now) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(model::duration(session, now));
    json.begin_object();
    json.field("id", session.id.str()).field("session_id", session.id.str());
    json.field("user_id", session.user.str()).field("name", session.name);
    json.field("last_activity", base::format_rfc3339(session.last_activity));
    json.field("message_count", session.message_count).field("admin_assisted", session.admin_assisted);
    json.field("start_time", base::format_rfc3339(session.start));
    if (session.end) json.field("end_time", base::format_rfc3339(*session.end));
    json.field("is_active", !session.end.has_value());
    json.field("duration", std::int64_t{seconds.count()});
    json.field("total_tokens", session.total_tokens).field("max_response_time", session.max_response_ms);
    json.field("avg_response_time", session.avg_response_ms);
    json.field("control", model::to_string(session.control)).field("help_requested", session.help_requested);
    json.optional_field("assisting_admin_name", session.assisting_admin_name);
    json.optional_field("model_id", session.model.str());
    if (model::is_shared(session, now)) {
        json.field("share_token", session.share_token);
        if (session.share_expires) {
            json.field("share_expires_at", base::format_rfc3339(*session.share_expires));
        }
    }
    json.end_object();
}

}  // namespace

void write_sessions(JsonWriter& json, const std::vector<model::Session>& sessions, base::Time now) {
    json.key("sessions").begin_array();
    for (const auto& session : sessions) write_summary(json, session, now);
    json.end_array();
}

void write_transcript(JsonWriter& json, const chat::Transcript& transcript) {
    const model::Session& session = transcript.session;
    json.field("session_id", session.id.str()).field("name", session.name);
    json.field("model_id", session.model.str()).field("is_active", !session.end.has_value());
    json.field("last_seq", session.last_seq).field("control", model::to_string(session.control));
    json.optional_field("assisting_admin_name", session.assisting_admin_name);
    // Who came and went stands apart: clients of the original take everything in `messages` for something
    // said.
    for (const bool notices : {false, true}) {
        json.key(notices ? "notices" : "messages").begin_array();
        for (const auto& event : transcript.events) {
            if (model::is_notice(event.message.kind) == notices) wire::write_stored_message(json, event);
        }
        json.end_array();
    }
}

namespace {

// What a page needs to show a file. The rest of the metadata is between the client and the server.
void write_file_metadata(JsonWriter& json, const model::Metadata& metadata) {
    bool any = false;
    for (const char* key : {"duration", "filename", "size", "type"}) {
        const auto found = metadata.find(key);
        if (found == metadata.end()) continue;
        if (!any) json.key("metadata").begin_object();
        any = true;
        json.field(key, found->second);
    }
    if (any) json.end_object();
}

}  // namespace

void write_shared(JsonWriter& json, const chat::Transcript& transcript) {
    json.field("session_id", transcript.session.id.str()).field("name", transcript.session.name);
    json.key("messages").begin_array();
    for (const auto& [seq, message] : transcript.events) {
        // Notices name members of the staff.
        if (model::is_notice(message.kind)) continue;
        json.begin_object().field("content", message.content);
        json.field("timestamp", base::format_rfc3339(message.at));
        json.field("sender", model::to_string(message.sender));
        json.optional_field("file_id", message.file_id).optional_field("file_url", message.file_url);
        if (message.kind != model::MessageKind::text) write_file_metadata(json, message.metadata);
        json.end_object();
    }
    json.end_array();
}

}  // namespace chatbox::net
