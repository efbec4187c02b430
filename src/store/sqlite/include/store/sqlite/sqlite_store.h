#pragma once
// The default store: one SQLite database in a file. WAL mode, synchronous=FULL, one writer thread that commits
// what has queued up as one transaction (group commit) and one reader thread. Source: sqlite.org/wal.html,
// sqlite.org/pragma.html#pragma_synchronous.
#include <cstddef>
#include <filesystem>
#include <memory>

#include "base/log.h"
#include "store/store.h"

namespace chatbox::store::sqlite {

struct Options {
    std::filesystem::path file;       // made, with its folder, when it does not exist
    std::size_t max_batch = 1024;     // writes in one transaction at most
    std::size_t max_queue = 65536;    // writes waiting; one more is refused with Errc::unavailable
};

// Opens or makes the database and brings its schema up to date. Throws std::runtime_error with a sentence for
// a person when that is impossible (not a database, no permission, newer schema, locked by another process).
// The destructor commits what is queued and joins the threads. `log` outlives the store.
std::unique_ptr<Store> open_sqlite_store(Options options, base::Log& log);

}  // namespace chatbox::store::sqlite
