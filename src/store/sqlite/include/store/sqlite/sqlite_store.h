#pragma once
// The default store: one SQLite database in a file. WAL mode, synchronous=FULL, one writer thread that
// commits what has queued up as one transaction (group commit), one thread that reads sessions and their
// events, and one for lists and metrics. Source: sqlite.org/wal.html,
// sqlite.org/pragma.html#pragma_synchronous.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/log.h"
#include "store/store.h"

namespace chatbox::store::sqlite {

struct Options {
    std::filesystem::path file;    // made, with its folder, when it does not exist
    std::size_t max_batch = 1024;  // writes in one transaction at most
    // Writes, and as many reads, lists and metrics, that wait; one more is refused at once with
    // Errc::unavailable (its reply may overtake those of earlier calls).
    std::size_t max_queue = 65536;
    std::uint64_t max_bytes =
        0;  // size of the file at which writes fail with Errc::unavailable; 0: the disk decides
};

// Opens or makes the database and brings its schema up to date. Throws std::runtime_error with a sentence for
// a person when that is impossible (not a database, no permission, newer schema, locked by another process).
// The destructor commits what is queued and joins the threads. `log`, and what the executors of replies
// belong to, outlive the store.
std::unique_ptr<Store> open_sqlite_store(Options options, base::Log& log);

}  // namespace chatbox::store::sqlite
