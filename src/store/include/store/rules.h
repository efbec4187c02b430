#pragma once
// The rules that every adapter applies in the same way, as pure functions: which session a request works on,
// what a message and an answer change in it, when a turn may start and end. An adapter reads, asks these, and
// writes the outcome in the same transaction.
#include <cstdint>
#include <optional>
#include <vector>

#include "store/store.h"

namespace chatbox::store {

using base::Result;

// The response times of a session's last answers. At most `size` of them, however many answers there were.
class ResponseWindow {
public:
    static constexpr std::size_t size = 100;

    ResponseWindow() = default;
    explicit ResponseWindow(std::vector<std::uint64_t> times);  // oldest first; the last `size` count

    void add(std::uint64_t ms);

    const std::vector<std::uint64_t>& times() const { return times_; }  // oldest first
    std::uint64_t sum() const;
    std::uint64_t max() const;
    std::uint64_t average() const;  // 0 when empty

private:
    std::vector<std::uint64_t> times_;
};

// How many answers of a session the window covers.
std::uint64_t answers_in_window(const Session& session);

// Databases count in signed 64 bits: sums stop at 2^63-1, whatever a provider claims.
std::uint64_t add_up(std::uint64_t sum, std::uint64_t more);

enum class Target {
    named,      // the session that was named
    reopen,     // the same, which has ended: it becomes active again
    active,     // the user's active session
    fresh,      // a new one, to be created
    forbidden,  // the named session belongs to someone else
    none,       // there is no session and none may be created
};

// What a request says about the session that it works on.
struct Wish {
    const UserId& user;
    bool create = false;
    bool reopen =
        false;  // a session that ended within the window becomes active again; else it is only found
    Time at{};
    Lifetime lifetime;
};
Wish wish_of(const AcceptMessage& request);
Wish wish_of(const OpenSession& request);

// `named`: the session with the requested id, null if there is none. `active`: the user's session that has
// not ended, null if there is none. What is idle has been ended before.
Target choose_session(const Wish& wish, const Session* named, const Session* active);

// Whether the session is to be ended because nobody was there since `idle_since`. `running`: a turn runs in
// it.
bool is_idle(const Session& session, std::optional<Time> idle_since, bool running);
// The end is never before the start, whatever the clock did.
void end(Session& session, Time at);
void expire(Session& session);  // ends it with its last activity
void reopen(Session& session, Time at);
void see(Session& session, Time at);

// Whether the admin of `request.as_admin` may write in `session`. Errors: forbidden, conflict.
Result<Nothing> may_write_as_admin(const AcceptMessage& request, const Session& session);

Session new_session(SessionId id, UserId user, ModelId model, Time at);

// Counts `message` as the session's next event and returns the seq that it gets. The first message of a user
// gives the session its name.
Seq add_message(Session& session, const Message& message);

// The same for the answer of a turn, with its cost. (For an answer that a crash cut short the cost is not
// known: add_message.) An answer without text is not counted in the response times: nobody waited for its
// end.
Seq add_answer(Session& session, ResponseWindow& window, const Message& answer, std::uint64_t tokens,
               std::uint64_t response_ms);

// The turn that an accepted message starts, if the session lets it. Its question is `seq`.
Turn turn_for(const AcceptMessage& request, const Session& session, Seq seq);

// Whether a turn may start now. `running`: a turn runs in the session. Errors: conflict.
Result<Nothing> may_start(const Session& session, bool running, const Turn& turn);

// Whether `turn` may end in `state` now. Errors: invalid (not a final state), conflict.
Result<Nothing> may_finish(const Session& session, const Turn& turn, TurnState state);

// Where a checkpoint's text goes, when `stored` bytes are there.
enum class Checkpoint { append, repeated, gap };
Checkpoint place_checkpoint(std::uint64_t stored, std::uint64_t offset);

// The message that ends a turn.
Message answer_of(const Turn& turn, TurnState state, std::string content, Time at);

// What `request` means for `session`. When it is `changed`, control, its number and the admin are set in
// `session`; the event is not yet added. Errors: not_found, conflict.
Result<ControlOutcome> change_control(Session& session, const ChangeControl& request);

// Whether a change of control leaves the AI answering: then the running turn goes on under the new number.
bool keeps_ai(model::Control before, model::Control after);

// Whether the request makes a link, or gives the one that is there. Errors: not_found, invalid.
Result<bool> needs_new_link(const Session& session, const ShareSession& request);

// Adds up the metrics of sessions that started in the period, one by one.
class MetricsSum {
public:
    struct Figures {
        bool active = false;
        bool admin_assisted = false;
        std::uint64_t tokens = 0;
        std::uint64_t response_ms_sum = 0;  // of the window
        std::uint64_t answers = 0;          // in the window
        std::uint64_t max_response_ms = 0;
    };
    void add(const Figures& session);
    Metrics metrics() const;  // without concurrency

private:
    Metrics sums_;
    std::uint64_t response_ms_ = 0;
    std::uint64_t answers_ = 0;
};

// When a session that has ended counts as closed: after a millisecond at least.
Time closing_time(Time start, Time end);

// How many sessions were open at once in a period. Told when sessions open and close, in order of time; of
// what happens at one moment, closing first: a session that begins where another ends is not beside it.
class ConcurrencyMeter {
public:
    // `open`: how many had opened before `from` and close after it. `until` is part of the period.
    ConcurrencyMeter(Time from, Time until, std::uint64_t open);

    void opened(Time at);
    void closed(Time at);

    // Once, at the end.
    void finish(Metrics& out);

private:
    void advance(Time at);

    const Time from_;
    const Time until_;
    Time at_;
    std::uint64_t open_;
    std::uint64_t most_;
    double open_ms_ = 0;  // sessions times milliseconds
};

}  // namespace chatbox::store
