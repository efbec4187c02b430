#include "llm/timers.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace chatbox::llm {

using base::Instant;

namespace {

class LoopTimer final : public Timer {
public:
    LoopTimer(const boost::asio::any_io_executor& loop, Instant due, std::function<void()> then)
        : wait_(std::make_shared<Wait>(loop)) {
        wait_->then = std::move(then);
        wait_->timer.expires_at(due);
        wait_->timer.async_wait([wait = wait_](boost::system::error_code ec) {
            // A wait that is over cannot be cancelled any more: `then` tells whether anybody still wants it.
            if (auto call = std::exchange(wait->then, {}); !ec && call) call();
        });
    }
    ~LoopTimer() override {
        wait_->then = {};
        wait_->timer.cancel();
    }

private:
    struct Wait {
        explicit Wait(const boost::asio::any_io_executor& loop) : timer(loop) {}
        boost::asio::steady_timer timer;
        std::function<void()> then;
    };
    std::shared_ptr<Wait> wait_;
};

class LoopTimers final : public Timers {
public:
    explicit LoopTimers(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}
    Instant now() const override { return std::chrono::steady_clock::now(); }
    std::unique_ptr<Timer> at(Instant due, std::function<void()> then) override {
        return std::make_unique<LoopTimer>(loop_, due, std::move(then));
    }

private:
    boost::asio::any_io_executor loop_;
};

}  // namespace

std::unique_ptr<Timers> make_timers(boost::asio::any_io_executor loop) {
    return std::make_unique<LoopTimers>(std::move(loop));
}

class ManualTimers::ManualTimer final : public Timer {
public:
    explicit ManualTimer(std::shared_ptr<Wait> wait) : wait_(std::move(wait)) {}

private:
    std::shared_ptr<Wait> wait_;
};

std::unique_ptr<Timer> ManualTimers::at(Instant due, std::function<void()> then) {
    auto wait = std::make_shared<Wait>(Wait{std::move(then)});
    waits_.emplace(due, wait);
    return std::make_unique<ManualTimer>(std::move(wait));
}

void ManualTimers::advance(base::Millis by) {
    const Instant end = now_ + by;
    while (!waits_.empty() && waits_.begin()->first <= end) {
        now_ = std::max(now_, waits_.begin()->first);
        const auto wait = waits_.begin()->second.lock();
        waits_.erase(waits_.begin());
        if (!wait) continue;
        if (auto then = std::exchange(wait->then, {})) then();
    }
    now_ = end;
}

std::size_t ManualTimers::waiting() const {
    return static_cast<std::size_t>(
        std::count_if(waits_.begin(), waits_.end(), [](const auto& wait) { return !wait.second.expired(); }));
}

}  // namespace chatbox::llm
