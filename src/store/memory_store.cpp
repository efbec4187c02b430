#include "store/memory_store.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/rules.h"

namespace chatbox::store {

using base::Errc;
using base::Error;

namespace {

template <class T>
void post_reply(Reply<T> reply, Result<T> result) {
    boost::asio::post(reply.on, [done = std::move(reply.done), result = std::move(result)]() mutable {
        done(std::move(result));
    });
}

struct StoredSession {
    SessionRecord record;
    std::vector<Event> events;  // events[i].seq == i + 1
    std::unordered_map<model::ClientId, Seq> by_client_id;
    TurnId running;
};

struct StoredTurn {
    Turn turn;
    std::string text;  // checkpointed
};

bool newer(const StoredSession* a, const StoredSession* b) {
    const Session& x = a->record.session;
    const Session& y = b->record.session;
    return x.start != y.start ? x.start > y.start : x.id < y.id;
}

// The state and what a request does to it. No threads, no replies; a refused request changes nothing.
class State {
public:
    Result<Accepted> accept(AcceptMessage request) {
        StoredSession* session = find(request.session);
        if (session != nullptr && session->record.session.user == request.user) {
            if (auto known = duplicate(*session, request.message.client_id)) return *std::move(known);
        }
        auto chosen = choose(request.user, session, request.create);
        if (!chosen) return chosen.error();
        session = *chosen;
        if (session != nullptr) {
            if (auto known = duplicate(*session, request.message.client_id)) return *std::move(known);
        }
        if (messages_.contains(request.message.id)) return Error{Errc::conflict, "the message id exists"};
        if (session == nullptr && sessions_.contains(request.fresh_id)) return session_exists();
        const bool starts = !request.turn.empty() &&
                            (session == nullptr || (session->running.empty() &&
                                                    session->record.session.control == model::Control::ai));
        if (starts && turns_.contains(request.turn)) return turn_exists();

        const bool created = session == nullptr;
        if (created)
            session = &create(request.fresh_id, request.user, request.fresh_model, request.message.at);
        Accepted accepted;
        accepted.created = created;
        const Seq seq = add_message(session->record.session, request.message);
        if (starts) begin(*session, turn_for(request, session->record.session, seq));
        accepted.turn_started = starts;
        accepted.event = append(*session, seq, std::move(request.message));
        accepted.session = session->record.session;
        return accepted;
    }

    Result<Opened> open(const OpenSession& request) {
        auto chosen = choose(request.user, find(request.session), request.create);
        if (!chosen) return chosen.error();
        if (*chosen != nullptr) return Opened{(*chosen)->record.session, false};
        if (sessions_.contains(request.fresh_id)) return session_exists();
        return Opened{create(request.fresh_id, request.user, request.model, request.at).record.session, true};
    }

    Result<Session> set_model(const SessionId& id, ModelId model) {
        StoredSession* session = find(id);
        if (session == nullptr) return no_session();
        session->record.session.model = std::move(model);
        return session->record.session;
    }

    Result<Turn> start(Turn turn) {
        StoredSession* session = find(turn.session);
        if (session == nullptr) return no_session();
        turn.state = TurnState::running;
        const auto allowed = may_start(session->record.session, !session->running.empty(), turn);
        if (!allowed) return allowed.error();
        if (turns_.contains(turn.id)) return turn_exists();
        begin(*session, turn);
        return turn;
    }

