#include "llm/session_states.h"

#include <list>
#include <unordered_map>
#include <utility>

namespace chatbox::llm {

namespace {

// The least recently used is last.
class States {
public:
    explicit States(std::size_t max) : max_(max) {}

    std::string find(const std::string& session) {
        const auto found = places_.find(session);
        if (found == places_.end()) return {};
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->second;
    }

    void keep(const std::string& session, const std::string& state) {
        const auto found = places_.find(session);
        if (found != places_.end()) {
            found->second->second = state;
            entries_.splice(entries_.begin(), entries_, found->second);
            return;
        }
        entries_.emplace_front(session, state);
        places_.emplace(session, entries_.begin());
        if (entries_.size() <= max_) return;
        places_.erase(entries_.back().first);
        entries_.pop_back();
    }

private:
    std::size_t max_;
    std::list<std::pair<std::string, std::string>> entries_;
    std::unordered_map<std::string, std::list<std::pair<std::string, std::string>>::iterator> places_;
};

class RememberingCall final : public AnswerCall, private AnswerSink {
public:
    RememberingCall(std::shared_ptr<States> states, std::string session, AnswerSink& sink)
        : states_(std::move(states)), session_(std::move(session)), sink_(sink) {}

    void start(Provider& provider, Prompt prompt) { call_ = provider.answer(std::move(prompt), *this); }
    void stop(OnUsage done) override { call_->stop(std::move(done)); }

private:
    void on_delta(std::string_view text) override { sink_.on_delta(text); }
    void on_failure_details(const FailureDetails& details) override { sink_.on_failure_details(details); }
    void on_end(base::Result<AnswerEnd> end) override {
        if (end && !end->state.empty()) states_->keep(session_, end->state);
        sink_.on_end(std::move(end));
    }

    std::shared_ptr<States> states_;
    std::string session_;
    AnswerSink& sink_;
    std::unique_ptr<AnswerCall> call_;
};

class RememberingProvider final : public Provider {
public:
    RememberingProvider(std::unique_ptr<Provider> provider, std::string id, std::size_t max_sessions)
        : provider_(std::move(provider)),
          id_(std::move(id)),
          states_(std::make_shared<States>(max_sessions)) {}

    std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) override {
        auto call = std::make_unique<RememberingCall>(states_, prompt.session, sink);
        std::string& state = prompt.states[id_];
        if (state.empty() && !prompt.session.empty()) state = states_->find(prompt.session);
        call->start(*provider_, std::move(prompt));
        return call;
    }

private:
    std::unique_ptr<Provider> provider_;
    std::string id_;
    std::shared_ptr<States> states_;
};

}  // namespace

std::unique_ptr<Provider> make_remembering_provider(std::unique_ptr<Provider> provider, std::string id,
                                                    std::size_t max_sessions) {
    return std::make_unique<RememberingProvider>(std::move(provider), std::move(id), max_sessions);
}

}  // namespace chatbox::llm
