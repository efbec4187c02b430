#include "leg.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "chat/hub.h"

namespace chatbox::chat {

namespace asio = boost::asio;

Leg::Leg(std::weak_ptr<Client> home, Hub& home_hub, Hub& far_hub)
    : home_(std::move(home)), home_hub_(home_hub), far_hub_(far_hub) {}

void Leg::open(Introduction introduction) {
    asio::post(far_hub_.loop(),
               [self = shared_from_this(), introduction = std::move(introduction)]() mutable {
                   auto client = self->far_hub_.assist(introduction, *self);
                   if (client) self->far_ = std::move(*client);
                   // Refused only when the server stops: the connection itself is told that.
               });
}

void Leg::forward(wire::ClientFrame frame) {
    asio::post(far_hub_.loop(), [self = shared_from_this(), frame = std::move(frame)]() mutable {
        if (self->far_) self->far_->take(std::move(frame));
    });
}

void Leg::drained() {
    if (!congested_.exchange(false)) return;
    asio::post(far_hub_.loop(), [self = shared_from_this()] {
        if (self->far_) self->far_->on_drained();
    });
}

void Leg::close() {
    asio::post(far_hub_.loop(), [self = shared_from_this()] {
        if (const auto client = std::exchange(self->far_, nullptr)) client->leave();
    });
}

void Leg::send(std::string_view frame) {
    asio::post(home_hub_.loop(), [self = shared_from_this(), frame = std::string(frame)] {
        const auto home = self->home_.lock();
        if (!home || !home->pass_on(*self, frame)) return;
        self->congested_.store(home->congested(), std::memory_order_relaxed);
    });
}

// Tokens are offered on the connection itself, never over a leg.
void Leg::refresh(std::string) {}

void Leg::close(CloseReason reason) {
    asio::post(home_hub_.loop(), [self = shared_from_this(), reason] {
        if (const auto home = self->home_.lock()) home->end_for(*self, reason);
    });
}

}  // namespace chatbox::chat
