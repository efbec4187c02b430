#pragma once
// From a path to a database that is ours, locked, set up and of the right schema.
#include "database.h"
#include "lock_file.h"
#include "store/sqlite/sqlite_store.h"

namespace chatbox::store::sqlite {

// The path by which everybody names the file: absolute, without links. Makes the folder. Throws
// std::runtime_error with a sentence for a person.
std::filesystem::path prepare_path(const Options& options);

// The connection that writes. Throws std::runtime_error with a sentence for a person.
Database open_for_writing(const std::filesystem::path& file, const Options& options);

// A connection that reads. The one that writes is open.
Database open_for_reading(const std::filesystem::path& file);

}  // namespace chatbox::store::sqlite
