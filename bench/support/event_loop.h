#pragma once
// A bare epoll loop. The measuring side must cost as little as possible, because on a small machine it shares
// the processor with what it measures; that is why it is not Asio.
#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "support/clock.h"

namespace chatbox::bench {

// One thread. Handlers are borrowed: whoever added one removes it before it dies, also from inside a
// callback.
class EventLoop {
public:
    class Handler {
    public:
        virtual ~Handler() = default;
        virtual void on_ready(std::uint32_t events) = 0;
    };

    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Level-triggered. Throws std::system_error when the kernel refuses.
    void add(int fd, std::uint32_t events, Handler& handler);
    void modify(int fd, std::uint32_t events, Handler& handler);
    void remove(int fd, const Handler& handler);

    // Calls `action` once, not before `when`. There is no cancelling: check in the action.
    void at(Nanoseconds when, std::function<void()> action);

    // Runs until `done` (asked after each batch of events) or the deadline; false means the deadline came
    // first.
    bool run_until(const std::function<bool()>& done, Nanoseconds deadline);

private:
    struct Timer {
        Nanoseconds when = 0;
        std::uint64_t order = 0;
        std::function<void()> action;
    };
    struct Later {
        bool operator()(const Timer& a, const Timer& b) const {
            return a.when != b.when ? a.when > b.when : a.order > b.order;
        }
    };

    void control(int operation, int fd, std::uint32_t events, Handler* handler);
    void run_due_timers();
    void wait(Nanoseconds until);

    int epoll_ = -1;
    std::uint64_t next_order_ = 0;
    std::priority_queue<Timer, std::vector<Timer>, Later> timers_;
    std::array<epoll_event, 256> batch_{};
    int batch_size_ = 0;
    int batch_next_ = 0;
};

}  // namespace chatbox::bench
