#pragma once
// Time for what waits: a real one on an event loop, and one for tests that stands still.
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>

#include "base/clock.h"

namespace chatbox::llm {

// A wait under way. Destroying it cancels the wait.
class Timer {
public:
    virtual ~Timer() = default;
};

// Belongs to one thread.
class Timers {
public:
    virtual ~Timers() = default;
    virtual base::Instant now() const = 0;
    // Calls `then` once, at `due` or later, never from inside this call. The timer may be destroyed in there.
    virtual std::unique_ptr<Timer> at(base::Instant due, std::function<void()> then) = 0;
};

std::unique_ptr<Timers> make_timers(boost::asio::any_io_executor loop);

// Stands still until it is told to move. Tests only.
class ManualTimers final : public Timers {
public:
    base::Instant now() const override { return now_; }
    std::unique_ptr<Timer> at(base::Instant due, std::function<void()> then) override;
    // Moves on, and lets what is due happen in its order, each at its own time.
    void advance(base::Millis by);
    std::size_t waiting() const;

private:
    struct Wait {
        std::function<void()> then;
    };
    class ManualTimer;

    base::Instant now_{};
    std::multimap<base::Instant, std::weak_ptr<Wait>> waits_;
};

}  // namespace chatbox::llm
