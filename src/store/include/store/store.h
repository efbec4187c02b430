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
#include <optional>
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

// How long a conversation lives without its user.
struct Lifetime {
    // A session that ended less than this ago may be continued. 0: never.
    base::Millis reconnect_window{0};
    // The user's active session is ended first if it is idle: last seen then or before, no turn running, the
    // AI in control. So the outcome does not depend on when expire_sessions ran last. Nothing: never.
    std::optional<Time> idle_since;
};

// A message that a user, an admin or the system adds to a session.
//
// Which session: `session` if it exists, belongs to `user` and has not ended; otherwise the user's active
// session; otherwise `session` if it belongs to `user` and ended less than `lifetime.reconnect_window` before
// `message.at`: it becomes active again; otherwise, when `create` is set, a new one with `fresh_id`, whose
// first event this message is. All of it, the new session included, is one transaction.
struct AcceptMessage {
    UserId user;
    SessionId session;  // what the client named; may be empty or unknown
    // When not empty, the message comes from this admin. It goes to `session` and nowhere else, and only
    // while this admin is in control of it; `user`, `create` and `lifetime` do not count.
    UserId as_admin;
    bool create = true;
    Lifetime lifetime;
    SessionId fresh_id;
    ModelId fresh_model;  // model of a session that is created; may be empty
    Message message;
    // When not empty, a turn with this id starts in the same transaction, provided that none is running in
    // the session and no person is in control. Its question is this message.
    TurnId turn;
    MessageId answer;
    NodeId node;
    ModelId default_model;  // who answers in a session that has chosen nobody
};

struct Accepted {
    Session session;  // as it is after the transaction
    Event event;      // the stored message; on a duplicate the one that was stored then
    bool created = false;
    bool reopened = false;   // it had ended, and is active again
    bool duplicate = false;  // the client_id was known in that session: no second effect
    bool turn_started = false;
    std::optional<Session> expired;  // the user's session that was idle and has been ended on the way
};

// Finds (and, when asked, creates) the session that a frame works on, by the rule of AcceptMessage. Without
// `create` a session that ended within the window is found, and stays ended.
struct OpenSession {
    UserId user;
    SessionId session;
    bool create = false;
    Lifetime lifetime;
    SessionId fresh_id;
    ModelId model;  // model of a session that is created; may be empty
    Time at{};
};

struct Opened {
    Session session;
    bool created = false;
    bool reopened = false;
    std::optional<Session> expired;  // as in Accepted
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

// Hands a session from one to another:
//
//     ai -> waiting           the visitor asks for a person
//     ai, waiting -> human    the admin `actor` takes over
//     human, waiting -> ai    the AI goes on
//
// A change grows the session's control number by one and appends `event`, in one transaction; from then on no
// turn of an older number can end as done. While the visitor only waits the AI still answers: a turn that
// runs goes on under the new number when nobody has taken over.
struct ChangeControl {
    SessionId session;
    std::optional<UserId> owner;  // when set, the session must be this user's
    model::Control to = model::Control::ai;
    std::optional<std::uint64_t> control_number;  // when set, refused unless it is the current one
    UserId actor;                                 // who asks; empty: the server itself
    std::string actor_name;
    Message event;
};

enum class ControlOutcome {
    changed,
    unchanged,  // it was so already, by the same admin: nothing was changed
    held,       // another admin is in control (session.assisting_admin): nothing was changed
};

struct ControlChanged {
    ControlOutcome outcome = ControlOutcome::unchanged;
    Session session;
    std::optional<Event> event;  // when changed
};

// A link under which anybody may read a session.
struct ShareSession {
    SessionId session;
    UserId user;              // whose it must be
    std::string fresh_token;  // 32 lower-case hex digits: the token of a link that is made
    std::optional<Time> expires;
    bool snapshot = false;  // it shows what the session holds now; otherwise also what comes later
    Time at{};
};

struct ShareLink {
    std::string token;
    std::optional<Time> expires;
    std::optional<Seq> up_to_seq;  // of a snapshot
    bool created = false;          // false: it was there, with the options of then
};

// What a share link shows: the events of `session` up to this seq.
struct SharedSession {
    Session session;
    Seq up_to_seq = 0;
};

enum class SessionSort {
    start_time,
    end_time,  // an active session counts as the smallest
    last_activity,
    message_count,
    total_tokens,
    user_id,  // bytewise
    duration,
};

// Which sessions, in which order. What is left out does not filter.
struct SessionQuery {
    std::optional<UserId> user;
    std::optional<bool> active;
    std::optional<bool> admin_assisted;
    std::optional<Time> start_from;  // inclusive
    std::optional<Time> start_to;    // inclusive
    std::string name_contains;       // whatever the case; see model::fold_case
    SessionSort sort = SessionSort::start_time;
    bool descending = true;  // of `sort`. What is equal there is in ascending order of the id.
    std::size_t limit = 100;
    std::size_t offset = 0;
    Time now{};  // up to which an active session has lasted
};

struct SessionPage {
    std::vector<Session> sessions;
    std::uint64_t total = 0;  // without limit and offset
};

// Over the sessions that started in a period; the last two over those that were open in it, whenever they
// started. All zero when there are none.
struct Metrics {
    std::uint64_t total_sessions = 0;
    std::uint64_t active_sessions = 0;  // not ended yet
    std::uint64_t admin_assisted = 0;
    std::uint64_t total_tokens = 0;
    std::uint64_t avg_response_ms = 0;  // over the answers of all of them, at most the last 100 of each
    std::uint64_t max_response_ms = 0;  // the same
    double avg_concurrent = 0;          // weighted by time
    std::uint64_t max_concurrent = 0;
};

class Store {
public:
    virtual ~Store() = default;

