#pragma once
// The rules that every adapter applies in the same way, as pure functions: which session a request works on,
// what a message and an answer change in it, when a turn may start and end. An adapter reads, asks these, and
// writes the outcome in the same transaction.
#include <cstdint>

#include "store/store.h"

namespace chatbox::store {

using base::Result;

// A session with what the port does not show: the sum from which the average is taken, because averaging
// rounded averages drifts.
struct SessionRecord {
    Session session;
    std::uint64_t response_ms_sum = 0;
};

enum class Target {
    named,      // the session that was named
    active,     // the user's active session
    fresh,      // a new one, to be created
    forbidden,  // the named session belongs to someone else
    none,       // there is no session and none may be created
};

// `named`: the session with the requested id, null if there is none. `active`: the user's session that has
// not ended, null if there is none.
Target choose_session(const UserId& user, const Session* named, const Session* active, bool create);

Session new_session(SessionId id, UserId user, ModelId model, Time at);

// Counts `message` as the session's next event and returns the seq that it gets. The first message of a user
// gives the session its name.
Seq add_message(Session& session, const Message& message);

// The same for the answer of a turn, with its cost. (For an answer that a crash cut short the cost is not
// known: add_message.) An answer without text is not counted in the response times: nobody waited for its
// end. Sums stop at 2^63-1, whatever a provider claims.
Seq add_answer(SessionRecord& record, const Message& answer, std::uint64_t tokens, std::uint64_t response_ms);

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

}  // namespace chatbox::store
