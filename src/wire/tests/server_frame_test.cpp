#include "wire/server_frame.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace chatbox::wire {
namespace {

namespace json = boost::json;
using model::TurnState;

const base::Time now = *base::parse_rfc3339("2026-02-22T10:00:00.250Z");
const model::SessionId session{"4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a"};

void expect_json(const std::string& frame, std::string_view expected) {
    EXPECT_EQ(json::parse(frame), json::parse(expected)) << frame;
}

model::Event answer(TurnState status) {
    model::Event event;
    event.seq = 2;
    event.message.id = model::MessageId("a1");
    event.message.sender = model::Sender::ai;
    event.message.content = "Hi there";
    event.message.model = model::ModelId("openai-gpt4");
    event.message.status = status;
    event.message.at = now;
    return event;
}

TEST(ServerFrame, TheFirstStatusNamesTheModelsInOrderAndTheUser) {
    const std::vector<ModelChoice> models{{model::ModelId("b"), "B"}, {model::ModelId("a"), "A \"quoted\""}};
    std::string frame;
    append_connection_status(frame, {{}, model::UserId("u-17"), {}, &models}, now);
    expect_json(frame, R"({"type":"connection_status","user_id":"u-17","sender":"system",
        "models":[{"id":"b","name":"B"},{"id":"a","name":"A \"quoted\""}],"timestamp":"2026-02-22T10:00:00Z"})");
}

TEST(ServerFrame, ADeltaIsWhatTheOriginalSentAndInVersionTwoSaysWhereItBelongs) {
    DeltaFrames deltas(session, model::MessageId("a1"), model::ModelId("openai-gpt4"));
    std::string frame;
    deltas.append(frame, "Hi \"you\"\n\x01", 7, now, Version::v1);
    expect_json(frame, R"({"type":"ai_response","session_id":"4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a",
        "content":"Hi \"you\"\n\u0001","model_id":"openai-gpt4","sender":"ai",
        "metadata":{"streaming":"true","done":"false"},"timestamp":"2026-02-22T10:00:00Z"})");
    frame.clear();
    deltas.append(frame, "x", 7, now + base::Millis(2000), Version::v2);
    expect_json(frame, R"({"type":"ai_response","session_id":"4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a",
        "content":"x","model_id":"openai-gpt4","sender":"ai","message_id":"a1","offset":7,
        "metadata":{"streaming":"true","done":"false"},"timestamp":"2026-02-22T10:00:02Z"})");
}

TEST(ServerFrame, TheLastFrameOfAnAnswerHasDoneAndNoContent) {
    std::string frame;
    append_done(frame, session, answer(TurnState::done), 8, now, Version::v1);
    expect_json(frame, R"({"type":"ai_response","session_id":"4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a",
        "model_id":"openai-gpt4","sender":"ai","metadata":{"streaming":"true","done":"true"},
        "timestamp":"2026-02-22T10:00:00Z"})");
    frame.clear();
    append_done(frame, session, answer(TurnState::stopped), 8, now, Version::v2);
    expect_json(frame, R"({"type":"ai_response","session_id":"4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a",
        "model_id":"openai-gpt4","sender":"ai","message_id":"a1","offset":8,"seq":2,"status":"stopped",
        "metadata":{"streaming":"true","done":"true","status":"stopped"},"timestamp":"2026-02-22T10:00:00Z"})");
}

TEST(ServerFrame, AnErrorSaysWhetherAndWhenToComeBack) {
    std::string frame;
    append_fault(frame, Fault::too_many(base::Millis(41873)), {session, {}}, now, Version::v1);
    expect_json(frame, R"({"type":"error","session_id":"4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a","sender":"ai",
        "error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests, please slow down","recoverable":true,
        "retry_after":41873},"timestamp":"2026-02-22T10:00:00Z"})");
    frame.clear();
    append_fault(frame, Fault::llm_timeout(base::Millis(120'000)), {{}, model::ClientId("c")}, now,
                 Version::v2);
    expect_json(frame, R"({"type":"error","sender":"ai","client_id":"c","error":{"code":"LLM_TIMEOUT",
        "message":"AI service request timed out after 2m0s","recoverable":true},"timestamp":"2026-02-22T10:00:00Z"})");
}

TEST(ServerFrame, AnAnswerThatDidNotEndWellIsMarkedInHistory) {
    std::string body;
    JsonWriter writer(body);
    write_stored_message(writer, answer(TurnState::interrupted));
    expect_json(body, R"({"id":"a1","seq":2,"type":"ai_response","content":"Hi there","sender":"ai",
        "timestamp":"2026-02-22T10:00:00.25Z","model_id":"openai-gpt4","status":"interrupted",
        "metadata":{"status":"interrupted"}})");
}

TEST(ServerFrame, EveryAsciiCharacterSurvivesEscaping) {
    std::string text;
    for (int c = 0; c < 128; ++c) text.push_back(static_cast<char>(c));
    std::string out = "\"";
    append_escaped(out, text);
    out += "\"";
    EXPECT_EQ(std::string(json::parse(out).get_string()), text);
}

}  // namespace
}  // namespace chatbox::wire
