#include "checkpointer.h"

#include <chrono>
#include <limits>

namespace chatbox::store::sqlite {

namespace {

constexpr int pages_to_start = 16'384;  // 64 MiB of 4 KiB pages: what the log takes on disk
constexpr int pages_to_stop = 49'152;   // 192 MiB: what it takes when calls never cease
constexpr int pages_to_leave = 1'024;   // moved by the writer in a few milliseconds

}  // namespace

Checkpointer::Checkpointer(const std::filesystem::path& file, base::Log& log)
    : database_(file, Database::Mode::read_write, std::chrono::milliseconds(0)),
      log_(log),
      start_at_(pages_to_start) {
    database_.execute("PRAGMA synchronous = FULL");
    thread_ = std::thread([this] { loop(); });
}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

bool Checkpointer::finish_after(int pages, bool idle) {
    const std::lock_guard lock(mutex_);
    if (pages < pages_) start_at_ = pages_to_start;  // the log has started over
    pages_ = pages;
    if (finish_up_to_ > 0) {
        const bool now = idle || pages >= pages_to_stop;
        if (now || pages > finish_up_to_) finish_up_to_ = 0;  // done, or no longer little: for the next run
        if (now) return true;
    }
    if (!running_ && pages >= start_at_) {
        // When the log cannot start over, be it for want of a pause or because of a long read, the next
        // attempt comes after as many pages again.
        start_at_ = pages + pages_to_start;
        running_ = true;
        changed_.notify_one();
    }
    return false;
}

void Checkpointer::loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return running_ || stop_; });
        if (stop_) return;
        lock.unlock();
        move_all_but_little();
        lock.lock();
        running_ = false;
        finish_up_to_ = pages_ + pages_to_leave;
    }
}

void Checkpointer::move_all_but_little() {
    for (int left = std::numeric_limits<int>::max();;) {
        int moved = 0;
        const int code = sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                                   nullptr, &moved);
        if (code != SQLITE_OK) {
            // Nothing is lost: the log stays, and grows until it can be moved.
            log_.warn("store", "the write-ahead log could not be moved", {{"error", sqlite3_errstr(code)}});
            return;
        }
        const int before = left;
        left = unmoved(moved);
        if (left <= pages_to_leave || left > before / 2) return;
    }
}

int Checkpointer::unmoved(int moved) {
    const std::lock_guard lock(mutex_);
    return stop_ ? 0 : pages_ - moved;
}

}  // namespace chatbox::store::sqlite
