#include "chat/hub.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "session_actor.h"

namespace chatbox::chat {

using base::Errc;
using base::Result;

namespace {
constexpr std::string_view limit_notice =
    "Connection limit reached. You have reached the maximum number of simultaneous connections. Close an "
    "existing "
    "connection to open a new one.";
}

Hub::Hub(HubParts parts)
    : parts_(std::move(parts)),
      messages_(parts_.options.messages_per_window, parts_.options.message_window),
      seen_timer_(parts_.loop) {
    if (parts_.models.empty()) throw std::logic_error("a hub needs a model");
    for (const Model& model : parts_.models) choices_.push_back(model.choice);
}

Hub::~Hub() = default;

Result<std::shared_ptr<Client>> Hub::connect(const Introduction& introduction, Peer& peer) {
    if (shutting_down_) return base::Error{Errc::unavailable, "shutting down"};
    const auto found = users_.find(introduction.user);
    if (found != users_.end() && found->second->clients.size() >= parts_.options.connections_per_user) {
        for (Client* client : found->second->clients) {
            std::string& frame = scratch();
            wire::append_notification(frame, {}, limit_notice, parts_.clock.now());
            client->peer_.send(frame);
        }
        return base::Error{Errc::limit, "connections of one user"};
    }
    UserState& state = user(introduction.user);
    auto client = std::make_shared<Client>(*this, state, peer, introduction);
    state.clients.push_back(client.get());
    client->start(introduction);
    return client;
}

Result<std::shared_ptr<Client>> Hub::assist(const Introduction& introduction, Peer& peer) {
    if (shutting_down_) return base::Error{Errc::unavailable, "shutting down"};
    UserState& state = user(introduction.user);
    auto client = std::make_shared<Client>(*this, state, peer, introduction);
    ++state.legs;
    client->start_assisting(introduction);
    return client;
}

UserState& Hub::user(const model::UserId& id) {
    auto& state = users_[id];
    if (!state) {
        state = std::make_unique<UserState>();
        state->id = id;
    }
    return *state;
}

void Hub::leave(Client& client) {
    UserState& user = client.user_;
    if (client.assisting_) {
        --user.legs;
    } else {
        std::erase(user.clients, &client);
    }
    if (user.clients.empty() && user.legs == 0) {
        const model::UserId id = user.id;  // the key must outlive its own entry
        users_.erase(id);
    }
}

std::shared_ptr<SessionActor> Hub::find(const model::SessionId& session) const {
    const auto found = sessions_.find(session.str());
    return found == sessions_.end() ? nullptr : found->second;
}

std::shared_ptr<SessionActor> Hub::actor_for(const model::Session& session) {
    if (auto actor = find(session.id)) return actor;
    auto actor = std::make_shared<SessionActor>(*this, session);
    sessions_.emplace(actor->id().str(), actor);
    return actor;
}

void Hub::forget_if_idle(SessionActor& actor) {
    if (!actor.idle()) return;
    const auto found = sessions_.find(actor.id().str());
    if (found == sessions_.end() || found->second.get() != &actor) return;
    const auto keep = found->second;  // the key views into it
    sessions_.erase(found);
}

void Hub::on_accepted(const std::weak_ptr<Client>& origin, const model::SessionId& asked,
                      const model::ClientId& client_id, std::optional<model::Turn> turn,
                      Result<store::Accepted> accepted) {
    std::shared_ptr<Client> client = origin.lock();
    if (client) --client->pending_;
    if (client && client->gone_) client.reset();
    if (!accepted) {
        if (accepted.error().code != Errc::forbidden) {
            parts_.log.error("session", "a message was not stored", {{"error", accepted.error().detail}});
        }
        if (client) client->refuse_error(accepted.error().code, asked, client_id);
        return;
    }
    if (accepted->created) parts_.metrics.add(base::Count::session_created);
    const auto actor = actor_for(accepted->session);
    if (client) {
        // A repeated message may belong to a session that has ended since: no place to go back to.
        if (!accepted->session.end) client->bind(actor);
        if (client->is_v2() && !client_id.empty()) {
            client->acknowledge(actor->id(), accepted->event);
        }
    }
    if (accepted->expired) session_ended(accepted->expired->id);
    if (!accepted->duplicate) actor->on_accepted(*accepted, std::move(turn), client.get());
    forget_if_idle(*actor);
}

void Hub::left_alone(const SessionActor& actor) {
    left_alone_.push_back(actor.id());
    if (left_alone_.size() > 1) return;  // the timer runs
    seen_timer_.expires_after(parts_.options.seen_delay);
    seen_timer_.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        parts_.store.seen(std::exchange(left_alone_, {}), parts_.clock.now(), {parts_.loop, [](auto) {
                                                                                   // Not stored: the session
                                                                                   // counts as idle from its
                                                                                   // last activity on.
                                                                               }});
    });
}

store::Lifetime Hub::lifetime(const UserState& user) const {
    const bool present = std::any_of(user.clients.begin(), user.clients.end(),
                                     [](const Client* client) { return client->session_ != nullptr; });
    store::Lifetime lifetime;
    lifetime.reconnect_window = parts_.options.reconnect_window;
    if (!present) lifetime.idle_since = parts_.clock.now() - parts_.options.reconnect_window;
    return lifetime;
}

void Hub::report_seen(std::function<void(bool)> done) {
    std::vector<model::SessionId> seen = std::exchange(left_alone_, {});
    for (const auto& [id, actor] : sessions_) {
        if (actor->has_viewers()) seen.push_back(actor->id());
    }
    if (seen.empty()) return done(true);
    parts_.store.seen(std::move(seen), parts_.clock.now(),
                      {parts_.loop, [done = std::move(done)](auto stored) { done(stored.has_value()); }});
}

void Hub::control_changed(const model::Session& session, const model::Event& event) {
    if (const auto actor = find(session.id)) actor->on_control_changed(session, event);
}

void Hub::session_ended(const model::SessionId& session) {
    if (const auto actor = find(session)) actor->on_session_ended();
}

void Hub::shutdown(std::function<void()> done) {
    shutting_down_ = true;
    report_seen([](bool) {});  // from now on their devices are away
    on_shut_down_ = std::move(done);
    std::vector<std::shared_ptr<SessionActor>> actors;
    actors.reserve(sessions_.size());
    for (const auto& [id, actor] : sessions_) actors.push_back(actor);
    for (const auto& actor : actors) actor->interrupt();
    if (running_turns_ == 0) std::exchange(on_shut_down_, nullptr)();
}

void Hub::turn_ended() {
    --running_turns_;
    if (running_turns_ == 0 && on_shut_down_) std::exchange(on_shut_down_, nullptr)();
}

Model& Hub::model_for(const model::ModelId& id) {
    const auto found = std::find_if(parts_.models.begin(), parts_.models.end(),
                                    [&](const Model& model) { return model.choice.id == id; });
    return found == parts_.models.end() ? parts_.models.front() : *found;
}

bool Hub::knows_model(const model::ModelId& id) const {
    return std::any_of(choices_.begin(), choices_.end(), [&](const auto& choice) { return choice.id == id; });
}

std::string& Hub::scratch() {
    // A very large frame must not stay with us for ever.
    constexpr std::size_t keep_bytes = 256 * 1024;
    if (scratch_.capacity() > keep_bytes) std::string().swap(scratch_);
    scratch_.clear();
    return scratch_;
}

}  // namespace chatbox::chat
