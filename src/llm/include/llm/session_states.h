#pragma once
// Remembers what vendors want to be shown again with the next question of a session (AnswerEnd::state), as
// long as the process runs: for callers that do not keep it with the session.
#include <cstddef>
#include <memory>

#include "llm/provider.h"

namespace chatbox::llm {

// Fills Prompt::states for the model `id` where the caller left it empty. Of more than `max_sessions` the one
// that was used least recently is forgotten, which begins a new conversation at the vendor.
std::unique_ptr<Provider> make_remembering_provider(std::unique_ptr<Provider> provider, std::string id,
                                                    std::size_t max_sessions = 10'000);

}  // namespace chatbox::llm
