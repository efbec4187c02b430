#include "llm/demo/demo_provider.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "demo_text.h"

namespace chatbox::llm::demo {

using base::Instant;

namespace {

// Tokens come at start + i / rate. A tick hands over what is due by then, so that a high rate or a busy loop
// makes the pieces more, never the answer later.
constexpr auto shortest_tick = std::chrono::milliseconds(1);
constexpr int max_tokens_per_tick = 1000;  // others on the loop want to run, too
constexpr double longest_wait_seconds = 1e8;

class DemoAnswer : public std::enable_shared_from_this<DemoAnswer> {
public:
    DemoAnswer(const boost::asio::any_io_executor& loop, const Options& options, const Prompt& prompt,
               AnswerSink& sink)
        : timer_(loop),
          rate_(options.tokens_per_second),
          begin_(std::chrono::steady_clock::now() + options.first_token_delay),
          text_(prompt),
          prompt_words_(count_words(prompt)),
          sink_(&sink) {}

    void start() { wait_until(begin_); }

    void abandon() {
        sink_ = nullptr;
        timer_.cancel();
    }

private:
    void wait_until(Instant due) {
        timer_.expires_at(due);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
            // A wait that is over cannot be cancelled any more: its handler comes although the sink has gone.
            if (!ec && self->sink_ != nullptr) self->tick();
        });
    }

    Instant due(std::uint64_t token) const {
        const std::chrono::duration<double> after(
            std::min(static_cast<double>(token) / rate_, longest_wait_seconds));
        return begin_ + std::chrono::duration_cast<Instant::duration>(after);
    }

    // The sink may abandon the answer in any call.
    void tick() {
        const Instant now = std::chrono::steady_clock::now();
        for (int i = 0; i < max_tokens_per_tick && !text_.at_end() && due(tokens_) <= now; ++i) {
            ++tokens_;
            sink_->on_delta(text_.next());
            if (sink_ == nullptr) return;
        }
        if (!text_.at_end()) return wait_until(std::max(due(tokens_), now + shortest_tick));
        AnswerEnd end{{prompt_words_, tokens_, prompt_words_ + tokens_}, "stop"};
        std::exchange(sink_, nullptr)->on_end(std::move(end));
    }

    boost::asio::steady_timer timer_;
    double rate_;
    Instant begin_;
    DemoText text_;
    std::uint64_t prompt_words_;
    AnswerSink* sink_;  // null once it wants no more or has heard the end
    std::uint64_t tokens_ = 0;
};

class DemoCall final : public AnswerCall {
public:
    explicit DemoCall(std::shared_ptr<DemoAnswer> answer) : answer_(std::move(answer)) {}
    ~DemoCall() override { answer_->abandon(); }

private:
    std::shared_ptr<DemoAnswer> answer_;
};

class DemoProvider final : public Provider {
public:
    DemoProvider(boost::asio::any_io_executor loop, Options options)
        : loop_(std::move(loop)), options_(options) {}

    std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) override {
        auto answer = std::make_shared<DemoAnswer>(loop_, options_, prompt, sink);
        answer->start();
        return std::make_unique<DemoCall>(std::move(answer));
    }

private:
    boost::asio::any_io_executor loop_;
    Options options_;
};

}  // namespace

std::unique_ptr<Provider> make_demo_provider(boost::asio::any_io_executor loop, Options options) {
    if (!(options.tokens_per_second > 0)) throw std::invalid_argument("tokens_per_second must be above zero");
    return std::make_unique<DemoProvider>(std::move(loop), options);
}

}  // namespace chatbox::llm::demo
