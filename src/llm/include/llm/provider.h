#pragma once
// The provider port: a language model behind a network call (or built in).
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace chatbox::llm {

enum class Role { system, user, assistant };

struct PromptMessage {
    Role role = Role::user;
    std::string content;  // byte-identical to what the user wrote
};

enum class Delivery {
    as_it_comes,  // piece by piece
    whole,        // in one piece at the end: for what nobody watches, such as a title or a summary
};

struct Prompt {
    std::vector<PromptMessage> messages = {};  // oldest first
    // How many of the last messages the answer is for; the ones before are what was said earlier.
    std::size_t questions = 1;
    // Whose conversation it is, by our own id. Never sent as it is: an adapter whose vendor wants to tell
    // users apart sends a pseudonym.
    std::string user = {};
    std::string session = {};  // our own id of the conversation; never sent
    // What earlier answers of this session left in AnswerEnd::state, by AnswerEnd::answered_by.
    std::map<std::string, std::string> states = {};
    Delivery delivery = Delivery::as_it_comes;
};

// Tokens as the vendor counted them; absent when it did not say.
struct Usage {
    std::optional<std::uint64_t> prompt_tokens = {};  // all of them, cached ones too
    std::optional<std::uint64_t> completion_tokens = {};
    std::optional<std::uint64_t> total_tokens = {};
    std::optional<std::uint64_t> cached_tokens = {};  // of the prompt: read from the vendor's cache
    bool known() const { return prompt_tokens || completion_tokens || total_tokens; }
    friend bool operator==(const Usage&, const Usage&) = default;
};

struct AnswerEnd {
    Usage usage = {};
    std::string finish_reason = {};  // the vendor's word, may be empty
    // What the vendor must be shown with the next question of the session, such as its own id of the
    // conversation; empty: nothing. To be kept with the session, under answered_by.
    std::string state = {};
    std::string answered_by = {};  // id of the model that answered; empty: the one that was asked
};

enum class DeadlineKind { connect, first_token, silence, total };
std::string_view to_string(DeadlineKind kind);

// What is known of a failure beyond its class.
struct FailureDetails {
    int status = 0;                                // of the vendor's HTTP answer; 0: there was none
    std::optional<base::Millis> retry_after = {};  // how long the vendor asks to wait
    std::optional<DeadlineKind> deadline = {};     // that passed
    base::Millis deadline_limit{0};                // its length
    Usage usage = {};                              // what the vendor had said by then
    std::string answered_by = {};                  // as in AnswerEnd, when text had come
};

// Receives one answer. Called on the thread that called answer(), never from inside answer() or from inside
// the destructor of the call. After on_end() nothing follows.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    // A non-empty piece of valid UTF-8. The view is good during the call only.
    virtual void on_delta(std::string_view text) = 0;
    // At most once, just before on_end() with an error.
    virtual void on_failure_details(const FailureDetails&) {}
    // The one end. Errors: timeout (a deadline passed), unavailable (not reached, 408, 429 or 5xx, or broken
    // in mid-answer), rejected (the vendor refused: bad key, unknown model, bad request), limit (answer too
    // long). The detail may quote the vendor for the log, never a key.
    virtual void on_end(base::Result<AnswerEnd> end) = 0;
};

// An answer under way. Destroying it cancels the request, closes its socket and silences the sink. It may be
// destroyed from inside a call of the sink.
class AnswerCall {
public:
    using OnUsage = std::function<void(const Usage&)>;

    virtual ~AnswerCall() = default;
    // Ends the answer for the sink, which hears nothing more, but not yet for the vendor: what it still says
    // is read for the count of tokens and thrown away, within the provider's DrainLimits. `done` is then
    // called with what became known, at most once: perhaps before stop() returns, and not at all if the
    // provider goes first. The call may be destroyed at once; the provider keeps what is needed.
    virtual void stop(OnUsage done) { done({}); }
};

// What may be spent on reading the end of an answer that nobody wants any more. Zero: nothing.
struct DrainLimits {
    base::Millis time{10'000};
    std::size_t bytes = 1024 * 1024;
};

// One configured model. Keeps nothing between answers; never retries (see policy.h). Belongs to one thread
// (one event loop): make one per loop.
class Provider {
public:
    virtual ~Provider() = default;
    // `sink` outlives the returned call.
    virtual std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) = 0;
};

}  // namespace chatbox::llm
