#pragma once
// One connection in the application: whose it is, what it speaks, which session it is bound to.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/peer.h"
#include "limits/token_bucket.h"
#include "model/types.h"
#include "store/store.h"
#include "wire/client_frame.h"
#include "wire/server_frame.h"

namespace chatbox::chat {

class Hub;
class Leg;
class SessionActor;
struct UserState;

// What a client says about itself when it connects.
struct Introduction {
    model::UserId user;
    wire::Version version = wire::Version::v1;
    model::SessionId session;             // empty: bound by the first frame
    std::optional<model::Seq> after_seq;  // what the client has; empty: no replay
    model::MessageId partial;             // the answer that it holds a part of
    std::uint64_t offset = 0;             // how many bytes of it
    std::uint16_t merge_ms = 0;           // pieces of an answer are merged for so long; 0: sent as they come
    std::string name;                     // for people to read
    bool admin = false;                   // may help in the sessions of others
};

// Made by Hub::connect(). Lives on the hub's thread, owned by the transport; leave() ends it. Replies of the
// store that come later find it gone and are applied to the session only.
class Client : public std::enable_shared_from_this<Client> {
public:
    Client(Hub& hub, UserState& user, Peer& peer, const Introduction& introduction)
        : hub_(hub),
          user_(user),
          peer_(peer),
          admin_name_(introduction.admin ? std::make_unique<std::string>(introduction.name) : nullptr),
          merge_ms_(introduction.merge_ms),
          version_(introduction.version) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // One message from the client, text or binary. Never throws for what a client sends.
    void on_frame(std::string_view bytes);
    // The peer is not congested any more.
    void on_drained();
    // One frame that was read already, as on_frame().
    void take(wire::ClientFrame frame);
    // The connection is gone: nothing is sent after this. Must be called before the peer is destroyed.
    void leave();

    const model::UserId& user_id() const;

    // For the leg of an admin. False: the connection is gone, or this leg is no longer in use.
    bool pass_on(const Leg& leg, std::string_view frame);
    void end_for(const Leg& leg, CloseReason reason);
    bool congested() const { return peer_.congested(); }

private:
    friend class Hub;
    friend class SessionActor;

    // A client that catches up with its session gets no live frames until it has.
    struct CatchUp {
        model::Seq have = 0;  // the last event that was sent
        model::MessageId partial;
        std::uint64_t offset = 0;
        bool reading = false;
        std::vector<model::Event> page;  // read and not sent yet
        std::size_t next = 0;
        std::vector<std::string> acks;  // frames that wait: a position never overtakes what lies before it
    };

    void start(Introduction introduction);
    void on_opened(Introduction introduction, base::Result<store::Opened> opened);

    void handle(wire::ClientFrame frame);
    void handle_own(wire::ClientFrame frame);
    void handle_user_message(wire::ClientFrame frame);
    void handle_file(wire::ClientFrame frame);
    void handle_help(wire::ClientFrame frame);
    void handle_typing(const wire::ClientFrame& frame);
    void handle_model_select(wire::ClientFrame frame);
    void handle_stop(const wire::ClientFrame& frame);
    void choose_model(const model::SessionId& session, const model::ModelId& model);
    using Handler = void (Client::*)(wire::ClientFrame);
    void in_known_session(wire::ClientFrame frame, Handler then);
    void accept(wire::ClientFrame frame, bool create, bool wants_answer);
    bool may_wait(const wire::ClientFrame& frame);
    model::SessionId target(const wire::ClientFrame& frame) const;
    bool is_for_leg(const wire::ClientFrame& frame) const;
    void find_leg(wire::ClientFrame frame);
    void open_leg(const model::Session& session, Introduction introduction);
    void start_assisting(Introduction introduction);
    void enter_foreign(Introduction introduction);
    void as_admin(store::AcceptMessage& request) const;

    void refuse(const wire::Fault& fault, const model::SessionId& session, const model::ClientId& client_id);
    void refuse_error(base::Errc code, const model::SessionId& session, const model::ClientId& client_id);
    void send_status(const model::SessionId& session, std::string_view content = {});
    void bind(const std::shared_ptr<SessionActor>& actor);
    void unbind();
    void finish_opening();
    void resume(std::deque<wire::ClientFrame> waiting);
    void acknowledge(const model::SessionId& session, const model::Event& event);

    void begin_catch_up(model::Seq have, model::MessageId partial, std::uint64_t offset);
    void continue_catch_up();
    void send_replayed(const model::Event& event);
    void end_catch_up();

    bool is_v2() const { return version_ == wire::Version::v2; }
    bool catching_up() const { return catch_up_ != nullptr; }

    Hub& hub_;
    UserState& user_;
    Peer& peer_;
    std::shared_ptr<SessionActor> session_;  // null: not bound
    std::unique_ptr<CatchUp> catch_up_;
    std::unique_ptr<std::deque<wire::ClientFrame>> waiting_;  // not null: frames wait for an open_session
    std::unique_ptr<std::string> admin_name_;                 // null: not an admin
    std::shared_ptr<Leg> leg_;                                // an admin's other end, in leg_session_
    model::SessionId leg_session_;
    std::uint64_t cursor_ = 0;  // bytes of the running answer that were sent
    std::uint32_t pending_ = 0;
    limits::TokenBucket frames_;
    base::Instant typing_told_{};  // when somebody was last told
    std::uint16_t merge_ms_;
    wire::Version version_;
    bool typing_ = false;     // as last told
    bool assisting_ = false;  // the far end of a leg: an admin in the session of somebody else
    bool gone_ = false;
    bool was_bound_ = false;
};

}  // namespace chatbox::chat
