// The golden frames of protocol/: what a client may send is read as they say, and what we send is what they
// say.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "wire/client_frame.h"
#include "wire/server_frame.h"

namespace chatbox::wire {
namespace {

namespace json = boost::json;
using base::Millis;
using model::Sender;
using model::TurnState;

json::object golden(const std::string& name) {
    std::ifstream file(std::string(CHATBOX_PROTOCOL_DIR) + "/" + name);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return json::parse(text).as_object();
}

std::string text_in(const json::value& value) {
    return std::string(value.as_string());
}

// Spells out what stands for a long string or a large object (protocol/README.md).
json::value expanded(const json::value& value) {
    if (!value.is_object()) return value;
    const json::object& object = value.get_object();
    if (const auto* count = object.if_contains("$entries")) {
        json::object entries;
        for (std::int64_t i = 0; i < count->as_int64(); ++i) entries["k" + std::to_string(i)] = "v";
        return entries;
    }
    if (const auto* repeat = object.if_contains("$repeat")) {
        const auto* then = object.if_contains("then");
        const std::string piece = text_in(then != nullptr ? *then : *repeat);
        std::string text = then != nullptr ? text_in(*repeat) : std::string();
        for (std::int64_t i = 0; i < object.at("times").as_int64(); ++i) text += piece;
        return json::value(text);
    }
    json::object out;
    for (const auto& [key, entry] : object) out[key] = expanded(entry);
    return out;
}

std::string bytes_of(const json::object& entry) {
    if (const auto* text = entry.if_contains("text")) return text_in(*text);
    return json::serialize(expanded(entry.at("frame")));
}

const std::map<ClientFrameType, std::string> client_types{{ClientFrameType::user_message, "user_message"},
                                                          {ClientFrameType::file_upload, "file_upload"},
                                                          {ClientFrameType::voice_message, "voice_message"},
                                                          {ClientFrameType::help_request, "help_request"},
                                                          {ClientFrameType::model_select, "model_select"},
                                                          {ClientFrameType::stop, "stop"},
                                                          {ClientFrameType::typing, "typing"},
                                                          {ClientFrameType::auth_refresh, "auth_refresh"}};

// What was read, with what differs from the defaults.
json::object what_was_read(const ClientFrame& frame) {
    json::object out{{"type", client_types.at(frame.type)}};
    const auto put = [&out](const char* key, const std::string& text) {
        if (!text.empty()) out[key] = text;
    };
    put("session_id", frame.session.str());
    put("content", frame.content);
    put("file_id", frame.file_id);
    put("file_url", frame.file_url);
    put("model_id", frame.model.str());
    put("client_id", frame.client_id.str());
    put("token", frame.token);
    if (frame.sender != Sender::user) out["sender"] = std::string(model::to_string(frame.sender));
    if (frame.type == ClientFrameType::typing) out["active"] = frame.active;
    if (!frame.metadata.empty()) {
        json::object metadata;
        for (const auto& [key, value] : frame.metadata) metadata[key] = value;
        out["metadata"] = metadata;
    }
    return out;
}

TEST(GoldenFrames, ThatAClientMaySendAreReadAsTheySay) {
    const json::object file = golden("client.json");
    const base::Time now = *base::parse_rfc3339(text_in(file.at("now")));
    std::set<ClientFrameType> seen;
    for (const auto& entry : file.at("accepted").as_array()) {
        const std::string name = text_in(entry.at("name"));
        const auto parsed = parse_client_frame(bytes_of(entry.as_object()), FrameLimits{}, now);
        if (const auto* refused = std::get_if<RefusedFrame>(&parsed)) {
            ADD_FAILURE() << name << " is refused: " << refused->fault.message;
            continue;
        }
        const auto& frame = std::get<ClientFrame>(parsed);
        seen.insert(frame.type);
        EXPECT_EQ(json::value(what_was_read(frame)), expanded(entry.at("reads"))) << name;
    }
    EXPECT_EQ(seen.size(), client_types.size()) << "every type has a golden frame";
}

TEST(GoldenFrames, ThatAClientMayNotSendAreRefusedAsTheySay) {
    const json::object file = golden("client.json");
    const base::Time now = *base::parse_rfc3339(text_in(file.at("now")));
    for (const auto& entry : file.at("refused").as_array()) {
        const json::object& object = entry.as_object();
        const std::string name = text_in(object.at("name"));
        const auto parsed = parse_client_frame(bytes_of(object), FrameLimits{}, now);
        const auto* refused = std::get_if<RefusedFrame>(&parsed);
        ASSERT_NE(refused, nullptr) << name << " is accepted";
        const json::object error{{"code", to_string(refused->fault.code)},
                                 {"message", refused->fault.message},
                                 {"recoverable", is_recoverable(refused->fault.code)}};
        EXPECT_EQ(json::value(error), object.at("error")) << name;
        const auto* client_id = object.if_contains("client_id");
        EXPECT_EQ(refused->client_id.str(), client_id != nullptr ? text_in(*client_id) : "") << name;
    }
}

// --- what the server sends ---

const base::Time now = *base::parse_rfc3339("2026-02-22T10:00:00Z");
const model::SessionId session{"4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a"};
const model::MessageId question_id{"91c2b7e9a1d4c3e8b5f6a7d0e1c2b3a0"};
const model::MessageId answer_id{"7a0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a"};
const model::ClientId client_id{"c1"};
const std::vector<ModelChoice> models{{model::ModelId("alpha"), "Model alpha"},
                                      {model::ModelId("beta"), "Model \"beta\""}};

model::Event question(std::string content, model::ClientId client = client_id) {
    model::Event event;
    event.seq = 1;
    event.message.id = question_id;
    event.message.content = std::move(content);
    event.message.client_id = std::move(client);
    event.message.at = now + Millis(250);
    return event;
}

model::Event answer(TurnState status) {
    model::Event event;
    event.seq = 2;
    event.message.id = answer_id;
    event.message.sender = Sender::ai;
    event.message.content = "Hi there";
    event.message.model = model::ModelId("alpha");
    event.message.status = status;
    event.message.at = now + Millis(250);
    return event;
}

model::Event file() {
    model::Event event = question("The invoice");
    event.message.kind = model::MessageKind::file;
    event.message.file_id = "f-123.pdf";
    event.message.file_url = "https://files.example.com/f-123.pdf";
    event.message.metadata = {{"filename", "a.pdf"}, {"size", "12345"}};
    return event;
}

model::Event voice() {
    model::Event event = question("", {});
    event.message.kind = model::MessageKind::voice;
    event.message.file_id = "v-1.webm";
    event.message.file_url = "https://files.example.com/v-1.webm";
    return event;
}

model::Event from_a_person() {
    model::Event event = question("I am Jane", {});
    event.seq = 3;
    event.message.sender = Sender::admin;
    event.message.metadata = {{"admin_name", "Jane Doe"}};
    return event;
}

// Who answers has changed: nobody wrote it.
model::Event change_of_control(model::MessageKind kind, model::Seq seq, std::string content) {
    model::Event event = question(std::move(content), {});
    event.seq = seq;
    event.message.kind = kind;
    if (kind == model::MessageKind::help) return event;
    event.message.sender = Sender::admin;
    event.message.metadata = {{"admin_id", "adm-1"}, {"admin_name", "Jane Doe"}};
    return event;
}

using Builder = std::function<void(std::string&, Version)>;
using Builders = std::map<std::string, Builder>;

Builder status(ConnectionStatus what) {
    return [what](std::string& out, Version) { append_connection_status(out, what, now); };
}

Builder event_frame(model::Event event) {
    return [event](std::string& out, Version version) { append_event(out, session, event, version); };
}

Builder done_frame(TurnState state) {
    return [state](std::string& out, Version version) {
        append_done(out, session, answer(state), 8, now, version);
    };
}

Builder fault_frame(Fault fault, FaultContext context = {}) {
    return [fault, context](std::string& out, Version version) {
        append_fault(out, fault, context, now, version);
    };
}

Builder failed_frame(Fault fault) {
    return [fault](std::string& out, Version version) {
        append_failed_answer(out, session, answer(TurnState::failed), fault, now, version);
    };
}

Builder notification(model::SessionId id, std::string text) {
    return [id, text](std::string& out, Version) { append_notification(out, id, text, now); };
}

void add_frames_of_a_session(Builders& all) {
    const model::UserId user("u-17");
    all["connection_status: connected, no session yet"] = status({{}, user, {}, &models});
    all["connection_status: bound"] = status({session, user, {}, &models});
    all["connection_status: model changed"] =
        status({session, {}, "Model changed to beta", nullptr, Sender::ai});
    all["connection_status: help is on its way"] =
        status({session,
                {},
                "Help request sent. An administrator will join your session shortly.",
                nullptr,
                Sender::ai});
    all["notification: too many connections"] =
        notification({},
                     "Connection limit reached. You have reached the maximum number of simultaneous "
                     "connections. Close an existing connection to open a new one.");
    all["notification: the session was ended"] = notification(session, "This session has ended.");
    all["token_expiring"] = [](std::string& out, Version) {
        append_token_time(out, false, Millis(59'900), now);
    };
    all["auth_refreshed"] = [](std::string& out, Version) {
        append_token_time(out, true, Millis(3'600'000), now);
    };
}

void add_messages(Builders& all) {
    all["ack"] = [](std::string& out, Version) { append_ack(out, session, question("Hello there"), now); };
    all["user_message: from another device"] = event_frame(question("Hello there"));
    all["user_message: from a person who helps"] = event_frame(from_a_person());
    all["file_upload"] = event_frame(file());
    all["voice_message"] = event_frame(voice());
    all["help_request: a person was asked for"] =
        event_frame(change_of_control(model::MessageKind::help, 3, ""));
    all["admin_join"] = event_frame(
        change_of_control(model::MessageKind::join, 4, "Administrator Jane Doe has joined the session"));
    all["admin_leave"] = event_frame(
        change_of_control(model::MessageKind::leave, 5, "Administrator Jane Doe has left the session"));
    all["typing: the visitor"] = [](std::string& out, Version) {
        append_typing(out, session, Sender::user, true, now);
    };
    all["typing: a person who helps, no more"] = [](std::string& out, Version) {
        append_typing(out, session, Sender::admin, false, now);
    };
}

void add_answers(Builders& all) {
    all["loading"] = [](std::string& out, Version version) {
        append_loading(out, session, answer_id, now, version);
    };
    all["ai_response: a piece"] = [](std::string& out, Version version) {
        DeltaFrames pieces(session, answer_id, model::ModelId("alpha"));
        pieces.append(out, "Hi \"you\"\n<b> \x01 ü", 7, now, version);
    };
    all["ai_response: done"] = done_frame(TurnState::done);
    all["ai_response: stopped"] = done_frame(TurnState::stopped);
    all["ai_response: interrupted"] = done_frame(TurnState::interrupted);
    all["ai_response: whole"] = event_frame(answer(TurnState::done));
    all["ai_response: whole, failed"] = event_frame(answer(TurnState::failed));
    all["snapshot"] = [](std::string& out, Version) {
        append_snapshot(out, session, answer_id, 3, "there", now);
    };
    all["reset"] = [](std::string& out, Version) { append_reset(out, session, 4, now); };
    all["resumed"] = [](std::string& out, Version) { append_resumed(out, session, 4, now); };
    all["error: no answer"] = failed_frame(Fault::llm_unavailable());
    all["error: answer took too long"] = failed_frame(Fault::llm_timeout(Millis(120'000)));
}

void add_errors(Builders& all) {
    const FaultContext ours{session, client_id};
    all["error: not a frame"] = fault_frame(Fault::invalid_message());
    all["error: a rule is broken"] = fault_frame(Fault::failed_validation(), {{}, client_id});
    all["error: unknown type"] = fault_frame(Fault::unknown_type("ping"));
    all["error: unknown model"] = fault_frame(Fault::invalid_model("gamma"), {session, {}});
    all["error: file address"] = fault_frame(Fault::invalid_file_url());
    all["error: no session is meant"] = fault_frame(Fault::missing_field("session_id"));
    all["error: no such session"] = fault_frame(Fault::no_session(), {session, {}});
    all["error: somebody else's session"] = fault_frame(Fault::not_owner(), ours);
    all["error: somebody else's session, first frame"] = fault_frame(Fault::not_bound(), ours);
    all["error: too many frames wait"] = fault_frame(Fault::busy(), ours);
    all["error: something went wrong"] = fault_frame(Fault::unexpected(), {session, {}});
    all["error: stopping"] = fault_frame({FaultCode::service_error, "Service temporarily unavailable"}, ours);
    all["error: database"] = fault_frame(Fault::database(), ours);
    all["error: too fast"] = fault_frame(Fault::too_many(Millis(41'873)), ours);
    all["error: new token refused"] = fault_frame(Fault::bad_token());
    all["error: token expired"] = fault_frame(Fault::expired());
}

Builders builders() {
    Builders all;
    add_frames_of_a_session(all);
    add_messages(all);
    add_answers(all);
    add_errors(all);
    return all;
}

TEST(GoldenFrames, ThatTheServerSendsAreBuiltAsTheySay) {
    const json::object golden_frames = golden("server.json");
    Builders unused = builders();
    for (const auto& entry : golden_frames.at("frames").as_array()) {
        const json::object& object = entry.as_object();
        const std::string name = text_in(object.at("name"));
        const auto builder = unused.find(name);
        ASSERT_NE(builder, unused.end()) << name << " has no builder";
        for (const auto& [key, version] :
             std::map<std::string, Version>{{"v1", Version::v1}, {"v2", Version::v2}}) {
            const auto* expected = object.if_contains(object.contains("both") ? "both" : key);
            if (expected == nullptr) continue;
            std::string frame;
            builder->second(frame, version);
            EXPECT_EQ(json::parse(frame), *expected) << name << " for " << key << ": " << frame;
        }
        unused.erase(builder);
    }
    for (const auto& [name, builder] : unused) ADD_FAILURE() << name << " has no golden frame";
}

TEST(GoldenFrames, ShowEveryErrorCode) {
    std::set<std::string> shown;
    const json::object golden_frames = golden("server.json");
    for (const auto& entry : golden_frames.at("frames").as_array()) {
        for (const auto& [key, frame] : entry.as_object()) {
            if (key != "name" && frame.as_object().contains("error")) {
                shown.insert(text_in(frame.at("error").at("code")));
            }
        }
    }
    for (int code = 0; code <= static_cast<int>(FaultCode::too_many_requests); ++code) {
        const std::string name(to_string(static_cast<FaultCode>(code)));
        EXPECT_TRUE(shown.contains(name)) << name;
    }
}

}  // namespace
}  // namespace chatbox::wire
