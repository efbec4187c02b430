#pragma once
// The live state of one session: who watches it and the turn that runs. Lives on its hub's thread while it
// has a viewer or a turn; everything that must outlive it is in the store.
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "model/types.h"
#include "store/store.h"
#include "turn_runner.h"
#include "wire/server_frame.h"

namespace chatbox::chat {

class Client;
class Hub;

class SessionActor final : public TurnWatcher, public std::enable_shared_from_this<SessionActor> {
public:
    SessionActor(Hub& hub, const model::Session& session);
    ~SessionActor() override;

    const model::SessionId& id() const { return id_; }
    const model::UserId& user() const { return user_; }
    model::Seq last_seq() const { return last_seq_; }
    bool ended() const { return ended_; }
    bool has_viewers() const { return !viewers_.empty(); }
    bool idle() const { return viewers_.empty() && !runner_ && !starting_; }

    void add(Client& client);  // not bound before
    void remove(Client& client);

    // A message was committed: the other viewers see it, and it may have started `turn`.
    // `turn`: the message asks for an answer, which begins with this turn when none is running.
    void on_accepted(const store::Accepted& accepted, std::optional<model::Turn> turn, Client* origin);
    void show_typing(const Client& origin, bool active);
    const model::ModelId& model() const { return model_; }
    void set_model(const model::ModelId& model) { model_ = model; }
    void stop();
    void interrupt();  // shutting down
    void on_control_changed(const model::Session& session, const model::Event& event);
    void on_session_ended();

    // Sends a viewer what it has not seen of the running answer, as far as it can take it.
    void pump(Client& client);
    // Puts a viewer that has all events at the right place of the running answer, if there is one.
    void show_running(Client& client, const model::MessageId& partial, std::uint64_t offset);

private:
    void on_turn_delta(std::string_view text, std::uint64_t offset) override;
    void on_turn_end(const TurnEnd& end) override;
    void on_turn_settled(const store::Finished* late) override;

    void show_event(const model::Event& event, Client* origin);
    // `quiet`: viewers see nothing of the answer before it is whole.
    void begin_turn(model::Turn turn, bool quiet);
    // True when so many pieces came at once that this one should wait for the others.
    bool is_flood();
    void pump_all();
    // For viewers that want pieces merged: they get what has come when this fires.
    void schedule_merge(base::Millis after);
    void begin_waiting_turn();
    void send_end(Client& client, const TurnEnd& end, const model::Event& event);
    // Sends text_[cursor, end) in slices; `whole`: also what a congested peer should wait with.
    void send_missing(Client& client, bool whole);

    Hub& hub_;
    model::SessionId id_;
    model::UserId user_;
    model::ModelId model_;
    model::Control control_;
    std::uint64_t control_number_;
    model::Seq last_seq_;
    model::Seq last_question_ = 0;  // the last user message that no turn covers yet; 0: none
    model::Seq answered_ = 0;       // the last user message that a turn of ours covered
    bool ended_ = false;            // as far as was told here
    bool starting_ = false;         // a start_turn is on its way
    std::vector<Client*> viewers_;
    std::shared_ptr<TurnRunner> runner_;
    std::optional<wire::DeltaFrames> frames_;
    base::Instant burst_start_{};
    int burst_ = 0;
    bool pump_posted_ = false;
    bool merging_ = false;  // merge_timer_ runs
    bool quiet_ = false;
    std::unique_ptr<boost::asio::steady_timer> merge_timer_;  // made when the first viewer merges
};

}  // namespace chatbox::chat
