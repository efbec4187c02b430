#pragma once
// The store port: durable sessions, events and turns. The store is the truth. What every implementation
// promises is written once, as tests, in store/conformance/.
//
// Threads: every method may be called from any thread and returns at once. The Done is called exactly once,
// on the Reply's executor, never from inside the call. Replies to writes of one caller thread arrive in the
// order of the calls, and writes of one session take effect in that order.
//
// Durability: a Done of a write is called with a value only after the write is on disk (or on a majority).
#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/types.h"

namespace chatbox::store {

using base::Nothing;
using model::Event;
using model::Message;
using model::MessageId;
using model::ModelId;
using model::NodeId;
using model::Seq;
using model::Session;
using model::SessionId;
using model::Time;
using model::Turn;
using model::TurnId;
using model::TurnState;
using model::UserId;

// Where and how an answer is delivered.
template <class T>
struct Reply {
    boost::asio::any_io_executor on;
    base::Done<T> done;
};

// A message that a user, an admin or the system adds to a session.
//
// Which session: `session` if it exists, belongs to `user` and has not ended; otherwise the user's active
// session; otherwise, when `create` is set, a new one with `fresh_id`, whose first event this message is. All
// of it, the new session included, is one transaction.
struct AcceptMessage {
    UserId user;
    SessionId session;  // what the client named; may be empty or unknown
    bool create = true;
    SessionId fresh_id;
    ModelId fresh_model;  // model of a session that is created; may be empty
    Message message;
    // When not empty, a turn with this id starts in the same transaction, provided that none is running in
    // the session and the AI is in control. Its question is this message.
    TurnId turn;
    MessageId answer;
    NodeId node;
    ModelId default_model;  // who answers in a session that has chosen nobody
};

struct Accepted {
    Session session;  // as it is after the transaction
    Event event;      // the stored message; on a duplicate the one that was stored then
    bool created = false;
    bool duplicate = false;  // the client_id was known in that session: nothing was changed
    bool turn_started = false;
};

// Finds (and, when asked, creates) the session that a frame works on, by the rule of AcceptMessage.
struct OpenSession {
    UserId user;
    SessionId session;
    bool create = false;
    SessionId fresh_id;
    ModelId model;  // model of a session that is created; may be empty
    Time at{};
};

struct Opened {
    Session session;
    bool created = false;
};

// Ends a turn: the answer (possibly partial, possibly empty) becomes an event, counters are updated and the
// checkpointed text is dropped, in one transaction.
struct FinishTurn {
    TurnId turn;
    TurnState state = TurnState::done;  // final
    std::string content;
    model::Metadata metadata;
    Time at{};
    std::uint64_t tokens = 0;
    std::uint64_t response_ms = 0;
};

struct Finished {
    Session session;
    Event event;
};

class Store {
public:
    virtual ~Store() = default;

    // --- writes ---

    // Errors: forbidden (the named session belongs to someone else), not_found (no session and not `create`),
    // conflict (`message.id` exists already), unavailable.
    virtual void accept_message(AcceptMessage request, Reply<Accepted> reply) = 0;

    // Errors: forbidden, not_found, unavailable.
    virtual void open_session(OpenSession request, Reply<Opened> reply) = 0;

    // Errors: not_found, unavailable.
    virtual void set_model(SessionId session, ModelId model, Reply<Session> reply) = 0;

    // Starts the next turn of a session that has one question waiting. Errors: not_found; conflict (a turn is
    // running, the session has ended, the AI is not in control, or the control number moved on).
    virtual void start_turn(Turn turn, Reply<Turn> reply) = 0;

    // Adds `text` at byte `offset` to the text that a crash would keep. Offsets follow each other without
    // gap; a repeated one is ignored. Errors: conflict (the turn is not running), not_found.
    virtual void checkpoint_turn(TurnId turn, std::uint64_t offset, std::string text,
                                 Reply<Nothing> reply) = 0;

    // Errors: not_found; conflict (the turn has ended already, or its control number is no longer current and
    // `state` is done). A refused call changes nothing.
    virtual void finish_turn(FinishTurn request, Reply<Finished> reply) = 0;

    // Sets the end once; ending an ended session changes nothing and succeeds. Errors: not_found (also when
    // it belongs to someone else).
    virtual void end_session(SessionId session, UserId user, Time at, Reply<Session> reply) = 0;

    // Marks every running turn that `node` does not own as interrupted, with its checkpointed text as the
    // answer. Answers how many there were. With an empty node, all of them.
    virtual void interrupt_orphans(NodeId node, Time at, Reply<std::uint64_t> reply) = 0;

    // --- reads: they see every write whose Done was called before ---

    virtual void session(SessionId id, Reply<Session> reply) = 0;  // not_found

    // Events with seq > after, in order, at most `limit`.
    virtual void events_after(SessionId id, Seq after, std::size_t limit,
                              Reply<std::vector<Event>> reply) = 0;

    // The last `limit` events, oldest first. Empty if the session does not exist.
    virtual void last_events(SessionId id, std::size_t limit, Reply<std::vector<Event>> reply) = 0;

    // Newest start first, then by id.
    virtual void sessions_of(UserId user, std::size_t limit, Reply<std::vector<Session>> reply) = 0;
    virtual void all_sessions(std::size_t limit, std::size_t offset, Reply<std::vector<Session>> reply) = 0;

    // Can a write be committed now? Errors: unavailable, timeout.
    virtual void ping(Reply<Nothing> reply) = 0;
};

}  // namespace chatbox::store
