#include "open.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "schema.h"

namespace chatbox::store::sqlite {

namespace fs = std::filesystem;

namespace {

// Nobody but us writes, so this is only waited for when a person looks in with a tool.
constexpr std::chrono::milliseconds busy_timeout{5000};

std::string reason(int error) {
    return std::generic_category().message(error);
}

// The conversations in it are nobody else's business: SQLite gives its other files the same permissions.
void make_private_file(const fs::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        throw std::runtime_error("cannot open the database " + file.string() + ": " + reason(errno));
    ::close(descriptor);
}

std::string explain(const SqliteError& error, const std::string& name) {
    switch (error.primary_code()) {
        case SQLITE_NOTADB:
            return name + " is not an SQLite database; choose another file";
        case SQLITE_CORRUPT:
            return "the database " + name + " is damaged (" + error.what() + "); restore it from a backup";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "the database " + name + " is locked by another program; stop it first";
        default:
            return "cannot open the database " + name + ": " + error.what();
    }
}

void set_up(Database& database, const Options& options) {
    if (database.text("PRAGMA journal_mode = WAL") != "wal") {
        throw std::runtime_error("the database " + options.file.string() +
                                 " cannot use a write-ahead log; its file system must support shared memory");
    }
    database.execute(
        "PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF;"
        "PRAGMA temp_store = MEMORY;"  // also the journal of savepoints
        "PRAGMA cache_size = -32768;"
        "PRAGMA wal_autocheckpoint = 0;"  // checkpointer.h
        "PRAGMA journal_size_limit = 67108864");
    if (options.max_bytes != 0) {
        const auto page_size = static_cast<std::uint64_t>(database.integer("PRAGMA page_size"));
        database.execute("PRAGMA max_page_count = " +
                         std::to_string(std::max<std::uint64_t>(options.max_bytes / page_size, 1)));
    }
}

}  // namespace

fs::path prepare_path(const Options& options) {
    if (options.file.empty()) throw std::runtime_error("the database has no file name");
    std::error_code error;
    const fs::path folder = fs::absolute(options.file).parent_path();
    if (fs::create_directories(folder, error)) {
        fs::permissions(folder, fs::perms::owner_all, error);
    }
    if (error) throw std::runtime_error("cannot make the folder " + folder.string() + ": " + error.message());
    fs::path file = fs::weakly_canonical(options.file, error);
    if (error)
        throw std::runtime_error("cannot use the path " + options.file.string() + ": " + error.message());
    if (fs::is_directory(file, error)) {
        throw std::runtime_error(file.string() + " is a folder; the database needs the name of a file");
    }
    return file;
}

Database open_for_writing(const fs::path& file, const Options& options) {
    make_private_file(file);
    try {
        Database database(file, Database::Mode::read_write, busy_timeout);
        set_up(database, options);
        prepare_schema(database, file.string());
        return database;
    } catch (const SqliteError& error) {
        throw std::runtime_error(explain(error, file.string()));
    }
}

Database open_for_reading(const fs::path& file) {
    try {
        Database database(file, Database::Mode::read_only, busy_timeout);
        database.execute(
            "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384");
        return database;
    } catch (const SqliteError& error) {
        throw std::runtime_error(explain(error, file.string()));
    }
}

}  // namespace chatbox::store::sqlite
