#include "wire/server_frame.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/json_writer.h"

namespace chatbox::wire {

using model::Event;
using model::MessageKind;
using model::Sender;
using model::SessionId;
using model::TurnState;

namespace {

// Keys in the order in which a person reads them.
JsonWriter& begin(JsonWriter& json, std::string_view type, const SessionId& session) {
    return json.begin_object().field("type", type).optional_field("session_id", session.str());
}

void finish(JsonWriter& json, base::Time now) {
    json.field("timestamp", base::format_rfc3339_seconds(now)).end_object();
}

void write_models(JsonWriter& json, const std::vector<ModelChoice>& models) {
    json.key("models").begin_array();
    for (const auto& choice : models) {
        json.begin_object().field("id", choice.id.str()).field("name", choice.name).end_object();
    }
    json.end_array();
}

void write_fault(JsonWriter& json, const Fault& fault) {
    json.key("error").begin_object();
    json.field("code", to_string(fault.code)).field("message", fault.message);
    json.field("recoverable", is_recoverable(fault.code));
    if (fault.retry_after.count() > 0) {
        json.field("retry_after", static_cast<std::int64_t>(fault.retry_after.count()));
    }
    json.end_object();
}

// How an answer ended, for those that read metadata only, and for old histories.
// `whole`: a client of version 2 is told that this is not a piece.
enum class Whole { silent, said };

void write_metadata(JsonWriter& json, const model::Message& message, Whole whole) {
    const bool marked = message.sender == Sender::ai && message.status != TurnState::done;
    const bool said = whole == Whole::said && message.sender == Sender::ai;
    if (message.metadata.empty() && !marked && !said) return;
    json.key("metadata").begin_object();
    for (const auto& [key, value] : message.metadata) {
        if (!(marked && key == "status") && !(said && key == "streaming")) json.field(key, value);
    }
    if (said) json.field("streaming", "false");
    if (marked) json.field("status", to_string(message.status));
    json.end_object();
}

std::string_view event_type(const model::Message& message) {
    switch (message.kind) {
        case MessageKind::file:
            return "file_upload";
        case MessageKind::voice:
            return "voice_message";
        case MessageKind::help:
            return "help_request";
        case MessageKind::join:
            return "admin_join";
        case MessageKind::leave:
            return "admin_leave";
        case MessageKind::text:
            break;
    }
    return message.sender == Sender::ai ? "ai_response" : "user_message";
}

}  // namespace

void append_connection_status(std::string& out, const ConnectionStatus& status, base::Time now) {
    JsonWriter json(out);
    begin(json, "connection_status", status.session).optional_field("user_id", status.user.str());
    json.optional_field("content", status.content).field("sender", model::to_string(status.sender));
    if (status.models != nullptr && !status.models->empty()) write_models(json, *status.models);
    finish(json, now);
}

void append_ack(std::string& out, const SessionId& session, const Event& event, base::Time now) {
    JsonWriter json(out);
    begin(json, "ack", session).optional_field("client_id", event.message.client_id.str());
    json.field("message_id", event.message.id.str()).field("seq", event.seq).field("sender", "system");
    finish(json, now);
}

void append_loading(std::string& out, const SessionId& session, const model::MessageId& answer,
                    base::Time now, Version version) {
    JsonWriter json(out);
    begin(json, "loading", session).field("sender", "ai");
    if (version == Version::v2) json.field("message_id", answer.str());
    finish(json, now);
}

void append_event(std::string& out, const SessionId& session, const Event& event, Version version) {
    const model::Message& message = event.message;
    JsonWriter json(out);
    begin(json, event_type(message), session).optional_field("content", message.content);
    json.optional_field("file_id", message.file_id).optional_field("file_url", message.file_url);
    json.optional_field("model_id", message.model.str()).field("sender", model::to_string(message.sender));
    if (version == Version::v2) {
        json.field("message_id", message.id.str()).field("seq", event.seq);
        json.optional_field("client_id", message.client_id.str());
        if (message.sender == Sender::ai) json.field("status", model::to_string(message.status));
    }
    write_metadata(json, message, version == Version::v2 ? Whole::said : Whole::silent);
    json.field("timestamp", base::format_rfc3339(message.at)).end_object();
}

void write_stored_message(JsonWriter& json, const Event& event) {
    const model::Message& message = event.message;
    json.begin_object().field("id", message.id.str()).field("seq", event.seq);
    json.field("type", event_type(message)).field("content", message.content);
    json.field("timestamp", base::format_rfc3339(message.at))
        .field("sender", model::to_string(message.sender));
    json.optional_field("file_id", message.file_id).optional_field("file_url", message.file_url);
    json.optional_field("model_id", message.model.str()).optional_field("client_id", message.client_id.str());
    if (message.sender == Sender::ai && message.status != TurnState::done) {
        json.field("status", model::to_string(message.status));
    }
    write_metadata(json, message, Whole::silent);
    json.end_object();
}

void append_done(std::string& out, const SessionId& session, const Event& event, std::uint64_t offset,
                 base::Time now, Version version) {
    const model::Message& message = event.message;
    const std::string_view status = model::to_string(message.status);
    JsonWriter json(out);
    begin(json, "ai_response", session).optional_field("model_id", message.model.str()).field("sender", "ai");
    if (version == Version::v2) {
        json.field("message_id", message.id.str()).field("offset", offset).field("seq", event.seq);
        json.field("status", status);
    }
    json.key("metadata").begin_object().field("streaming", "true").field("done", "true");
    if (version == Version::v2 || message.status != TurnState::done) json.field("status", status);
    json.end_object();
    finish(json, now);
}

void append_failed_answer(std::string& out, const SessionId& session, const Event& event, const Fault& fault,
                          base::Time now, Version version) {
    JsonWriter json(out);
    begin(json, "error", session).field("sender", "ai");
    if (version == Version::v2) {
        json.field("message_id", event.message.id.str());
        // Whoever has less of it than was kept has missed a piece.
        json.field("offset", std::uint64_t{event.message.content.size()});
        if (event.seq > 0) json.field("seq", event.seq);
        json.field("status", model::to_string(event.message.status));
    }
    write_fault(json, fault);
    finish(json, now);
}

void append_fault(std::string& out, const Fault& fault, const FaultContext& context, base::Time now,
                  Version version) {
    JsonWriter json(out);
    begin(json, "error", context.session).field("sender", "ai");
    if (version == Version::v2) json.optional_field("client_id", context.client_id.str());
    write_fault(json, fault);
    finish(json, now);
}

void append_typing(std::string& out, const SessionId& session, Sender sender, bool active, base::Time now) {
    JsonWriter json(out);
    begin(json, "typing", session).field("sender", model::to_string(sender)).field("active", active);
    finish(json, now);
}

void append_token_time(std::string& out, bool refreshed, base::Millis left, base::Time now) {
    JsonWriter json(out);
    begin(json, refreshed ? "auth_refreshed" : "token_expiring", {}).field("sender", "system");
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left).count();
    json.field("expires_in", std::int64_t{std::max<std::int64_t>(0, seconds)});
    finish(json, now);
}

