#include "store/rules.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "model/naming.h"

namespace chatbox::store {

using base::Errc;
using base::Error;

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr base::Millis shortest_session{1};

constexpr std::size_t token_size = 32;

bool is_share_token(std::string_view token) {
    return token.size() == token_size &&
           token.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What the one who asks may have, whatever the session says.
Result<ControlOutcome> decide(const Session& session, const ChangeControl& request) {
    using model::Control;
    const bool held = session.control == Control::human && !request.actor.empty() &&
                      session.assisting_admin != request.actor;
    switch (request.to) {
        case Control::waiting:
            if (session.end) return Error{Errc::conflict, "the session has ended"};
            return session.control == Control::ai ? ControlOutcome::changed : ControlOutcome::unchanged;
        case Control::human:
            if (request.actor.empty()) return Error{Errc::invalid, "somebody must take over"};
            if (session.end) return Error{Errc::conflict, "the session has ended"};
            if (held) return ControlOutcome::held;
            return session.control == Control::human ? ControlOutcome::unchanged : ControlOutcome::changed;
        case Control::ai:
            if (held) return ControlOutcome::held;
            return session.control == Control::ai ? ControlOutcome::unchanged : ControlOutcome::changed;
    }
    return Error{Errc::invalid, "unknown control"};
}

}  // namespace

std::uint64_t add_up(std::uint64_t sum, std::uint64_t more) {
    return sum + std::min(more, largest - std::min(sum, largest));
}

ResponseWindow::ResponseWindow(std::vector<std::uint64_t> times) : times_(std::move(times)) {
    if (times_.size() > size) times_.erase(times_.begin(), times_.end() - std::ptrdiff_t{size});
}

void ResponseWindow::add(std::uint64_t ms) {
    if (times_.size() == size) times_.erase(times_.begin());
    times_.push_back(std::min(ms, largest));
}

std::uint64_t ResponseWindow::sum() const {
    return std::accumulate(times_.begin(), times_.end(), std::uint64_t{0}, add_up);
}

std::uint64_t ResponseWindow::max() const {
    return times_.empty() ? 0 : *std::max_element(times_.begin(), times_.end());
}

std::uint64_t ResponseWindow::average() const {
    return times_.empty() ? 0 : sum() / times_.size();
}

std::uint64_t answers_in_window(const Session& session) {
    return std::min<std::uint64_t>(session.answer_count, ResponseWindow::size);
}

Wish wish_of(const AcceptMessage& request) {
    return {request.user, request.create, true, request.message.at, request.lifetime};
}

Wish wish_of(const OpenSession& request) {
    return {request.user, request.create, request.create, request.at, request.lifetime};
}

Target choose_session(const Wish& wish, const Session* named, const Session* active) {
    if (named != nullptr && named->user != wish.user) return Target::forbidden;
    if (named != nullptr && !named->end) return Target::named;
    if (active != nullptr) return Target::active;
    if (named != nullptr && wish.at - *named->end < wish.lifetime.reconnect_window) {
        return wish.reopen ? Target::reopen : Target::named;
    }
    return wish.create ? Target::fresh : Target::none;
}

bool is_idle(const Session& session, std::optional<Time> idle_since, bool running) {
    return idle_since && !session.end && session.last_seen <= *idle_since && !running &&
           session.control == model::Control::ai;
}

void end(Session& session, Time at) {
    session.end = std::max(at, session.start);
}

void expire(Session& session) {
    end(session, session.last_activity);
}

void reopen(Session& session, Time at) {
    session.end.reset();
    session.last_activity = at;
    see(session, at);
}

void see(Session& session, Time at) {
    session.last_seen = std::max(session.last_seen, at);
}

Result<Nothing> may_write_as_admin(const AcceptMessage& request, const Session& session) {
    if (session.control != model::Control::human || session.assisting_admin != request.as_admin) {
        return Error{Errc::forbidden, "the admin is not in control of the session"};
    }
    if (session.end) return Error{Errc::conflict, "the session has ended"};
    return Nothing{};
}

Session new_session(SessionId id, UserId user, ModelId model, Time at) {
    Session session;
    session.id = std::move(id);
    session.user = std::move(user);
    session.model = std::move(model);
    session.start = at;
    session.last_activity = at;
    session.last_seen = at;
    return session;
}

Seq add_message(Session& session, const Message& message) {
    if (session.name.empty() && message.sender == model::Sender::user) {
        session.name = model::session_name(message.content);
    }
    session.last_activity = message.at;
    see(session, message.at);
    if (!model::is_notice(message.kind)) ++session.message_count;
    return ++session.last_seq;
}

Seq add_answer(Session& session, ResponseWindow& window, const Message& answer, std::uint64_t tokens,
               std::uint64_t response_ms) {
    session.total_tokens = add_up(session.total_tokens, tokens);
    if (!answer.content.empty()) {
        window.add(response_ms);
        session.max_response_ms = window.max();
        session.avg_response_ms = window.average();
        ++session.answer_count;
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
    if (!model::ai_answers(session.control)) return Error{Errc::conflict, "a person is in control"};
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

bool keeps_ai(model::Control before, model::Control after) {
    return model::ai_answers(before) && model::ai_answers(after);
}

Result<ControlOutcome> change_control(Session& session, const ChangeControl& request) {
    if (request.owner && *request.owner != session.user) return Error{Errc::not_found, "no such session"};
    if (request.control_number && *request.control_number != session.control_number) {
        return Error{Errc::conflict, "the control number moved on"};
    }
    auto outcome = decide(session, request);
    if (!outcome || *outcome != ControlOutcome::changed) return outcome;
    session.control = request.to;
    ++session.control_number;
    session.assisting_admin = {};
    session.assisting_admin_name.clear();
    if (request.to == model::Control::waiting) session.help_requested = true;
    if (request.to == model::Control::human) {
        session.admin_assisted = true;
        session.assisting_admin = request.actor;
        session.assisting_admin_name = request.actor_name;
    }
    return outcome;
}

Result<bool> needs_new_link(const Session& session, const ShareSession& request) {
    if (session.user != request.user) return Error{Errc::not_found, "no such session"};
    if (model::is_shared(session, request.at)) return false;
    if (!is_share_token(request.fresh_token)) return Error{Errc::invalid, "not a share token"};
    if (request.expires && *request.expires <= request.at) {
        return Error{Errc::invalid, "the link would have expired already"};
    }
    return true;
}

void MetricsSum::add(const Figures& session) {
    ++sums_.total_sessions;
    sums_.active_sessions += session.active ? 1 : 0;
    sums_.admin_assisted += session.admin_assisted ? 1 : 0;
    sums_.total_tokens = add_up(sums_.total_tokens, session.tokens);
    sums_.max_response_ms = std::max(sums_.max_response_ms, session.max_response_ms);
    response_ms_ = add_up(response_ms_, session.response_ms_sum);
    answers_ += session.answers;
}

Metrics MetricsSum::metrics() const {
    Metrics out = sums_;
    if (answers_ > 0) out.avg_response_ms = response_ms_ / answers_;
    return out;
}

ConcurrencyMeter::ConcurrencyMeter(Time from, Time until, std::uint64_t open)
    : from_(from), until_(until), at_(from), open_(open), most_(open) {}

void ConcurrencyMeter::opened(Time at) {
    advance(at);
    most_ = std::max(most_, ++open_);
}

void ConcurrencyMeter::closed(Time at) {
    advance(at);
    --open_;
}

void ConcurrencyMeter::advance(Time at) {
    open_ms_ += static_cast<double>(open_) * static_cast<double>((at - at_).count());
    at_ = at;
}

void ConcurrencyMeter::finish(Metrics& out) {
    advance(until_);
    out.max_concurrent = most_;
    out.avg_concurrent = until_ == from_ ? static_cast<double>(most_)
                                         : open_ms_ / static_cast<double>((until_ - from_).count());
}

Time closing_time(Time start, Time end) {
    return std::max(end, start + shortest_session);
}

}  // namespace chatbox::store