    Result<Nothing> checkpoint(const TurnId& id, std::uint64_t offset, const std::string& text) {
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

    Result<Finished> finish(FinishTurn request) {
        const auto found = turns_.find(request.turn);
        if (found == turns_.end()) return no_turn();
        const Turn& turn = found->second.turn;
        StoredSession& session = sessions_.at(turn.session);
        const auto allowed = may_finish(session.record.session, turn, request.state);
        if (!allowed) return allowed.error();
        if (messages_.contains(turn.answer)) return Error{Errc::conflict, "the message id exists"};
        Message answer = answer_of(turn, request.state, std::move(request.content), request.at);
        answer.metadata = std::move(request.metadata);
        const Seq seq = add_answer(session.record, answer, request.tokens, request.response_ms);
        end_turn(session, found->second, request.state);
        Event event = append(session, seq, std::move(answer));
        return Finished{session.record.session, std::move(event)};
    }

    Result<Session> end(const SessionId& id, const UserId& user, Time at) {
        StoredSession* session = find(id);
        if (session == nullptr || session->record.session.user != user) return no_session();
        if (!session->record.session.end) {
            session->record.session.end = at;
            active_.erase(user);
        }
        return session->record.session;
    }

    Result<std::uint64_t> interrupt_orphans(const NodeId& node, Time at) {
        std::vector<TurnId> orphans;
        for (const TurnId& id : running_) {
            const Turn& turn = turns_.at(id).turn;
            if (node.empty() || turn.node != node) orphans.push_back(id);
        }
        for (const TurnId& id : orphans) {
            StoredTurn& stored = turns_.at(id);
            StoredSession& session = sessions_.at(stored.turn.session);
            Message answer = answer_of(stored.turn, TurnState::interrupted, std::move(stored.text), at);
            const Seq seq = add_message(session.record.session, answer);
            end_turn(session, stored, TurnState::interrupted);
            append(session, seq, std::move(answer));
        }
        return orphans.size();
    }

    Result<Session> session(const SessionId& id) {
        const StoredSession* found = find(id);
        if (found == nullptr) return no_session();
        return found->record.session;
    }

    std::vector<Event> events_after(const SessionId& id, Seq after, std::size_t limit) {
        const StoredSession* found = find(id);
        if (found == nullptr || after >= found->events.size()) return {};
        const auto first = found->events.begin() + static_cast<std::ptrdiff_t>(after);
        const std::size_t count = std::min(limit, found->events.size() - static_cast<std::size_t>(after));
        return {first, first + static_cast<std::ptrdiff_t>(count)};
    }

    std::vector<Event> last_events(const SessionId& id, std::size_t limit) {
        const StoredSession* found = find(id);
        if (found == nullptr) return {};
        const std::size_t count = std::min(limit, found->events.size());
        return {found->events.end() - static_cast<std::ptrdiff_t>(count), found->events.end()};
    }

    std::vector<Session> sessions_of(const UserId& user, std::size_t limit) {
        const auto found = by_user_.find(user);
        return found == by_user_.end() ? std::vector<Session>{} : newest(found->second, limit, 0);
    }

    std::vector<Session> all_sessions(std::size_t limit, std::size_t offset) {
        std::vector<const StoredSession*> all;
        all.reserve(sessions_.size());
        for (const auto& [id, session] : sessions_) all.push_back(&session);
        return newest(std::move(all), limit, offset);
    }

private:
    static Error no_session() { return {Errc::not_found, "no such session"}; }
    static Error no_turn() { return {Errc::not_found, "no such turn"}; }
    static Error session_exists() { return {Errc::conflict, "the session id exists"}; }
    static Error turn_exists() { return {Errc::conflict, "the turn id exists"}; }

    StoredSession* find(const SessionId& id) {
        const auto found = sessions_.find(id);
        return found == sessions_.end() ? nullptr : &found->second;
    }

    // Null: a new session is to be created.
    Result<StoredSession*> choose(const UserId& user, StoredSession* named, bool create) {
        const auto found = active_.find(user);
        StoredSession* active = found == active_.end() ? nullptr : &sessions_.at(found->second);
        switch (choose_session(user, named ? &named->record.session : nullptr,
                               active ? &active->record.session : nullptr, create)) {
            case Target::named:
                return named;
            case Target::active:
                return active;
            case Target::fresh:
                return static_cast<StoredSession*>(nullptr);
            case Target::forbidden:
                return Error{Errc::forbidden, "the session belongs to someone else"};
            case Target::none:
                break;
        }
        return no_session();
    }

    static std::optional<Accepted> duplicate(const StoredSession& session, const model::ClientId& client_id) {
        if (client_id.empty()) return std::nullopt;
        const auto found = session.by_client_id.find(client_id);
        if (found == session.by_client_id.end()) return std::nullopt;
        Accepted known;
        known.session = session.record.session;
        known.event = session.events[found->second - 1];
        known.duplicate = true;
        return known;
    }

    StoredSession& create(const SessionId& id, const UserId& user, const ModelId& model, Time at) {
        StoredSession& session = sessions_[id];
        session.record.session = new_session(id, user, model, at);
        active_[user] = id;
        by_user_[user].push_back(&session);
        return session;
    }

    Event append(StoredSession& session, Seq seq, Message message) {
        messages_.insert(message.id);
        if (!message.client_id.empty()) session.by_client_id.emplace(message.client_id, seq);
        return session.events.emplace_back(Event{seq, std::move(message)});
    }

    void begin(StoredSession& session, const Turn& turn) {
        session.running = turn.id;
        running_.insert(turn.id);
        turns_[turn.id] = StoredTurn{turn, {}};
    }

    void end_turn(StoredSession& session, StoredTurn& stored, TurnState state) {
        session.running = TurnId{};
        running_.erase(stored.turn.id);
        stored.turn.state = state;
        stored.text = {};
    }

    static std::vector<Session> newest(std::vector<const StoredSession*> all, std::size_t limit,
                                       std::size_t offset) {
        std::sort(all.begin(), all.end(), newer);
        std::vector<Session> page;
        for (std::size_t i = std::min(offset, all.size()); i < all.size() && page.size() < limit; ++i) {
            page.push_back(all[i]->record.session);
        }
        return page;
    }

    std::unordered_map<SessionId, StoredSession> sessions_;  // its nodes do not move: by_user_ points to them
    std::unordered_map<UserId, SessionId> active_;
    std::unordered_map<UserId, std::vector<const StoredSession*>> by_user_;
    std::unordered_set<MessageId> messages_;
    std::unordered_map<TurnId, StoredTurn> turns_;
    std::unordered_set<TurnId> running_;
};

// Replies are posted under the lock, so that their order is the order of the effects.
class LockedMemoryStore final : public MemoryStore {
public:
    void fail_next(std::size_t count, Error error) override {
        const std::lock_guard lock(mutex_);
        failures_ = count;
        failure_ = std::move(error);
    }

