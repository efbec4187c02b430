#include "llm/complete.h"

#include <utility>

namespace chatbox::llm {

namespace {

class CompleteCall final : public AnswerCall, private AnswerSink {
public:
    explicit CompleteCall(base::Done<Completion> done) : done_(std::move(done)) {}

    void start(Provider& provider, Prompt prompt) { call_ = provider.answer(std::move(prompt), *this); }
    void stop(OnUsage done) override { call_->stop(std::move(done)); }

private:
    void on_delta(std::string_view text) override { text_ += text; }
    void on_end(base::Result<AnswerEnd> end) override {
        const auto done = std::move(done_);  // who is called may destroy us
        if (end.has_error()) return done(end.error());
        done(Completion{std::move(text_), std::move(*end)});
    }

    std::string text_;
    base::Done<Completion> done_;
    std::unique_ptr<AnswerCall> call_;
};

}  // namespace

std::unique_ptr<AnswerCall> complete(Provider& provider, Prompt prompt, base::Done<Completion> done) {
    prompt.delivery = Delivery::whole;
    auto call = std::make_unique<CompleteCall>(std::move(done));
    call->start(provider, std::move(prompt));
    return call;
}

}  // namespace chatbox::llm
