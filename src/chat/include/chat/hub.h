#pragma once
// Everything that is alive on one network thread: its users' connections and sessions. A user belongs to
// exactly one hub, so a session's state has one owner and needs no lock.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "chat/client.h"
#include "chat/options.h"
#include "limits/rate_limiter.h"
#include "limits/token_bucket.h"
#include "llm/provider.h"
#include "store/store.h"
#include "wire/server_frame.h"

namespace chatbox::chat {

struct Model {
    wire::ModelChoice choice;
    std::unique_ptr<llm::Provider> provider;  // belongs to the hub's loop
};

class Hub;

struct HubParts {
    boost::asio::any_io_executor loop;  // one thread
    store::Store& store;                // outlives the hub, as do clock and log
    const base::Clock& clock;
    base::Log& log;
    model::NodeId node;
    std::vector<Model> models;  // at least one, in configuration order; the first is the default
    Options options;
    base::Metrics& metrics = base::no_metrics();
    // Where a user lives; each hub of the process is given the same. The hubs outlive all calls.
    std::function<Hub&(const model::UserId&)> hub_of;
};

struct UserState {
    model::UserId id;
    std::vector<Client*> clients;
    limits::TokenBucket frames;
    std::size_t legs = 0;  // clients in sessions of others, beside those above
};

// All calls on the loop's thread. Destroy it only after shutdown() is done and the loop has stopped.
class Hub {
public:
    explicit Hub(HubParts parts);
    ~Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    // Errors: limit (the user has as many connections as allowed; the open ones have been told), unavailable
    // (shutting down). Frames may be sent to the peer only after this returned.
    base::Result<std::shared_ptr<Client>> connect(const Introduction& introduction, Peer& peer);

    // An admin enters `introduction.session`, whose user lives on this hub. The client counts as nobody's
    // connection. Errors: unavailable.
    base::Result<std::shared_ptr<Client>> assist(const Introduction& introduction, Peer& peer);

    const boost::asio::any_io_executor& loop() const { return parts_.loop; }

    // Who answers was changed in the store, by `event`: its clients are told, and a human is not talked over.
    void control_changed(const model::Session& session, const model::Event& event);

    // The session was ended elsewhere (over HTTP): its clients are told.
    void session_ended(const model::SessionId& session);

    // Tells the store which sessions have a device now. Calls back with whether that was stored.
    void report_seen(std::function<void(bool)> done);

    // Refuses what is new, stores running answers as interrupted, then calls `done` once.
    void shutdown(std::function<void()> done);

    std::size_t session_count() const { return sessions_.size(); }
    std::size_t user_count() const { return users_.size(); }

private:
    friend class Client;
    friend class SessionActor;
    friend class TurnRunner;

    void leave(Client& client);
    UserState& user(const model::UserId& id);
    std::shared_ptr<SessionActor> actor_for(const model::Session& session);
    std::shared_ptr<SessionActor> find(const model::SessionId& session) const;
    void forget_if_idle(SessionActor& actor);
    // The session's last device has gone: from now on it is idle.
    void left_alone(const SessionActor& actor);
    // For what this user does now: with a device in it a session is never idle.
    store::Lifetime lifetime(const UserState& user) const;
    void on_accepted(const std::weak_ptr<Client>& origin, const model::SessionId& asked,
                     const model::ClientId& client_id, std::optional<model::Turn> turn,
                     base::Result<store::Accepted> accepted);
    void turn_ended();
    // The model with this id, or the default.
    Model& model_for(const model::ModelId& id);
    bool knows_model(const model::ModelId& id) const;
    // A buffer for building one frame; its content is gone at the next call.
    std::string& scratch();

    HubParts parts_;
    std::vector<wire::ModelChoice> choices_;
    limits::RateLimiter messages_;
    std::unordered_map<model::UserId, std::unique_ptr<UserState>> users_;
    // Keys view the actors' own ids.
    std::unordered_map<std::string_view, std::shared_ptr<SessionActor>> sessions_;
    std::string scratch_;
    std::vector<model::SessionId> left_alone_;  // since the last report
    boost::asio::steady_timer seen_timer_;
    std::size_t running_turns_ = 0;
    std::function<void()> on_shut_down_;
    bool shutting_down_ = false;
};

}  // namespace chatbox::chat