    void accept_message(AcceptMessage request, Reply<Accepted> reply) override {
        write(std::move(reply), [&](State& state) { return state.accept(std::move(request)); });
    }
    void open_session(OpenSession request, Reply<Opened> reply) override {
        write(std::move(reply), [&](State& state) { return state.open(request); });
    }
    void set_model(SessionId session, ModelId model, Reply<Session> reply) override {
        write(std::move(reply), [&](State& state) { return state.set_model(session, std::move(model)); });
    }
    void start_turn(Turn turn, Reply<Turn> reply) override {
        write(std::move(reply), [&](State& state) { return state.start(std::move(turn)); });
    }
    void checkpoint_turn(TurnId turn, std::uint64_t offset, std::string text, Reply<Nothing> reply) override {
        write(std::move(reply), [&](State& state) { return state.checkpoint(turn, offset, text); });
    }
    void finish_turn(FinishTurn request, Reply<Finished> reply) override {
        write(std::move(reply), [&](State& state) { return state.finish(std::move(request)); });
    }
    void end_session(SessionId session, UserId user, Time at, Reply<Session> reply) override {
        write(std::move(reply), [&](State& state) { return state.end(session, user, at); });
    }
    void interrupt_orphans(NodeId node, Time at, Reply<std::uint64_t> reply) override {
        write(std::move(reply), [&](State& state) { return state.interrupt_orphans(node, at); });
    }

    void session(SessionId id, Reply<Session> reply) override {
        read(std::move(reply), [&](State& state) { return state.session(id); });
    }
    void events_after(SessionId id, Seq after, std::size_t limit, Reply<std::vector<Event>> reply) override {
        read(std::move(reply), [&](State& state) { return state.events_after(id, after, limit); });
    }
    void last_events(SessionId id, std::size_t limit, Reply<std::vector<Event>> reply) override {
        read(std::move(reply), [&](State& state) { return state.last_events(id, limit); });
    }
    void sessions_of(UserId user, std::size_t limit, Reply<std::vector<Session>> reply) override {
        read(std::move(reply), [&](State& state) { return state.sessions_of(user, limit); });
    }
    void all_sessions(std::size_t limit, std::size_t offset, Reply<std::vector<Session>> reply) override {
        read(std::move(reply), [&](State& state) { return state.all_sessions(limit, offset); });
    }

    // Says what the next write would meet, and leaves the failure for it.
    void ping(Reply<Nothing> reply) override {
        const std::lock_guard lock(mutex_);
        post_reply<Nothing>(std::move(reply), failures_ > 0 ? Result<Nothing>(failure_) : Nothing{});
    }

private:
    template <class T, class Work>
    void write(Reply<T> reply, Work work) {
        const std::lock_guard lock(mutex_);
        if (failures_ > 0) {
            --failures_;
            post_reply<T>(std::move(reply), failure_);
        } else {
            post_reply<T>(std::move(reply), work(state_));
        }
    }

    template <class T, class Work>
    void read(Reply<T> reply, Work work) {
        const std::lock_guard lock(mutex_);
        post_reply<T>(std::move(reply), work(state_));
    }

    std::mutex mutex_;
    State state_;
    std::size_t failures_ = 0;
    Error failure_;
};

}  // namespace

std::unique_ptr<MemoryStore> make_memory_store() {
    return std::make_unique<LockedMemoryStore>();
}

}  // namespace chatbox::store
