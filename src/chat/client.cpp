#include "chat/client.h"

#include <utility>

#include "chat/hub.h"
#include "leg.h"
#include "session_actor.h"

namespace chatbox::chat {

using base::Errc;
using base::Result;
using model::SessionId;
using wire::ClientFrame;
using wire::ClientFrameType;
using wire::Fault;

namespace {

constexpr std::string_view help_notice =
    "Help request sent. An administrator will join your session shortly.";

model::MessageKind kind_of(ClientFrameType type) {
    if (type == ClientFrameType::file_upload) return model::MessageKind::file;
    if (type == ClientFrameType::voice_message) return model::MessageKind::voice;
    return model::MessageKind::text;
}

}  // namespace

const model::UserId& Client::user_id() const {
    return user_.id;
}

// --- connecting ---

void Client::start(Introduction introduction) {
    if (introduction.session.empty()) return send_status({});
    // The session is looked up first, so that the first frame can already say whether it was found.
    waiting_ = std::make_unique<std::deque<ClientFrame>>();
    store::OpenSession request;
    request.user = user_id();
    request.lifetime = hub_.lifetime(user_);
    request.session = introduction.session;
    request.at = hub_.parts_.clock.now();
    store::Reply<store::Opened> reply{hub_.parts_.loop,
                                      [weak = weak_from_this(), introduction](Result<store::Opened> opened) {
                                          const auto self = weak.lock();
                                          if (self && !self->gone_)
                                              self->on_opened(introduction, std::move(opened));
                                      }};
    hub_.parts_.store.open_session(std::move(request), std::move(reply));
}

void Client::on_opened(Introduction introduction, Result<store::Opened> opened) {
    if (!opened && opened.error().code == Errc::forbidden && admin_name_) {
        // Somebody else's: an admin may enter it. The far end says how it is bound.
        return enter_foreign(std::move(introduction));
    }
    if (opened && opened->session.id == introduction.session) {
        const auto actor = hub_.actor_for(opened->session);
        session_ = actor;
        was_bound_ = true;
        actor->add(*this);
        send_status(actor->id());
        if (is_v2() && introduction.after_seq) {
            begin_catch_up(*introduction.after_seq, introduction.partial, introduction.offset);
        } else {
            actor->show_running(*this, introduction.partial, introduction.offset);
        }
    } else {
        // Somebody else's session looks like one that does not exist.
        send_status({});
        if (!opened && opened.error().code == Errc::unavailable)
            refuse(Fault::database(), introduction.session, {});
    }
    finish_opening();
}

void Client::finish_opening() {
    const auto waiting = std::move(waiting_);
    if (waiting) resume(std::move(*waiting));
}

void Client::resume(std::deque<ClientFrame> waiting) {
    for (auto& frame : waiting) {
        if (waiting_) {
            waiting_->push_back(std::move(frame));  // one of them opens a session again
        } else {
            handle(std::move(frame));
        }
    }
}

void Client::acknowledge(const SessionId& session, const model::Event& event) {
    std::string& frame = hub_.scratch();
    wire::append_ack(frame, session, event, hub_.parts_.clock.now());
    if (catch_up_) {
        catch_up_->acks.push_back(frame);
    } else {
        peer_.send(frame);
    }
}

void Client::leave() {
    if (gone_) return;
    gone_ = true;
    unbind();
    if (const auto leg = std::exchange(leg_, nullptr)) leg->close();
    hub_.leave(*this);
}

void Client::bind(const std::shared_ptr<SessionActor>& actor) {
    if (session_ == actor) return;
    unbind();
    session_ = actor;
    was_bound_ = true;
    actor->add(*this);
    send_status(actor->id());
    actor->show_running(*this, {}, 0);
}

void Client::unbind() {
    catch_up_.reset();
    if (const auto actor = std::exchange(session_, nullptr)) actor->remove(*this);
}

void Client::send_status(const SessionId& session, std::string_view content) {
    wire::ConnectionStatus status;
    status.session = session;
    status.content = content;
    if (content.empty()) {
        status.user = user_id();
        status.models = &hub_.choices_;
    } else {
        status.sender = model::Sender::ai;
    }
    std::string& frame = hub_.scratch();
    wire::append_connection_status(frame, status, hub_.parts_.clock.now());
    peer_.send(frame);
}

void Client::enter_foreign(Introduction introduction) {
    const SessionId session = introduction.session;
    store::Reply<model::Session> reply{
        hub_.parts_.loop, [weak = weak_from_this(),
                           introduction = std::move(introduction)](Result<model::Session> found) mutable {
            const auto self = weak.lock();
            if (!self || self->gone_) return;
            if (found) {
                self->open_leg(*found, std::move(introduction));
            } else {
                self->send_status({});
            }
            self->finish_opening();
        }};
    hub_.parts_.store.session(session, std::move(reply));
}

// --- frames ---

void Client::on_frame(std::string_view bytes) {
    const base::Instant arrived = hub_.parts_.clock.steady();
    base::Millis wait = frames_.admit(hub_.parts_.options.frames_of_connection, arrived);
    if (wait.count() == 0) wait = user_.frames.admit(hub_.parts_.options.frames_of_user, arrived);
    if (wait.count() > 0) return refuse(Fault::too_many(wait), {}, {});
    const base::Time now = hub_.parts_.clock.now();
    auto parsed = wire::parse_client_frame(bytes, hub_.parts_.options.frames, now);
    if (auto* refused = std::get_if<wire::RefusedFrame>(&parsed)) {
        return refuse(refused->fault, {}, refused->client_id);
    }
    hub_.parts_.metrics.add(base::Count::message_received);
    take(std::move(std::get<ClientFrame>(parsed)));
}

void Client::take(ClientFrame frame) {
    if (hub_.shutting_down_) {
        Fault fault{wire::FaultCode::service_error, "Service temporarily unavailable"};
        return refuse(fault, frame.session, frame.client_id);
    }
    if (!waiting_) return handle(std::move(frame));
    if (may_wait(frame)) waiting_->push_back(std::move(frame));
}

bool Client::may_wait(const ClientFrame& frame) {
    const std::size_t waiting = pending_ + (waiting_ ? waiting_->size() : 0);
    if (waiting < hub_.parts_.options.pending_frames) return true;
    refuse(Fault::busy(), frame.session, frame.client_id);
    return false;
}

void Client::handle(ClientFrame frame) {
    if (admin_name_ && !assisting_ && is_for_leg(frame)) {
        if (leg_ && leg_session_ == frame.session) return leg_->forward(std::move(frame));
        return find_leg(std::move(frame));
    }
    // Choosing a model and asking for help are the visitor's.
    if (assisting_ &&
        (frame.type == ClientFrameType::model_select || frame.type == ClientFrameType::help_request)) {
        return refuse(Fault::not_owner(), frame.session, frame.client_id);
    }
    handle_own(std::move(frame));
}

void Client::handle_own(ClientFrame frame) {
    switch (frame.type) {
        case ClientFrameType::user_message:
            return handle_user_message(std::move(frame));
        case ClientFrameType::model_select:
            return handle_model_select(std::move(frame));
        case ClientFrameType::stop:
            return handle_stop(frame);
        case ClientFrameType::file_upload:
        case ClientFrameType::voice_message:
            return in_known_session(std::move(frame), &Client::handle_file);
        case ClientFrameType::help_request:
            return in_known_session(std::move(frame), &Client::handle_help);
        case ClientFrameType::typing:
            return handle_typing(frame);
        case ClientFrameType::auth_refresh:
            return peer_.refresh(std::move(frame.token));
    }
}

SessionId Client::target(const ClientFrame& frame) const {
    if (!frame.session.empty()) return frame.session;
    // Whoever means a session that has ended says so.
    return session_ && !session_->ended() ? session_->id() : SessionId();
}

// These never make a session: what the client names must exist (contract 5.3).
void Client::in_known_session(ClientFrame frame, Handler then) {
    const SessionId asked = target(frame);
    if (asked.empty()) return refuse(Fault::missing_field("session_id"), {}, frame.client_id);
    if (session_ && asked == session_->id()) return (this->*then)(std::move(frame));
    waiting_ = std::make_unique<std::deque<ClientFrame>>();
    store::OpenSession request;
    request.user = user_id();
    request.lifetime = hub_.lifetime(user_);
    request.session = asked;
    request.at = hub_.parts_.clock.now();
    store::Reply<store::Opened> reply{
        hub_.parts_.loop,
        [weak = weak_from_this(), frame = std::move(frame), then](Result<store::Opened> opened) mutable {
            const auto self = weak.lock();
            if (!self || self->gone_) return;
            if (!opened) {
                self->refuse_error(opened.error().code, frame.session, frame.client_id);
            } else if (opened->session.id != frame.session) {
                self->refuse(Fault::no_session(), frame.session, frame.client_id);
            } else {
                self->bind(self->hub_.actor_for(opened->session));
                ((*self).*then)(std::move(frame));
            }
            self->finish_opening();
        }};
    hub_.parts_.store.open_session(std::move(request), std::move(reply));
}

void Client::handle_user_message(ClientFrame frame) {
    accept(std::move(frame), true, true);
}

void Client::handle_file(ClientFrame frame) {
    // A voice message is a question for the model that was chosen; nobody else was asked (contract 6.6).
    const bool question = frame.type == ClientFrameType::voice_message && !session_->model().empty();
    accept(std::move(frame), false, question);
}

void Client::handle_help(ClientFrame frame) {
    const base::Time now = hub_.parts_.clock.now();
    store::ChangeControl change;
    change.session = session_->id();
    change.owner = user_id();
    change.to = model::Control::waiting;
    change.actor = user_id();
    change.event.id = model::MessageId(base::ordered_hex_id(now));
    change.event.kind = model::MessageKind::help;
    change.event.at = now;
    store::Reply<store::ControlChanged> reply{
        hub_.parts_.loop, [&hub = hub_, weak = weak_from_this(), asked = frame.session,
                           client_id = frame.client_id](Result<store::ControlChanged> changed) {
            if (changed && changed->event) hub.control_changed(changed->session, *changed->event);
            const auto self = weak.lock();
            if (!self || self->gone_) return;
            if (!changed) return self->refuse_error(changed.error().code, asked, client_id);
            self->send_status(changed->session.id, help_notice);
        }};
    hub_.parts_.store.change_control(std::move(change), std::move(reply));
}

// Typing is a hint: it is not stored, told at most twice a second, and lost without harm.
void Client::handle_typing(const ClientFrame& frame) {
    const base::Instant now = hub_.parts_.clock.steady();
    if (!session_ || (!frame.session.empty() && frame.session != session_->id())) return;
    if (frame.active == typing_ && now - typing_told_ < hub_.parts_.options.typing_interval) return;
    typing_ = frame.active;
    typing_told_ = now;
    session_->show_typing(*this, frame.active);
}

void Client::as_admin(store::AcceptMessage& request) const {
    request.as_admin = user_id();
    request.message.sender = model::Sender::admin;
    request.message.metadata["admin_id"] = user_id().str();
    request.message.metadata["admin_name"] = *admin_name_;
}

void Client::accept(ClientFrame frame, bool create, bool wants_answer) {
    if (assisting_) wants_answer = false;
    const base::Millis wait = hub_.messages_.admit(user_id().str(), hub_.parts_.clock.steady());
    if (wait.count() > 0) return refuse(Fault::too_many(wait), frame.session, frame.client_id);
    if (!may_wait(frame)) return;
    ++pending_;
    const base::Time now = hub_.parts_.clock.now();
    model::Turn turn;
    turn.id = model::TurnId(base::ordered_hex_id(now));
    turn.answer = model::MessageId(base::ordered_hex_id(now));
    turn.node = hub_.parts_.node;
    turn.started = now;

    store::AcceptMessage request;
    request.user = user_id();
    request.lifetime = hub_.lifetime(user_);
    request.session = target(frame);
    request.create = create;

    request.fresh_id = SessionId(base::random_hex_id());
    request.message.kind = kind_of(frame.type);
    request.message.file_id = std::move(frame.file_id);
    request.message.file_url = std::move(frame.file_url);
    request.message.id = model::MessageId(base::ordered_hex_id(now));
    request.message.content = std::move(frame.content);
    request.message.metadata = std::move(frame.metadata);
    if (assisting_) as_admin(request);
    request.message.client_id = frame.client_id;
    request.message.at = now;
    if (wants_answer) {
        request.turn = turn.id;
        request.answer = turn.answer;
    }
    request.node = turn.node;
    request.default_model = hub_.choices_.front().id;
    store::Reply<store::Accepted> reply{
        hub_.parts_.loop,
        [&hub = hub_, weak = weak_from_this(), asked = frame.session, client_id = frame.client_id, turn,
         wants_answer](Result<store::Accepted> accepted) {
            hub.on_accepted(weak, asked, client_id, wants_answer ? std::optional(turn) : std::nullopt,
                            std::move(accepted));
        }};
    hub_.parts_.store.accept_message(std::move(request), std::move(reply));
}

void Client::handle_model_select(ClientFrame frame) {
    if (!hub_.knows_model(frame.model)) {
        return refuse(Fault::invalid_model(frame.model.str()), frame.session, frame.client_id);
    }
    if (session_ && (frame.session.empty() || frame.session == session_->id())) {
        return choose_model(session_->id(), frame.model);
    }
    // The session is found (or made) first; what the client sends meanwhile waits, so that order is kept.
    waiting_ = std::make_unique<std::deque<ClientFrame>>();
    store::OpenSession request;
    request.user = user_id();
    request.lifetime = hub_.lifetime(user_);
    request.session = target(frame);
    request.create = true;
    request.fresh_id = SessionId(base::random_hex_id());
    request.model = frame.model;
    request.at = hub_.parts_.clock.now();
    store::Reply<store::Opened> reply{hub_.parts_.loop,
                                      [&hub = hub_, weak = weak_from_this(), asked = frame.session,
                                       model = frame.model](Result<store::Opened> opened) {
                                          if (opened && opened->created) {
                                              hub.parts_.metrics.add(base::Count::session_created);
                                          }
                                          const auto self = weak.lock();
                                          if (!self || self->gone_) return;
                                          if (opened) {
                                              self->bind(self->hub_.actor_for(opened->session));
                                              self->choose_model(opened->session.id, model);
                                          } else {
                                              self->refuse_error(opened.error().code, asked, {});
                                          }
                                          self->finish_opening();
                                      }};
    hub_.parts_.store.open_session(std::move(request), std::move(reply));
}

void Client::choose_model(const SessionId& session, const model::ModelId& model) {
    store::Reply<model::Session> reply{hub_.parts_.loop, [&hub = hub_, weak = weak_from_this(), session,
                                                          model](Result<model::Session> changed) {
                                           const auto self = weak.lock();
                                           if (changed) {
                                               if (const auto actor = hub.find(session))
                                                   actor->set_model(model);
                                           }
                                           if (!self || self->gone_) return;
                                           if (!changed)
                                               return self->refuse_error(changed.error().code, session, {});
                                           self->send_status(session, "Model changed to " + model.str());
                                       }};
    hub_.parts_.store.set_model(session, model, std::move(reply));
}

void Client::handle_stop(const ClientFrame& frame) {
    const auto actor = frame.session.empty() ? session_ : hub_.find(frame.session);
    if (pending_ == 0 && actor && actor->user() == user_id()) return actor->stop();
    // The question may still be on its way to the store, or the session is not known here. The store answers
    // in order, so behind its answer the turn that is meant has begun.
    store::OpenSession request;
    request.user = user_id();
    request.lifetime = hub_.lifetime(user_);
    request.session = target(frame);
    request.at = hub_.parts_.clock.now();
    store::Reply<store::Opened> reply{
        hub_.parts_.loop, [weak = weak_from_this(), asked = frame.session](Result<store::Opened> opened) {
            const auto self = weak.lock();
            if (!self || self->gone_) return;
            if (opened) {
                if (const auto found = self->hub_.find(opened->session.id)) found->stop();
            } else if (opened.error().code != Errc::not_found) {
                self->refuse_error(opened.error().code, asked, {});
            }
        }};
    hub_.parts_.store.open_session(std::move(request), std::move(reply));
}

void Client::refuse(const Fault& fault, const SessionId& session, const model::ClientId& client_id) {
    const bool limited = fault.code == wire::FaultCode::too_many_requests;
    hub_.parts_.metrics.add(limited ? base::Count::message_limited : base::Count::message_error);
    std::string& frame = hub_.scratch();
    wire::append_fault(frame, fault, {session, client_id}, hub_.parts_.clock.now(), version_);
    peer_.send(frame);
}

void Client::refuse_error(Errc code, const SessionId& session, const model::ClientId& client_id) {
    switch (code) {
        case Errc::forbidden:
            return refuse(was_bound_ ? Fault::not_owner() : Fault::not_bound(), session, client_id);
        case Errc::not_found:
            return refuse(Fault::no_session(), session, client_id);
        case Errc::unavailable:
        case Errc::timeout:
        case Errc::internal:
            return refuse(Fault::database(), session, client_id);
        default:
            return refuse(Fault::unexpected(), session, client_id);
    }
}

// --- catching up ---

void Client::on_drained() {
    if (gone_) return;
    if (leg_) leg_->drained();
    if (!session_) return;
    if (catch_up_) return continue_catch_up();
    session_->pump(*this);
}

void Client::begin_catch_up(model::Seq have, model::MessageId partial, std::uint64_t offset) {
    catch_up_ = std::make_unique<CatchUp>();
    catch_up_->partial = std::move(partial);
    catch_up_->offset = offset;
    const model::Seq last = session_->last_seq();
    if (have <= last) {
        catch_up_->have = have;
    } else {
        // The client has seen what this store does not know: it starts again from what there is.
        std::string& frame = hub_.scratch();
        wire::append_reset(frame, session_->id(), last, hub_.parts_.clock.now());
        peer_.send(frame);
        const model::Seq keep = hub_.parts_.options.reset_events;
        catch_up_->have = last > keep ? last - keep : 0;
        catch_up_->partial = {};
    }
    continue_catch_up();
}

// Sends what was read, reads the next page, and ends when nothing is missing. It goes on whenever the peer
// has room, so a long history never fills the outbox.
void Client::continue_catch_up() {
    if (catch_up_->reading) return;
    while (catch_up_->next < catch_up_->page.size()) {
        if (peer_.congested()) return;
        const model::Event& event = catch_up_->page[catch_up_->next++];
        // Newer ones will come as live events, or with the next page.
        if (event.seq <= catch_up_->have || event.seq > session_->last_seq()) continue;
        send_replayed(event);
        catch_up_->have = event.seq;
    }
    if (catch_up_->have >= session_->last_seq()) return end_catch_up();
    catch_up_->reading = true;
    store::Reply<std::vector<model::Event>> reply{
        hub_.parts_.loop,
        [weak = weak_from_this(), actor = session_](Result<std::vector<model::Event>> events) {
            const auto self = weak.lock();
            if (!self || self->gone_ || self->session_ != actor || !self->catch_up_) return;
            self->catch_up_->reading = false;
            if (!events || events->empty()) {
                self->refuse(Fault::database(), actor->id(), {});
                self->peer_.close(CloseReason::too_slow);  // it comes back and asks again
                return;
            }
            self->catch_up_->page = std::move(*events);
            self->catch_up_->next = 0;
            self->continue_catch_up();
        }};
    hub_.parts_.store.events_after(session_->id(), catch_up_->have, hub_.parts_.options.replay_page,
                                   std::move(reply));
}

void Client::send_replayed(const model::Event& event) {
    const SessionId& session = session_->id();
    const std::string& content = event.message.content;
    std::string& frame = hub_.scratch();
    const bool held = !catch_up_->partial.empty() && event.message.id == catch_up_->partial &&
                      catch_up_->offset <= content.size();
    if (!held) {
        wire::append_event(frame, session, event, version_);
        return peer_.send(frame);
    }
    // The client has the beginning of this answer: the rest is enough.
    const base::Time now = hub_.parts_.clock.now();
    const std::string_view rest = std::string_view(content).substr(catch_up_->offset);
    if (!rest.empty()) {
        wire::append_snapshot(frame, session, event.message.id, catch_up_->offset, rest, now);
        peer_.send(frame);
    }
    std::string& last = hub_.scratch();
    wire::append_done(last, session, event, content.size(), now, version_);
    peer_.send(last);
}

void Client::end_catch_up() {
    const auto state = std::move(catch_up_);
    session_->show_running(*this, state->partial, state->offset);
    std::string& frame = hub_.scratch();
    wire::append_resumed(frame, session_->id(), state->have, hub_.parts_.clock.now());
    peer_.send(frame);
    for (const std::string& ack : state->acks) peer_.send(ack);
}

}  // namespace chatbox::chat
