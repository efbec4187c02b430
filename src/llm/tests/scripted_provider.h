#pragma once
// A provider that does what a test tells it, and a sink that remembers what it heard.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "llm/provider.h"

namespace chatbox::llm::testing {

class ScriptedProvider final : public Provider {
public:
    struct Asked {
        Prompt prompt;
        AnswerSink* sink = nullptr;  // null once the call is gone
        AnswerCall::OnUsage on_usage = {};
        bool stopped = false;
    };

    std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) override {
        asked.push_back(std::make_shared<Asked>(Asked{std::move(prompt), &sink}));
        return std::make_unique<Call>(asked.back());
    }

    bool waits() const { return !asked.empty() && asked.back()->sink != nullptr; }
    void say(std::string_view text) { sink().on_delta(text); }
    void end(AnswerEnd how = {}) { take_sink().on_end(std::move(how)); }
    void fail(base::Errc code, const FailureDetails& details = {}) {
        AnswerSink& to = take_sink();
        to.on_failure_details(details);
        to.on_end(base::Error{code, "scripted"});
    }

    std::vector<std::shared_ptr<Asked>> asked;

private:
    class Call final : public AnswerCall {
    public:
        explicit Call(std::shared_ptr<Asked> asked) : asked_(std::move(asked)) {}
        ~Call() override { asked_->sink = nullptr; }
        void stop(OnUsage done) override {
            asked_->sink = nullptr;
            asked_->stopped = true;
            asked_->on_usage = std::move(done);
        }

    private:
        std::shared_ptr<Asked> asked_;
    };

    AnswerSink& sink() {
        if (!waits()) throw std::logic_error("nobody waits for an answer");
        return *asked.back()->sink;
    }
    AnswerSink& take_sink() {
        AnswerSink& to = sink();
        asked.back()->sink = nullptr;
        return to;
    }
};

class RecordingSink final : public AnswerSink {
public:
    void on_delta(std::string_view piece) override {
        EXPECT_FALSE(ended());
        text += piece;
        if (then_on_delta) then_on_delta();
    }
    void on_failure_details(const FailureDetails& what) override {
        EXPECT_FALSE(ended());
        details = what;
        if (then_on_details) then_on_details();
    }
    void on_end(base::Result<AnswerEnd> outcome) override {
        ++ends;
        end = std::move(outcome);
        if (then_on_end) then_on_end();
    }
    bool ended() const { return ends > 0; }
    bool ok() const { return end && end->has_value(); }
    base::Errc code() const { return end && end->has_error() ? end->error().code : base::Errc{}; }
    std::string detail() const { return end && end->has_error() ? end->error().detail : ""; }

    std::string text;
    int ends = 0;
    std::optional<FailureDetails> details;
    std::optional<base::Result<AnswerEnd>> end;
    std::function<void()> then_on_delta, then_on_details, then_on_end;
};

}  // namespace chatbox::llm::testing
