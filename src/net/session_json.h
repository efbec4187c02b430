#pragma once
// How sessions and messages look in the answers of several routes (contract/http-api.md 7.1).
#include <vector>

#include "chat/queries.h"
#include "model/types.h"
#include "wire/json_writer.h"

namespace chatbox::net {

// "sessions": [ SessionSummary, ... ]
void write_sessions(wire::JsonWriter& json, const std::vector<model::Session>& sessions, base::Time now);

// "messages": [ StoredMessage, ... ]
void write_messages(wire::JsonWriter& json, const std::vector<model::Event>& events);

}  // namespace chatbox::net
