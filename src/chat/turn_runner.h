#pragma once
// One turn from its start to its commit: reads the history, asks the provider, checkpoints what comes, stores
// the end. It does not know who watches.
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/provider.h"
#include "model/types.h"
#include "store/store.h"
#include "wire/fault.h"

namespace chatbox::chat {

class Hub;

// How a turn ended, for those who watch.
struct TurnEnd {
    std::optional<store::Finished> stored;  // empty: the store did not take it (yet)
    model::TurnState state = model::TurnState::done;
    wire::Fault fault;  // when state is failed
};

// Who is told. Called on the hub's thread.
class TurnWatcher {
public:
    virtual ~TurnWatcher() = default;
    // `text` has been added to text(), which had `offset` bytes before.
    virtual void on_turn_delta(std::string_view text, std::uint64_t offset) = 0;
    // Once: the last thing that viewers hear of the turn.
    virtual void on_turn_end(const TurnEnd& end) = 0;
    // Once, after on_turn_end: nothing is left to do and the runner may be destroyed. `late` is what was
    // stored only after on_turn_end had said that it could not be; else null.
    virtual void on_turn_settled(const store::Finished* late) = 0;
};

class TurnRunner final : public llm::AnswerSink, public std::enable_shared_from_this<TurnRunner> {
public:
    // `hub` and `watcher` outlive the runner. `answered` is the last question of the turns before.
    TurnRunner(Hub& hub, TurnWatcher& watcher, model::Turn turn, model::Seq answered);
    ~TurnRunner() override;

    void start();
    // Ends the turn early with what there is. Without effect when it is ending already.
    void end_early(model::TurnState state);

    const model::Turn& turn() const { return turn_; }
    const std::string& text() const { return text_; }
    model::Seq covers() const { return covers_; }
    bool ending() const { return phase_ >= Phase::ending; }

private:
    enum class Phase { reading, answering, ending, settled };

    void on_delta(std::string_view text) override;
    void on_failure_details(const llm::FailureDetails& details) override { failure_ = details; }
    void on_end(base::Result<llm::AnswerEnd> end) override;

    void on_history(base::Result<std::vector<model::Event>> events);
    void schedule_checkpoint();
    void write_checkpoint();
    void end(model::TurnState state, std::uint64_t tokens);
    void store_end();
    void on_stored(base::Result<store::Finished> finished);
    wire::Fault fault_for(base::Errc code) const;

    Hub& hub_;
    TurnWatcher& watcher_;
    model::Turn turn_;
    Phase phase_ = Phase::reading;
    std::string text_;
    std::uint64_t checkpointed_ = 0;
    bool checkpoint_due_ = false;
    model::Seq answered_;
    model::Seq covers_;
    base::Instant asked_{};
    std::unique_ptr<llm::AnswerCall> call_;
    boost::asio::steady_timer checkpoint_timer_;
    boost::asio::steady_timer retry_timer_;
    store::FinishTurn finish_;
    wire::Fault fault_;
    llm::FailureDetails failure_;
    int attempts_ = 0;
    bool reported_ = false;
};

}  // namespace chatbox::chat
