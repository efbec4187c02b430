#include "support/event_loop.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace chatbox::bench {

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    // The kernel may delay a wake-up by 50 us unless told otherwise, half of the pause between two tokens.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

EventLoop::~EventLoop() {
    ::close(epoll_);
}

void EventLoop::control(int operation, int fd, std::uint32_t events, Handler* handler) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = handler;
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

void EventLoop::add(int fd, std::uint32_t events, Handler& handler) {
    control(EPOLL_CTL_ADD, fd, events, &handler);
}

void EventLoop::modify(int fd, std::uint32_t events, Handler& handler) {
    control(EPOLL_CTL_MOD, fd, events, &handler);
}

void EventLoop::remove(int fd, const Handler& handler) {
    control(EPOLL_CTL_DEL, fd, 0, nullptr);
    // The handler may be destroyed next, and an event for it may already be in the batch at hand.
    for (int i = batch_next_; i < batch_size_; ++i) {
        auto& event = batch_.at(static_cast<std::size_t>(i));
        if (event.data.ptr == &handler) event.data.ptr = nullptr;
    }
}

void EventLoop::at(Nanoseconds when, std::function<void()> action) {
    timers_.push(Timer{when, next_order_++, std::move(action)});
}

void EventLoop::run_due_timers() {
    while (!timers_.empty() && timers_.top().when <= now_ns()) {
        auto action = timers_.top().action;
        timers_.pop();
        action();
    }
}

void EventLoop::wait(Nanoseconds until) {
    const Nanoseconds pause = std::max<Nanoseconds>(until - now_ns(), 0);
    const timespec timeout{pause / kSecond, pause % kSecond};
    batch_size_ = epoll_pwait2(epoll_, batch_.data(), static_cast<int>(batch_.size()), &timeout, nullptr);
    if (batch_size_ < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
        batch_size_ = 0;
    }
    for (batch_next_ = 0; batch_next_ < batch_size_;) {
        const epoll_event event = batch_.at(static_cast<std::size_t>(batch_next_++));
        if (event.data.ptr != nullptr) static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
    }
}

bool EventLoop::run_until(const std::function<bool()>& done, Nanoseconds deadline) {
    while (!done()) {
        if (now_ns() >= deadline) return false;
        run_due_timers();
        wait(timers_.empty() ? deadline : std::min(deadline, timers_.top().when));
    }
    return true;
}

}  // namespace chatbox::bench
