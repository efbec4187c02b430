// What a client does that belongs to an admin: entering the sessions of others.
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

bool Client::is_for_leg(const ClientFrame& frame) const {
    if (frame.type == ClientFrameType::auth_refresh) return false;
    if (frame.session.empty()) return leg_ && !session_;
    return !session_ || frame.session != session_->id();
}

// The session that an admin names may be anybody's, or the admin's own, or none at all.
void Client::find_leg(ClientFrame frame) {
    if (frame.session.empty()) frame.session = leg_session_;
    waiting_ = std::make_unique<std::deque<ClientFrame>>();
    const SessionId asked = frame.session;
    store::Reply<model::Session> reply{
        hub_.parts_.loop,
        [weak = weak_from_this(), frame = std::move(frame)](Result<model::Session> found) mutable {
            const auto self = weak.lock();
            if (!self || self->gone_) return;
            const auto waiting = std::move(self->waiting_);
            if (found && found->user != self->user_id()) {
                Introduction introduction;
                introduction.version = self->version_;
                self->open_leg(*found, std::move(introduction));
                self->leg_->forward(std::move(frame));
            } else if (!found && found.error().code != Errc::not_found) {
                self->refuse_error(found.error().code, frame.session, frame.client_id);
            } else {
                self->handle_own(std::move(frame));
            }
            self->resume(std::move(*waiting));
        }};
    hub_.parts_.store.session(asked, std::move(reply));
}

void Client::open_leg(const model::Session& session, Introduction introduction) {
    if (leg_) leg_->close();
    introduction.user = user_id();
    introduction.session = session.id;
    introduction.name = *admin_name_;
    introduction.admin = true;
    leg_session_ = session.id;
    leg_ = std::make_shared<Leg>(weak_from_this(), hub_, hub_.parts_.hub_of(session.user));
    leg_->open(std::move(introduction));
}

void Client::start_assisting(Introduction introduction) {
    assisting_ = true;
    waiting_ = std::make_unique<std::deque<ClientFrame>>();
    const SessionId session = introduction.session;
    store::Reply<model::Session> reply{
        hub_.parts_.loop,
        [weak = weak_from_this(), introduction = std::move(introduction)](Result<model::Session> found) {
            const auto self = weak.lock();
            if (!self || self->gone_) return;
            if (!found) return self->on_opened(introduction, found.error());
            self->on_opened(introduction, store::Opened{std::move(*found), false, false, {}});
        }};
    hub_.parts_.store.session(session, std::move(reply));
}

bool Client::pass_on(const Leg& leg, std::string_view frame) {
    if (gone_ || leg_.get() != &leg) return false;
    peer_.send(frame);
    return true;
}

void Client::end_for(const Leg& leg, CloseReason reason) {
    if (!gone_ && leg_.get() == &leg) peer_.close(reason);
}

}  // namespace chatbox::chat
