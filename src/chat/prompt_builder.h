#pragma once
// From the events of a session to what the model reads.
#include <string>
#include <vector>

#include "llm/provider.h"
#include "model/types.h"

namespace chatbox::chat {

struct BuiltPrompt {
    llm::Prompt prompt;
    model::Seq covers = 0;  // the last user message in it
};

// Pure. `events` are the session's last ones, oldest first. Messages of users become user entries, those of
// the AI and of admins assistant entries, empty ones and failed answers are left out. The newest are kept
// within `max_bytes` (the newest user message always is), and what is kept begins with a user message. User
// messages after `answered` came in while the last answer was being written: they stand behind it, so that
// the questions are last.
BuiltPrompt build_prompt(const std::vector<model::Event>& events, model::Seq answered,
                         const std::string& system_prompt, std::size_t max_bytes);

}  // namespace chatbox::chat
