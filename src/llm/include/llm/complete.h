#pragma once
// One whole answer, for what nobody watches: titles, summaries.
#include <memory>
#include <string>

#include "base/result.h"
#include "llm/provider.h"

namespace chatbox::llm {

struct Completion {
    std::string text;
    AnswerEnd end;
};

// Calls `done` once, on the calling thread and never from inside this call, unless the returned call is
// destroyed before; it may be destroyed in there. `provider` outlives the call. Errors: as
// AnswerSink::on_end().
std::unique_ptr<AnswerCall> complete(Provider& provider, Prompt prompt, base::Done<Completion> done);

}  // namespace chatbox::llm
