#include "store/rules.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "model/naming.h"

namespace chatbox::store {

using base::Errc;
using base::Error;

namespace {

// Databases count in signed 64 bits.
constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

std::uint64_t add_up(std::uint64_t sum, std::uint64_t more) {
    return sum + std::min(more, largest - sum);
}

}  // namespace

Target choose_session(const UserId& user, const Session* named, const Session* active, bool create) {
    if (named != nullptr && named->user != user) return Target::forbidden;
    if (named != nullptr && !named->end) return Target::named;
    if (active != nullptr) return Target::active;
    return create ? Target::fresh : Target::none;
}

Session new_session(SessionId id, UserId user, ModelId model, Time at) {
    Session session;
    session.id = std::move(id);
    session.user = std::move(user);
    session.model = std::move(model);
    session.start = at;
    session.last_activity = at;
    return session;
}

Seq add_message(Session& session, const Message& message) {
    if (session.name.empty() && message.sender == model::Sender::user) {
        session.name = model::session_name(message.content);
    }
    session.last_activity = message.at;
    ++session.message_count;
    return ++session.last_seq;
}

Seq add_answer(SessionRecord& record, const Message& answer, std::uint64_t tokens,
               std::uint64_t response_ms) {
    Session& session = record.session;
    session.total_tokens = add_up(session.total_tokens, tokens);
    if (!answer.content.empty()) {
        record.response_ms_sum = add_up(record.response_ms_sum, response_ms);
        session.max_response_ms = std::max(session.max_response_ms, std::min(response_ms, largest));
        session.avg_response_ms = record.response_ms_sum / ++session.answer_count;
    }
    return add_message(session, answer);
}

Turn turn_for(const AcceptMessage& request, const Session& session, Seq seq) {
    Turn turn;
    turn.id = request.turn;
    turn.session = session.id;
    turn.answer = request.answer;
    turn.model = session.model.empty() ? request.default_model : session.model;
    turn.node = request.node;
    turn.question_seq = seq;
    turn.control_number = session.control_number;
    turn.started = request.message.at;
    turn.state = TurnState::running;
    return turn;
}

Result<Nothing> may_start(const Session& session, bool running, const Turn& turn) {
    if (running) return Error{Errc::conflict, "a turn is running"};
    if (session.end) return Error{Errc::conflict, "the session has ended"};
    if (session.control != model::Control::ai) return Error{Errc::conflict, "the AI is not in control"};
    if (session.control_number != turn.control_number)
        return Error{Errc::conflict, "the control number moved on"};
    return Nothing{};
}

Result<Nothing> may_finish(const Session& session, const Turn& turn, TurnState state) {
    if (!model::is_final(state)) return Error{Errc::invalid, "a turn ends in a final state only"};
    if (turn.state != TurnState::running) return Error{Errc::conflict, "the turn has ended"};
    if (state == TurnState::done && session.control_number != turn.control_number) {
        return Error{Errc::conflict, "the control number moved on"};
    }
    return Nothing{};
}

Checkpoint place_checkpoint(std::uint64_t stored, std::uint64_t offset) {
    if (offset == stored) return Checkpoint::append;
    return offset < stored ? Checkpoint::repeated : Checkpoint::gap;
}

Message answer_of(const Turn& turn, TurnState state, std::string content, Time at) {
    Message answer;
    answer.id = turn.answer;
    answer.sender = model::Sender::ai;
    answer.content = std::move(content);
    answer.at = at;
    answer.model = turn.model;
    answer.turn = turn.id;
    answer.status = state;
    return answer;
}

}  // namespace chatbox::store
