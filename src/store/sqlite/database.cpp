#include "database.h"

#include <algorithm>
#include <limits>

namespace chatbox::store::sqlite {

using base::Errc;
using base::Error;

namespace {

[[noreturn]] void fail(sqlite3* db) {
    throw SqliteError(sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

}  // namespace

Error to_error(const SqliteError& error) {
    const std::string detail = std::string(error.what()) + " (SQLite " + std::to_string(error.code()) + ")";
    switch (error.primary_code()) {
        case SQLITE_TOOBIG:
            return {Errc::invalid, detail};
        // The disk is full, broken, gone or not ours to write: the caller may try again.
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_NOMEM:
        case SQLITE_PROTOCOL:
            return {Errc::unavailable, detail};
        default:
            return {Errc::internal, detail};  // damage, or a broken constraint that nobody expected: a bug
    }
}

std::int64_t bounded(std::size_t n) {
    return static_cast<std::int64_t>(
        std::min<std::size_t>(n, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
}

Database::Database(const std::filesystem::path& file, Mode mode, std::chrono::milliseconds busy_timeout) {
    const int access =
        mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3* opened = nullptr;
    // NOMUTEX: a connection never leaves its thread. EXRESCODE: extended codes everywhere.
    const int code =
        sqlite3_open_v2(file.c_str(), &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(opened);
    if (opened == nullptr) throw SqliteError(code, sqlite3_errstr(code));
    if (code != SQLITE_OK) fail(opened);
    sqlite3_busy_timeout(opened, static_cast<int>(busy_timeout.count()));
}

void Database::execute(const std::string& sql) {
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_.get());
}

std::int64_t Database::integer(const std::string& sql) {
    Statement statement(*this, sql);
    Run run = statement.run();
    if (!run.next()) throw DamagedRow("no row from: " + sql);
    return run.integer(0);
}

std::string Database::text(const std::string& sql) {
    Statement statement(*this, sql);
    Run run = statement.run();
    if (!run.next()) throw DamagedRow("no row from: " + sql);
    return std::string(run.text(0));
}

Run::~Run() {
    sqlite3_reset(statement_);  // repeats the error that next() has already thrown
    sqlite3_clear_bindings(statement_);
}

bool Run::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail(sqlite3_db_handle(statement_));
    return false;
}

std::int64_t Run::integer(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) {
        throw DamagedRow(std::string(sqlite3_column_name(statement_, column)) + " is not an integer");
    }
    return sqlite3_column_int64(statement_, column);
}

std::string_view Run::text(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) {
        throw DamagedRow(std::string(sqlite3_column_name(statement_, column)) + " is not a text");
    }
    // The text before its size: sqlite.org/c3ref/column_blob.html
    const auto* bytes = sqlite3_column_text(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (bytes == nullptr) return {};
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::string_view Run::blob(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_BLOB) {
        throw DamagedRow(std::string(sqlite3_column_name(statement_, column)) + " is not a blob");
    }
    const auto* bytes = sqlite3_column_blob(statement_, column);  // null when empty
    const int size = sqlite3_column_bytes(statement_, column);
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

Statement::Statement(Database& database, std::string_view sql) {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    statement_.reset(prepared);
    if (code != SQLITE_OK) fail(database.handle());
}

void Statement::check(int code) const {
    if (code != SQLITE_OK) fail(sqlite3_db_handle(statement_.get()));
}

void Statement::bind_integer(int position, std::int64_t value) {
    check(sqlite3_bind_int64(statement_.get(), position, value));
}

void Statement::bind(int position, std::string_view value) {
    // A null pointer would be NULL, not the empty text.
    const char* bytes = value.data() == nullptr ? "" : value.data();
    check(sqlite3_bind_text64(statement_.get(), position, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int position, Blob value) {
    const char* bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
    check(sqlite3_bind_blob64(statement_.get(), position, bytes, value.bytes.size(), SQLITE_STATIC));
}

void Statement::bind(int position, std::nullptr_t) {
    check(sqlite3_bind_null(statement_.get(), position));
}

}  // namespace chatbox::store::sqlite
