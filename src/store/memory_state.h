#pragma once
// What the memory store holds, and what a request does to it. No threads, no replies; a refused request
// changes nothing.
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/rules.h"

namespace chatbox::store {

class MemoryState {
public:
    Result<Accepted> accept(AcceptMessage request);
    Result<Opened> open(const OpenSession& request);
    Result<Session> set_model(const SessionId& id, ModelId model);
    Result<Turn> start(Turn turn);
    Result<Nothing> checkpoint(const TurnId& id, std::uint64_t offset, const std::string& text);
    Result<Finished> finish(FinishTurn request);
    Result<Session> end(const SessionId& id, const UserId& user, Time at);
    Result<Nothing> seen(const std::vector<SessionId>& ids, Time at);
    std::vector<Session> expire_idle(Time idle_since, std::size_t limit);
    Result<ControlChanged> change(ChangeControl request);
    Result<ShareLink> share(const ShareSession& request);
    Result<Session> revoke(const SessionId& id, const UserId& user);
    std::uint64_t interrupt_orphans(const NodeId& node, Time at);

    Result<Session> session(const SessionId& id) const;
    std::vector<Event> events_after(const SessionId& id, Seq after, std::size_t limit) const;
    std::vector<Event> last_events(const SessionId& id, std::size_t limit) const;
    SessionPage list(const SessionQuery& query) const;
    Metrics metrics(Time from, Time to, Time now) const;
    Result<SharedSession> shared(const std::string& token, Time at) const;

private:
    struct StoredSession {
        Session session;
        ResponseWindow window;
        std::vector<Event> events;  // events[i].seq == i + 1
        std::unordered_map<model::ClientId, Seq> by_client_id;
        TurnId running;
        std::optional<Seq> share_up_to;
    };
    struct StoredTurn {
        Turn turn;
        std::string text;  // checkpointed
    };
    // The session that a request works on, and what has to be done before it does.
    struct Choice {
        StoredSession* found = nullptr;  // null: a new one is to be created
        bool reopen = false;
        StoredSession* idle = nullptr;  // to be ended first
    };

    StoredSession* find(const SessionId& id);
    const StoredSession* find(const SessionId& id) const;
    Result<Choice> choose(const Wish& wish, StoredSession* named);
    Result<Choice> choose_for_admin(const AcceptMessage& request, StoredSession* named) const;
    static std::optional<Accepted> duplicate(const StoredSession& session, const model::ClientId& client_id);
    std::optional<Session> end_idle(const Choice& choice);
    void open_again(StoredSession& stored, Time at);
    StoredSession& create(const SessionId& id, const UserId& user, const ModelId& model, Time at);
    Event append(StoredSession& session, Seq seq, Message message);
    void begin(StoredSession& session, const Turn& turn);
    void end_turn(StoredSession& session, StoredTurn& stored, TurnState state);
    static void measure_concurrency(const std::vector<const Session*>& sessions, Time from, Time until,
                                    Metrics& out);

    std::unordered_map<SessionId, StoredSession> sessions_;  // its nodes do not move
    std::unordered_map<UserId, SessionId> active_;
    std::unordered_map<std::string, SessionId> by_share_token_;
    std::unordered_set<MessageId> messages_;
    std::unordered_map<TurnId, StoredTurn> turns_;
    std::unordered_set<TurnId> running_;
};

}  // namespace chatbox::store
