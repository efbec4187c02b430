#pragma once
// The C library, wrapped once: a connection, a prepared statement, one execution of it. Failures are
// exceptions (SqliteError, DamagedRow); the two loops in sqlite_store.cpp turn them into base::Error, nobody
// else catches.
#include <sqlite3.h>

#include <chrono>
#include <concepts>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"

namespace chatbox::store::sqlite {

// A call of the library failed.
class SqliteError : public std::runtime_error {
public:
    SqliteError(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
    int code() const { return code_; }  // extended, sqlite.org/rescode.html
    int primary_code() const { return code_ & 0xFF; }

private:
    int code_;
};

// A row holds what this program never wrote.
class DamagedRow : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// What a failed call means to the caller of the port.
base::Error to_error(const SqliteError& error);

// LIMIT and OFFSET take signed numbers, and a negative LIMIT is no limit.
std::int64_t bounded(std::size_t n);

// One connection. Used by one thread at a time.
class Database {
public:
    enum class Mode { read_write, read_only };
    Database(const std::filesystem::path& file, Mode mode, std::chrono::milliseconds busy_timeout);

    void execute(const std::string& sql);          // one or more statements; rows are dropped
    std::int64_t integer(const std::string& sql);  // the first column of the first row
    std::string text(const std::string& sql);
    bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
    std::int64_t last_insert_key() const { return sqlite3_last_insert_rowid(handle_.get()); }
    int changed_rows() const { return sqlite3_changes(handle_.get()); }  // by the last statement
    int changes_so_far() const { return sqlite3_total_changes(handle_.get()); }
    sqlite3* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

struct Blob {
    std::string_view bytes;
};

// One execution of a statement, from its arguments to its last row. The statement is free again when it ends.
class Run {
public:
    explicit Run(sqlite3_stmt* statement) : statement_(statement) {}
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    bool next();  // true: there is a (further) row

    bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    std::int64_t integer(int column) const;
    std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    base::Time time(int column) const { return base::Time(base::Millis(integer(column))); }
    std::string_view text(int column) const;  // valid until next()
    std::string_view blob(int column) const;  // valid until next()
    template <class Id>
    Id id(int column) const {
        return Id(std::string(text(column)));
    }

private:
    sqlite3_stmt* statement_;
};

// A prepared statement, kept for the life of its Database, which outlives it.
class Statement {
public:
    Statement(Database& database, std::string_view sql);

    // Arguments by position. Texts are not copied: they outlive the Run.
    template <class... Args>
    Run run(const Args&... args) {
        int position = 0;
        (bind(++position, args), ...);
        return Run(statement_.get());
    }
    // The same for a statement that was put together: what it does not mention is not bound.
    template <class... Args>
    Run run_some(const Args&... args) {
        int position = 0;
        (bind_if_there(++position, args), ...);
        return Run(statement_.get());
    }
    // For a statement without rows.
    template <class... Args>
    void exec(const Args&... args) {
        Run once = run(args...);
        once.next();
    }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    template <class Arg>
    void bind_if_there(int position, const Arg& arg) {
        if (position <= sqlite3_bind_parameter_count(statement_.get())) bind(position, arg);
    }
    template <std::integral Int>
    void bind(int position, Int value) {
        bind_integer(position, static_cast<std::int64_t>(value));
    }
    void bind(int position, base::Time value) { bind_integer(position, value.time_since_epoch().count()); }
    void bind(int position, std::string_view value);
    void bind(int position, const std::string& value) { bind(position, std::string_view(value)); }
    void bind(int position, Blob value);
    void bind(int position, std::nullptr_t);
    template <class Tag>
    void bind(int position, const base::Id<Tag>& value) {
        bind(position, std::string_view(value.str()));
    }
    template <class T>
    void bind(int position, const std::optional<T>& value) {
        if (value) {
            bind(position, *value);
        } else {
            bind(position, nullptr);
        }
    }
    void bind_integer(int position, std::int64_t value);
    void check(int code) const;

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace chatbox::store::sqlite
