#pragma once
// The values of the domain. Plain data: no I/O, no locks; copy them freely.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"

namespace chatbox::model {

using SessionId = base::Id<struct SessionTag>;  // 32 hex digits, made by the server
using UserId = base::Id<struct UserTag>;        // from the token
using MessageId = base::Id<struct MessageTag>;  // 32 hex digits, made by the server
using TurnId = base::Id<struct TurnTag>;        // 32 hex digits, made by the server
using ClientId = base::Id<struct ClientTag>;    // chosen by a client to make sending idempotent
using ModelId = base::Id<struct ModelTag>;      // id of a configured provider
using NodeId = base::Id<struct NodeTag>;        // one running process
using Seq = std::uint64_t;                      // position of an event in its session, from 1, no gaps
using base::Time;

enum class Sender { user, ai, admin, system };
std::string_view to_string(Sender sender);
std::optional<Sender> sender_from(std::string_view name);

// What a message is. The names are stored; the wire names are in wire/. The last three say who answers from
// then on: they are events of the session, but nobody wrote them.
enum class MessageKind { text, file, voice, help, join, leave };
std::string_view to_string(MessageKind kind);
std::optional<MessageKind> message_kind_from(std::string_view name);
bool is_notice(MessageKind kind);  // help, join, leave

// How a turn stands. queued and running are not final.
enum class TurnState { queued, running, done, stopped, failed, interrupted, superseded };
std::string_view to_string(TurnState state);
std::optional<TurnState> turn_state_from(std::string_view name);
bool is_final(TurnState state);

// Who answers.
enum class Control { ai, waiting, human };
std::string_view to_string(Control control);
std::optional<Control> control_from(std::string_view name);
bool ai_answers(Control control);  // not while a person does; a visitor who waits for one is answered

using Metadata = std::map<std::string, std::string>;

// Content from a user, the AI, an admin or the system.
struct Message {
    MessageId id;
    Sender sender = Sender::user;
    MessageKind kind = MessageKind::text;
    std::string content;
    std::string file_id;
    std::string file_url;
    Metadata metadata;
    Time at{};                           // server time at which it was accepted
    ModelId model;                       // AI messages: who wrote it
    TurnId turn;                         // AI messages: the turn that it ends
    TurnState status = TurnState::done;  // AI messages: how that turn ended; else done
    ClientId client_id;                  // user messages, when the client gave one
    friend bool operator==(const Message&, const Message&) = default;
};

// One committed change of a session. Today each event is a message; further kinds join with issues to come.
struct Event {
    Seq seq = 0;
    Message message;
    friend bool operator==(const Event&, const Event&) = default;
};

// One conversation of one user: the stored facts, without the events.
struct Session {
    SessionId id;
    UserId user;
    std::string name;
    ModelId model;  // empty: never chosen, the first configured model answers
    Time start{};
    Time last_activity{};  // when the last event was added
    // The last sign of life: an event, or a device that was connected. Idle sessions are found by it.
    // Never before last_activity.
    Time last_seen{};
    std::optional<Time> end;
    Control control = Control::ai;
    std::uint64_t control_number = 1;  // grows by one at each change of control
    Seq last_seq = 0;
    std::uint64_t message_count = 0;
    std::uint64_t total_tokens = 0;
    std::uint64_t max_response_ms = 0;  // over the last 100 answers
    std::uint64_t avg_response_ms = 0;  // the same
    std::uint64_t answer_count = 0;     // all answers with text
    bool help_requested = false;        // the visitor has asked for a person, now or earlier
    bool admin_assisted = false;        // a person has taken over, now or earlier
    UserId assisting_admin;             // who is in control; empty when nobody is
    std::string assisting_admin_name;
    std::string share_token;            // of its share link; empty when there is none. See is_shared().
    std::optional<Time> share_expires;  // when that stops working; nothing: never
    friend bool operator==(const Session&, const Session&) = default;
};

// Whether the session has a share link that works at `now`. share_token alone does not say so: a link that
// has expired keeps its token until it is revoked or replaced.
bool is_shared(const Session& session, Time now);

// From the start to the end, or to `now` when it has not ended. Never negative.
base::Millis duration(const Session& session, Time now);

// One question with its answer.
struct Turn {
    TurnId id;
    SessionId session;
    MessageId answer;  // the id that the answer's message has, known from the start
    ModelId model;
    NodeId node;
    Seq question_seq = 0;  // the last user message that it answers
    std::uint64_t control_number = 0;
    Time started{};
    TurnState state = TurnState::running;
};

}  // namespace chatbox::model
