#include "turn_runner.h"

#include "base/text.h"
#include "chat/hub.h"
#include "prompt_builder.h"
#include "session_actor.h"

namespace chatbox::chat {

namespace asio = boost::asio;
using base::Errc;
using base::Result;
using model::TurnState;

namespace {
// A store that cannot take the end of a turn is asked again: viewers are told after some seconds, and the end
// is stored whenever that becomes possible.
constexpr base::Millis retry_interval{500};
constexpr int attempts_before_report = 10;
}  // namespace

TurnRunner::TurnRunner(Hub& hub, TurnWatcher& watcher, model::Turn turn, model::Seq answered)
    : hub_(hub),
      watcher_(watcher),
      turn_(std::move(turn)),
      answered_(answered),
      covers_(turn_.question_seq),
      checkpoint_timer_(hub.parts_.loop),
      retry_timer_(hub.parts_.loop) {}

TurnRunner::~TurnRunner() = default;

void TurnRunner::start() {
    asked_ = hub_.parts_.clock.steady();
    hub_.parts_.store.last_events(turn_.session, hub_.parts_.options.history_messages,
                                  {hub_.parts_.loop, [weak = weak_from_this()](auto events) {
                                       if (auto self = weak.lock()) self->on_history(std::move(events));
                                   }});
}

void TurnRunner::on_history(Result<std::vector<model::Event>> events) {
    if (phase_ != Phase::reading) return;
    if (!events) {
        hub_.parts_.log.error("session", "history could not be read",
                              {{"session_id", turn_.session.str()}, {"error", events.error().detail}});
        fault_ = wire::Fault::database();
        return end(TurnState::failed, 0);
    }
    const Options& options = hub_.parts_.options;
    BuiltPrompt built = build_prompt(*events, answered_, options.system_prompt, options.history_bytes);
    covers_ = std::max(covers_, built.covers);
    phase_ = Phase::answering;
    built.prompt.session = turn_.session.str();
    if (const auto actor = hub_.find(turn_.session)) built.prompt.user = actor->user().str();
    asked_ = hub_.parts_.clock.steady();
    hub_.parts_.metrics.llm_asked(turn_.model.str());
    call_ = hub_.model_for(turn_.model).provider->answer(std::move(built.prompt), *this);
}

void TurnRunner::on_delta(std::string_view text) {
    if (phase_ != Phase::answering) return;
    const std::size_t limit = hub_.parts_.options.max_answer_bytes;
    const bool too_long = text_.size() + text.size() > limit;
    if (too_long) text = text.substr(0, base::utf8_floor(text, limit - text_.size()));
    const std::uint64_t offset = text_.size();
    text_ += text;
    if (!text.empty()) watcher_.on_turn_delta(text, offset);
    if (!checkpoint_due_) schedule_checkpoint();
    if (too_long) end_early(TurnState::stopped);
}

void TurnRunner::on_end(Result<llm::AnswerEnd> result) {
    if (phase_ != Phase::answering) return;
    if (!result) {
        hub_.parts_.metrics.llm_failed(turn_.model.str());
        hub_.parts_.log.warn("llm", "answer failed",
                             {{"session_id", turn_.session.str()},
                              {"model_id", turn_.model.str()},
                              {"error", base::to_string(result.error().code)},
                              {"detail", result.error().detail}});
        if (result.error().code == Errc::limit) return end(TurnState::stopped, 0);
        fault_ = fault_for(result.error().code);
        return end(TurnState::failed, 0);
    }
    const llm::Usage& usage = result->usage;
    std::uint64_t tokens =
        usage.total_tokens.value_or(usage.prompt_tokens.value_or(0) + usage.completion_tokens.value_or(0));
    if (tokens == 0)
        tokens = text_.size() / 4;  // the vendor did not say (contract, sessions-and-storage 2.6)
    hub_.parts_.metrics.llm_answered(
        turn_.model.str(), std::chrono::duration_cast<base::Millis>(hub_.parts_.clock.steady() - asked_),
        tokens);
    end(TurnState::done, tokens);
}

wire::Fault TurnRunner::fault_for(Errc code) const {
    if (code == Errc::timeout)
        return wire::Fault::llm_timeout(failure_.deadline ? failure_.deadline_limit
                                                          : hub_.parts_.options.answer_deadline);
    return wire::Fault::llm_unavailable();
}

void TurnRunner::schedule_checkpoint() {
    checkpoint_due_ = true;
    checkpoint_timer_.expires_after(hub_.parts_.options.checkpoint_interval);
    checkpoint_timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        auto self = weak.lock();
        if (!ec && self && self->phase_ == Phase::answering) self->write_checkpoint();
    });
}

void TurnRunner::write_checkpoint() {
    checkpoint_due_ = false;
    if (checkpointed_ == text_.size()) return;
    const std::uint64_t offset = checkpointed_;
    checkpointed_ = text_.size();
    hub_.parts_.store.checkpoint_turn(
        turn_.id, offset, text_.substr(offset),
        {hub_.parts_.loop, [weak = weak_from_this(), offset](Result<base::Nothing> written) {
             auto self = weak.lock();
             if (written || !self) return;
             // Offsets must follow each other, so the next checkpoint begins where this one should have.
             self->checkpointed_ = std::min(self->checkpointed_, offset);
             if (self->phase_ == Phase::answering && !self->checkpoint_due_) self->schedule_checkpoint();
         }});
}

void TurnRunner::end_early(TurnState state) {
    if (ending()) return;
    end(state, text_.size() / 4);
}

void TurnRunner::end(TurnState state, std::uint64_t tokens) {
    phase_ = Phase::ending;
    call_.reset();
    checkpoint_timer_.cancel();
    finish_.turn = turn_.id;
    finish_.state = state;
    finish_.content = text_;
    finish_.at = hub_.parts_.clock.now();
    finish_.tokens = tokens;
    finish_.response_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<base::Millis>(hub_.parts_.clock.steady() - asked_).count());
    store_end();
}

void TurnRunner::store_end() {
    ++attempts_;
    hub_.parts_.store.finish_turn(finish_, {hub_.parts_.loop, [weak = weak_from_this()](auto finished) {
                                                if (auto self = weak.lock())
                                                    self->on_stored(std::move(finished));
                                            }});
}

void TurnRunner::on_stored(Result<store::Finished> finished) {
    const auto self = shared_from_this();  // the watcher may let go of us
    const bool again = !finished && finished.error().code == Errc::unavailable;
    if (!finished) {
        hub_.parts_.log.error("session", "the end of an answer was not stored",
                              {{"session_id", turn_.session.str()},
                               {"attempt", attempts_},
                               {"error", finished.error().detail}});
    }
    if (!again || attempts_ == attempts_before_report) {
        TurnEnd end{std::nullopt, finish_.state, fault_};
        if (finished) {
            end.stored = *finished;
        } else {
            end.state = TurnState::failed;
            end.fault = wire::Fault::database();
        }
        if (reported_) {
            phase_ = Phase::settled;
            return watcher_.on_turn_settled(finished ? &*finished : nullptr);
        }
        reported_ = true;
        watcher_.on_turn_end(end);
    }
    if (again) {
        retry_timer_.expires_after(retry_interval);
        retry_timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
            auto again_self = weak.lock();
            if (!ec && again_self) again_self->store_end();
        });
        return;
    }
    phase_ = Phase::settled;
    watcher_.on_turn_settled(nullptr);
}

}  // namespace chatbox::chat
