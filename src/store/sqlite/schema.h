#pragma once
// The tables. The rules that keep a conversation whole are constraints here, not only code.
#include "database.h"

namespace chatbox::store::sqlite {

// PRAGMA user_version. Grows by one with each change of the tables.
inline constexpr std::int64_t schema_version = 2;
// PRAGMA application_id: "chbx". Tells our file from somebody else's SQLite database.
inline constexpr std::int64_t application_id = 0x63686278;

// Makes the tables in an empty database, brings an older one up to date, leaves a current one alone.
// Throws std::runtime_error with a sentence for a person when the database is newer or is not ours.
void prepare_schema(Database& database, const std::string& name);

}  // namespace chatbox::store::sqlite