    // --- writes ---

    // Errors: forbidden (the named session belongs to someone else; `as_admin` is not in control of it),
    // not_found (no session and not `create`; none for `as_admin`), conflict (`message.id` exists already;
    // the session has ended, for `as_admin`), unavailable.
    virtual void accept_message(AcceptMessage request, Reply<Accepted> reply) = 0;

    // Errors: forbidden, not_found, unavailable.
    virtual void open_session(OpenSession request, Reply<Opened> reply) = 0;

    // Errors: not_found, unavailable.
    virtual void set_model(SessionId session, ModelId model, Reply<Session> reply) = 0;

    // Starts the next turn of a session that has one question waiting. Errors: not_found; conflict (a turn is
    // running, the session has ended, a person is in control, or the control number moved on).
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

    // A device of each of these sessions was there at `at`: moves last_seen forward, never back, in one
    // transaction. What is unknown or has ended is passed over.
    virtual void seen(std::vector<SessionId> sessions, Time at, Reply<Nothing> reply) = 0;

    // Ends active sessions that are idle (see Lifetime), at most `limit` of them, the longest idle first. The
    // end is their last activity. Answers those it ended.
    virtual void expire_sessions(Time idle_since, std::size_t limit, Reply<std::vector<Session>> reply) = 0;

    // Errors: not_found (also when it is not `owner`'s); conflict (the session has ended, unless control goes
    // to the AI; the control number moved on; `event.id` exists already). Another admin's control is no
    // error, but an outcome.
    virtual void change_control(ChangeControl request, Reply<ControlChanged> reply) = 0;

    // Gives the session's link, and makes one when there is none or it has expired. However many ask at once,
    // they get the same. Errors: not_found (also when it belongs to someone else), invalid (not a token; it
    // would have expired already), conflict (the token exists).
    virtual void share_session(ShareSession request, Reply<ShareLink> reply) = 0;

    // The link stops working for ever. Succeeds also when there is none. Errors: not_found (also when it
    // belongs to someone else).
    virtual void revoke_share(SessionId session, UserId user, Reply<Session> reply) = 0;

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

    virtual void list_sessions(SessionQuery query, Reply<SessionPage> reply) = 0;

    // Of the period from `from` to `to`, both inclusive. What lies after `now` has not happened: an active
    // session is open up to now.
    virtual void metrics(Time from, Time to, Time now, Reply<Metrics> reply) = 0;

    // The session that a share link shows. Errors: not_found (unknown, revoked, or expired at `at`).
    virtual void shared(std::string token, Time at, Reply<SharedSession> reply) = 0;

    // Can a write be committed now? Errors: unavailable, timeout.
    virtual void ping(Reply<Nothing> reply) = 0;
};

}  // namespace chatbox::store
