#pragma once
// What the server says, as JSON text (docs/protocol.md). Pure; each function appends one frame to `out`.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/types.h"
#include "wire/fault.h"
#include "wire/json_writer.h"

namespace chatbox::wire {

// What a connection speaks. Keys and frames that came with version 2 go only to those that asked for it.
enum class Version : std::uint8_t { v1 = 1, v2 = 2 };

struct ModelChoice {
    model::ModelId id;
    std::string name;
};

struct ConnectionStatus {
    model::SessionId session;  // empty: not bound
    model::UserId user;        // empty: left out
    std::string_view content;
    const std::vector<ModelChoice>* models = nullptr;  // configuration order; null or empty: left out
    model::Sender sender = model::Sender::system;
};
void append_connection_status(std::string& out, const ConnectionStatus& status, base::Time now);

void append_ack(std::string& out, const model::SessionId& session, const model::Event& event, base::Time now);

void append_loading(std::string& out, const model::SessionId& session, const model::MessageId& answer,
                    base::Time now, Version version);

// A committed message as a whole: for the other devices, and for those that catch up. `from_history` marks an
// AI message that was streamed before as not streaming now.
void append_event(std::string& out, const model::SessionId& session, const model::Event& event,
                  Version version);

// A message as the HTTP routes show it (contract, http-api 7.1, StoredMessage), with id, seq and type
// besides, and status when an answer did not end normally.
void write_stored_message(JsonWriter& json, const model::Event& event);

// The last frame of an answer that ended well enough to have no error: done, stopped, interrupted.
void append_done(std::string& out, const model::SessionId& session, const model::Event& event,
                 std::uint64_t offset, base::Time now, Version version);

// An answer that failed: `event` is what was kept of it.
void append_failed_answer(std::string& out, const model::SessionId& session, const model::Event& event,
                          const Fault& fault, base::Time now, Version version);

// Version 2: somebody in the session began or stopped writing.
void append_typing(std::string& out, const model::SessionId& session, model::Sender sender, bool active,
                   base::Time now);

// Version 2: the token in force ends in `left`. `refreshed`: it has just been replaced; else: time to do so.
void append_token_time(std::string& out, bool refreshed, base::Millis left, base::Time now);

struct FaultContext {
    model::SessionId session;   // empty: left out
    model::ClientId client_id;  // version 2: the message that was refused
};
void append_fault(std::string& out, const Fault& fault, const FaultContext& context, base::Time now,
                  Version version);

void append_notification(std::string& out, const model::SessionId& session, std::string_view content,
                         base::Time now);

void append_snapshot(std::string& out, const model::SessionId& session, const model::MessageId& answer,
                     std::uint64_t offset, std::string_view content, base::Time now);
void append_reset(std::string& out, const model::SessionId& session, model::Seq last, base::Time now);
void append_resumed(std::string& out, const model::SessionId& session, model::Seq last, base::Time now);

// The pieces of one answer. They are written once per token, so what does not change is prepared.
class DeltaFrames {
public:
    DeltaFrames(const model::SessionId& session, const model::MessageId& answer, const model::ModelId& model);

    // `offset` is in bytes of the whole answer.
    void append(std::string& out, std::string_view text, std::uint64_t offset, base::Time now,
                Version version);

private:
    void refresh_time(base::Time now);

    std::string head_;       // up to the content
    std::string middle_v1_;  // behind the content, up to the time
    std::string middle_v2_;  // behind the content, up to the offset
    std::string stamp_;      // the time, made once per second
    std::int64_t stamp_second_ = -1;
};

}  // namespace chatbox::wire
