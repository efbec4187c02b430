#pragma once
// Moves what is committed from the write-ahead log into the database file, on a thread of its own: done by
// the writer, as SQLite does it by default, it would hold up every call that waits (sqlite.org/wal.html,
// section 6).
//
// The log starts over only when all of it has been moved and nobody has written meanwhile. So this moves
// round after round, until what a round leaves is little, and lets the writer do that rest between two
// commits: when no call waits, or when the log has become so large that they have to.
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "database.h"

namespace chatbox::store::sqlite {

class Checkpointer {
public:
    Checkpointer(const std::filesystem::path& file, base::Log& log);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    // By the writer after each commit: the pages that the log has now, and whether no call waits. True: the
    // rest is the writer's, now.
    bool finish_after(int pages, bool idle);

private:
    void loop();
    void move_all_but_little();
    int unmoved(int moved);

    Database database_;
    base::Log& log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int pages_ = 0;  // in the log, as the writer told last
    int start_at_;   // pages at which the next run starts
    bool running_ = false;
    int finish_up_to_ = 0;  // after a run: pages up to which the rest is little enough for the writer
    bool stop_ = false;
    std::thread thread_;  // last: it uses everything above
};

}  // namespace chatbox::store::sqlite