void append_notification(std::string& out, const SessionId& session, std::string_view content,
                         base::Time now) {
    JsonWriter json(out);
    begin(json, "notification", session).field("sender", "system").field("content", content);
    finish(json, now);
}

void append_snapshot(std::string& out, const SessionId& session, const model::MessageId& answer,
                     std::uint64_t offset, std::string_view content, base::Time now) {
    JsonWriter json(out);
    begin(json, "snapshot", session).field("sender", "ai").field("message_id", answer.str());
    json.field("offset", offset).field("content", content);
    finish(json, now);
}

void append_reset(std::string& out, const SessionId& session, model::Seq last, base::Time now) {
    JsonWriter json(out);
    begin(json, "reset", session).field("sender", "system").field("seq", last);
    finish(json, now);
}

void append_resumed(std::string& out, const SessionId& session, model::Seq last, base::Time now) {
    JsonWriter json(out);
    begin(json, "resumed", session).field("sender", "system").field("seq", last);
    finish(json, now);
}

DeltaFrames::DeltaFrames(const SessionId& session, const model::MessageId& answer,
                         const model::ModelId& model) {
    head_ = R"({"type":"ai_response","session_id":")";
    append_escaped(head_, session.str());
    head_ += R"(","content":")";
    std::string common = R"(","model_id":")";
    append_escaped(common, model.str());
    common += R"(","sender":"ai","metadata":{"streaming":"true","done":"false"})";
    middle_v1_ = common + R"(,"timestamp":")";
    middle_v2_ = common + R"(,"message_id":")" + answer.str() + R"(","offset":)";
}

void DeltaFrames::refresh_time(base::Time now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (second == stamp_second_) return;
    stamp_second_ = second;
    stamp_ = base::format_rfc3339_seconds(now);
}

void DeltaFrames::append(std::string& out, std::string_view text, std::uint64_t offset, base::Time now,
                         Version version) {
    refresh_time(now);
    out += head_;
    append_escaped(out, text);
    if (version == Version::v1) {
        out += middle_v1_;
    } else {
        out += middle_v2_;
        std::array<char, 24> digits{};
        out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), offset).ptr);
        out += R"(,"timestamp":")";
    }
    out += stamp_;
    out += R"("})";
}

}  // namespace chatbox::wire
