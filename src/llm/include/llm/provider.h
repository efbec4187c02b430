#pragma once
// The provider port: a language model behind a network call (or built in).
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chatbox::llm {

enum class Role { system, user, assistant };

struct PromptMessage {
    Role role = Role::user;
    std::string content;  // byte-identical to what the user wrote
};

struct Prompt {
    std::vector<PromptMessage> messages;  // oldest first
};

// Tokens as the vendor counted them; absent when it did not say.
struct Usage {
    std::optional<std::uint64_t> prompt_tokens;
    std::optional<std::uint64_t> completion_tokens;
    std::optional<std::uint64_t> total_tokens;
};

struct AnswerEnd {
    Usage usage;
    std::string finish_reason;  // the vendor's word, may be empty
};

// Receives one answer. Called on the thread that called answer(), never from inside answer() or from inside
// the destructor of the call. After on_end() nothing follows.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    // A non-empty piece of valid UTF-8. The view is good during the call only.
    virtual void on_delta(std::string_view text) = 0;
    // The one end. Errors: timeout (a deadline passed), unavailable (not reached, 429 or 5xx, or broken in
    // mid-answer), rejected (the vendor refused: bad key, unknown model, bad request), limit (answer too
    // long). The detail may quote the vendor for the log, never a key.
    virtual void on_end(base::Result<AnswerEnd> end) = 0;
};

// An answer under way. Destroying it cancels the request, closes its socket and silences the sink. It may be
// destroyed from inside a call of the sink.
class AnswerCall {
public:
    virtual ~AnswerCall() = default;
};

// One configured model. Keeps nothing between answers; never retries. Belongs to one thread (one event loop):
// make one per loop.
class Provider {
public:
    virtual ~Provider() = default;
    // `sink` outlives the returned call.
    virtual std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) = 0;
};

}  // namespace chatbox::llm
