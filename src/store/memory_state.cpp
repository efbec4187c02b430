#include "memory_state.h"

#include <algorithm>
#include <utility>

namespace chatbox::store {

using base::Errc;
using base::Error;

namespace {

Error no_session() {
    return {Errc::not_found, "no such session"};
}
Error no_turn() {
    return {Errc::not_found, "no such turn"};
}
Error session_exists() {
    return {Errc::conflict, "the session id exists"};
}
Error turn_exists() {
    return {Errc::conflict, "the turn id exists"};
}
Error message_exists() {
    return {Errc::conflict, "the message id exists"};
}

}  // namespace

Result<Accepted> MemoryState::accept(AcceptMessage request) {
    StoredSession* named = find(request.session);
    const bool by_admin = !request.as_admin.empty();
    if (named != nullptr && !by_admin && named->session.user == request.user) {
        // Also when it has ended since: it was sent before, and the answer got lost.
        if (auto known = duplicate(*named, request.message.client_id)) return *std::move(known);
    }
    const auto choice = by_admin ? choose_for_admin(request, named) : choose(wish_of(request), named);
    if (!choice) return choice.error();
    StoredSession* stored = choice->found;
    if (stored != nullptr) {
        if (auto known = duplicate(*stored, request.message.client_id)) {
            known->expired = end_idle(*choice);
            return *std::move(known);
        }
    }
    if (messages_.contains(request.message.id)) return message_exists();
    if (stored == nullptr && sessions_.contains(request.fresh_id)) return session_exists();
    const bool starts =
        !request.turn.empty() &&
        (stored == nullptr || (stored->running.empty() && model::ai_answers(stored->session.control)));
    if (starts && turns_.contains(request.turn)) return turn_exists();

    Accepted accepted;
    accepted.expired = end_idle(*choice);
    accepted.reopened = choice->reopen;
    accepted.created = stored == nullptr;
    if (choice->reopen) open_again(*stored, request.message.at);
    if (accepted.created) {
        stored = &create(request.fresh_id, request.user, request.fresh_model, request.message.at);
    }
    const Seq seq = add_message(stored->session, request.message);
    if (starts) begin(*stored, turn_for(request, stored->session, seq));
    accepted.turn_started = starts;
    accepted.event = append(*stored, seq, std::move(request.message));
    accepted.session = stored->session;
    return accepted;
}

Result<Opened> MemoryState::open(const OpenSession& request) {
    const auto choice = choose(wish_of(request), find(request.session));
    if (!choice) return choice.error();
    if (choice->found == nullptr && sessions_.contains(request.fresh_id)) return session_exists();
    Opened opened;
    opened.expired = end_idle(*choice);
    opened.reopened = choice->reopen;
    opened.created = choice->found == nullptr;
    if (choice->reopen) open_again(*choice->found, request.at);
    opened.session = opened.created
                         ? create(request.fresh_id, request.user, request.model, request.at).session
                         : choice->found->session;
    return opened;
}

Result<Session> MemoryState::set_model(const SessionId& id, ModelId model) {
    StoredSession* stored = find(id);
    if (stored == nullptr) return no_session();
    stored->session.model = std::move(model);
    return stored->session;
}

Result<Turn> MemoryState::start(Turn turn) {
    StoredSession* stored = find(turn.session);
    if (stored == nullptr) return no_session();
    turn.state = TurnState::running;
    const auto allowed = may_start(stored->session, !stored->running.empty(), turn);
    if (!allowed) return allowed.error();
    if (turns_.contains(turn.id)) return turn_exists();
    begin(*stored, turn);
    return turn;
}

Result<Nothing> MemoryState::checkpoint(const TurnId& id, std::uint64_t offset, const std::string& text) {
    const auto found = turns_.find(id);
    if (found == turns_.end()) return no_turn();
    StoredTurn& stored = found->second;
    if (stored.turn.state != TurnState::running) return Error{Errc::conflict, "the turn has ended"};
    switch (place_checkpoint(stored.text.size(), offset)) {
        case Checkpoint::gap:
            return Error{Errc::invalid, "a gap before the checkpoint"};
        case Checkpoint::repeated:
            return Nothing{};
        case Checkpoint::append:
            break;
    }
    stored.text += text;
    return Nothing{};
}

Result<Finished> MemoryState::finish(FinishTurn request) {
    const auto found = turns_.find(request.turn);
    if (found == turns_.end()) return no_turn();
    const Turn& turn = found->second.turn;
    StoredSession& stored = sessions_.at(turn.session);
    const auto allowed = may_finish(stored.session, turn, request.state);
    if (!allowed) return allowed.error();
    if (messages_.contains(turn.answer)) return message_exists();
    Message answer = answer_of(turn, request.state, std::move(request.content), request.at);
    answer.metadata = std::move(request.metadata);
    const Seq seq = add_answer(stored.session, stored.window, answer, request.tokens, request.response_ms);
    end_turn(stored, found->second, request.state);
    Event event = append(stored, seq, std::move(answer));
    return Finished{stored.session, std::move(event)};
}

Result<Session> MemoryState::end(const SessionId& id, const UserId& user, Time at) {
    StoredSession* stored = find(id);
    if (stored == nullptr || stored->session.user != user) return no_session();
    if (!stored->session.end) {
        store::end(stored->session, at);
        active_.erase(user);
    }
    return stored->session;
}

Result<Nothing> MemoryState::seen(const std::vector<SessionId>& ids, Time at) {
    for (const SessionId& id : ids) {
        StoredSession* stored = find(id);
        if (stored != nullptr && !stored->session.end) see(stored->session, at);
    }
    return Nothing{};
}

std::vector<Session> MemoryState::expire_idle(Time idle_since, std::size_t limit) {
    std::vector<StoredSession*> idle;
    for (const auto& [user, id] : active_) {
        StoredSession& stored = sessions_.at(id);
        if (is_idle(stored.session, idle_since, !stored.running.empty())) idle.push_back(&stored);
    }
    std::sort(idle.begin(), idle.end(), [](const StoredSession* a, const StoredSession* b) {
        return a->session.last_seen < b->session.last_seen;
    });
    std::vector<Session> ended;
    for (StoredSession* stored : idle) {
        if (ended.size() == limit) break;
        expire(stored->session);
        active_.erase(stored->session.user);
        ended.push_back(stored->session);
    }
    return ended;
}

Result<ControlChanged> MemoryState::change(ChangeControl request) {
    StoredSession* stored = find(request.session);
    if (stored == nullptr) return no_session();
    Session session = stored->session;
    const auto outcome = change_control(session, request);
    if (!outcome) return outcome.error();
    ControlChanged result{*outcome, {}, {}};
    if (*outcome == ControlOutcome::changed) {
        if (messages_.contains(request.event.id)) return message_exists();
        const Seq seq = add_message(session, request.event);
        if (!stored->running.empty() && keeps_ai(stored->session.control, session.control)) {
            turns_.at(stored->running).turn.control_number = session.control_number;
        }
        stored->session = std::move(session);
        result.event = append(*stored, seq, std::move(request.event));
    }
    result.session = stored->session;
    return result;
}

Result<ShareLink> MemoryState::share(const ShareSession& request) {
    StoredSession* stored = find(request.session);
    if (stored == nullptr) return no_session();
    Session& session = stored->session;
    const auto make = needs_new_link(session, request);
    if (!make) return make.error();
    if (*make) {
        if (by_share_token_.contains(request.fresh_token)) return Error{Errc::conflict, "the token exists"};
        by_share_token_.erase(session.share_token);
        by_share_token_[request.fresh_token] = session.id;
        session.share_token = request.fresh_token;
        session.share_expires = request.expires;
        stored->share_up_to = request.snapshot ? std::optional(session.last_seq) : std::nullopt;
    }
    return ShareLink{session.share_token, session.share_expires, stored->share_up_to, *make};
}

Result<Session> MemoryState::revoke(const SessionId& id, const UserId& user) {
    StoredSession* stored = find(id);
    if (stored == nullptr || stored->session.user != user) return no_session();
    by_share_token_.erase(stored->session.share_token);
    stored->session.share_token.clear();
    stored->session.share_expires.reset();
    stored->share_up_to.reset();
    return stored->session;
}

std::uint64_t MemoryState::interrupt_orphans(const NodeId& node, Time at) {
    std::vector<TurnId> orphans;
    for (const TurnId& id : running_) {
        const Turn& turn = turns_.at(id).turn;
        if (node.empty() || turn.node != node) orphans.push_back(id);
    }
    for (const TurnId& id : orphans) {
        StoredTurn& turn = turns_.at(id);
        StoredSession& stored = sessions_.at(turn.turn.session);
        Message answer = answer_of(turn.turn, TurnState::interrupted, std::move(turn.text), at);
        const Seq seq = add_message(stored.session, answer);
        end_turn(stored, turn, TurnState::interrupted);
        append(stored, seq, std::move(answer));
    }
    return orphans.size();
}

MemoryState::StoredSession* MemoryState::find(const SessionId& id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

const MemoryState::StoredSession* MemoryState::find(const SessionId& id) const {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

Result<MemoryState::Choice> MemoryState::choose(const Wish& wish, StoredSession* named) {
    const auto found = active_.find(wish.user);
    StoredSession* active = found == active_.end() ? nullptr : &sessions_.at(found->second);
    Choice choice;
    Session as_ended;  // how the rule sees the named session when it is the idle one
    const Session* seen_as = named ? &named->session : nullptr;
    if (active != nullptr && is_idle(active->session, wish.lifetime.idle_since, !active->running.empty())) {
        choice.idle = std::exchange(active, nullptr);
        if (choice.idle == named) {
            as_ended = named->session;
            expire(as_ended);
            seen_as = &as_ended;
        }
    }
    switch (choose_session(wish, seen_as, active ? &active->session : nullptr)) {
        case Target::named:
            choice.found = named;
            return choice;
        case Target::reopen:
            choice.found = named;
            choice.reopen = true;
            return choice;
        case Target::active:
            choice.found = active;
            return choice;
        case Target::fresh:
            return choice;
        case Target::forbidden:
            return Error{Errc::forbidden, "the session belongs to someone else"};
        case Target::none:
            break;
    }
    return no_session();
}

Result<MemoryState::Choice> MemoryState::choose_for_admin(const AcceptMessage& request,
                                                          StoredSession* named) const {
    if (named == nullptr) return no_session();
    const auto allowed = may_write_as_admin(request, named->session);
    if (!allowed) return allowed.error();
    return Choice{named, false, nullptr};
}

std::optional<Accepted> MemoryState::duplicate(const StoredSession& session,
                                               const model::ClientId& client_id) {
    if (client_id.empty()) return std::nullopt;
    const auto found = session.by_client_id.find(client_id);
    if (found == session.by_client_id.end()) return std::nullopt;
    Accepted known;
    known.session = session.session;
    known.event = session.events[found->second - 1];
    known.duplicate = true;
    return known;
}

std::optional<Session> MemoryState::end_idle(const Choice& choice) {
    if (choice.idle == nullptr) return std::nullopt;
    expire(choice.idle->session);
    active_.erase(choice.idle->session.user);
    return choice.idle->session;
}

void MemoryState::open_again(StoredSession& stored, Time at) {
    reopen(stored.session, at);
    active_[stored.session.user] = stored.session.id;
}

MemoryState::StoredSession& MemoryState::create(const SessionId& id, const UserId& user, const ModelId& model,
                                                Time at) {
    StoredSession& stored = sessions_[id];
    stored.session = new_session(id, user, model, at);
    active_[user] = id;
    return stored;
}

Event MemoryState::append(StoredSession& session, Seq seq, Message message) {
    messages_.insert(message.id);
    if (!message.client_id.empty()) session.by_client_id.emplace(message.client_id, seq);
    return session.events.emplace_back(Event{seq, std::move(message)});
}

void MemoryState::begin(StoredSession& session, const Turn& turn) {
    session.running = turn.id;
    running_.insert(turn.id);
    turns_[turn.id] = StoredTurn{turn, {}};
}

void MemoryState::end_turn(StoredSession& session, StoredTurn& stored, TurnState state) {
    session.running = TurnId{};
    running_.erase(stored.turn.id);
    stored.turn.state = state;
    stored.text = {};
}

}  // namespace chatbox::store
