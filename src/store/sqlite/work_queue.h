#pragma once
// Hands work from any thread to one, in order, in as large portions as have piled up.
#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace chatbox::store::sqlite {

template <class T>
class WorkQueue {
public:
    explicit WorkQueue(std::size_t limit) : limit_(limit) {}

    // False, and `item` is still the caller's: the queue is full.
    bool push(T& item) {
        const std::lock_guard lock(mutex_);
        if (items_.size() >= limit_) return false;
        items_.push_back(std::move(item));
        if (waiting_) ready_.notify_one();
        return true;
    }

    // Waits for work and moves up to `most` items into `out`, which is empty before. False: the queue is
    // closed and everything has been taken.
    bool pop(std::vector<T>& out, std::size_t most) {
        std::unique_lock lock(mutex_);
        waiting_ = true;
        ready_.wait(lock, [this] { return closed_ || !items_.empty(); });
        waiting_ = false;
        const auto end = items_.begin() + static_cast<std::ptrdiff_t>(std::min(most, items_.size()));
        std::move(items_.begin(), end, std::back_inserter(out));
        items_.erase(items_.begin(), end);
        return !out.empty();
    }

    bool empty() {
        const std::lock_guard lock(mutex_);
        return items_.empty();
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        ready_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<T> items_;
    const std::size_t limit_;
    bool waiting_ = false;
    bool closed_ = false;
};

}  // namespace chatbox::store::sqlite
