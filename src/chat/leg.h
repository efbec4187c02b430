#pragma once
// An admin's connection in the session of somebody else. A session lives on the hub of its user, the
// connection on the hub of the admin: the leg is the admin's client over there, and what is said goes from
// loop to loop. Both may be the same loop; it works alike.
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "chat/client.h"
#include "chat/peer.h"

namespace chatbox::chat {

// Made on the home loop, by the admin's client. The peer of a second client, which lives on the far loop.
class Leg final : public Peer, public std::enable_shared_from_this<Leg> {
public:
    Leg(std::weak_ptr<Client> home, Hub& home_hub, Hub& far_hub);

    // --- home loop ---
    void open(Introduction introduction);
    void forward(wire::ClientFrame frame);
    void drained();
    void close();

    // --- far loop ---
    void send(std::string_view frame) override;
    bool congested() const override { return congested_.load(std::memory_order_relaxed); }
    void refresh(std::string token) override;
    void close(CloseReason reason) override;

private:
    const std::weak_ptr<Client> home_;
    Hub& home_hub_;
    Hub& far_hub_;
    std::shared_ptr<Client> far_;  // far loop only
    std::atomic<bool> congested_{false};
};

}  // namespace chatbox::chat
