#pragma once
// How sessions and messages look in the answers of several routes (contract/http-api.md 7.1).
#include <vector>

#include "chat/queries.h"
#include "model/types.h"
#include "wire/json_writer.h"

namespace chatbox::net {

// "sessions": [ SessionSummary, ... ]
void write_sessions(wire::JsonWriter& json, const std::vector<model::Session>& sessions, base::Time now);

// The fields of a session and its messages, for those who may read it all.
void write_transcript(wire::JsonWriter& json, const chat::Transcript& transcript);

// The same for everybody who has the link: nothing that says who its user is, which model answers, or how the
// service works inside.
void write_shared(wire::JsonWriter& json, const chat::Transcript& transcript);

}  // namespace chatbox::net
