#pragma once
// What the tests of the SQLite store share.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "database.h"
#include "store/conformance/fixture.h"
#include "store/sqlite/sqlite_store.h"

namespace chatbox::store::sqlite {

namespace fs = std::filesystem;
using conformance::Caller;

// A new folder that goes away with the test.
class TempFolder {
public:
    TempFolder() {
        std::string name = (fs::temp_directory_path() / "chatbox-store-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
        path_ = fs::canonical(name);
    }
    ~TempFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    fs::path operator/(const char* name) const { return path_ / name; }

private:
    fs::path path_;
};

// Remembers the messages, and the sizes of the transactions.
class TestLog final : public base::Log {
public:
    void write(base::LogLevel level, std::string_view, std::string_view message,
               std::initializer_list<base::LogField> fields) override {
        const std::lock_guard lock(mutex_);
        if (message == "committed") {
            batches_.push_back(std::get<std::int64_t>(fields.begin()->value));
        } else if (level >= base::LogLevel::warn) {
            complaints_.emplace_back(message);
        }
    }
    bool enabled(base::LogLevel) const override { return true; }

    std::vector<std::int64_t> batches() {
        const std::lock_guard lock(mutex_);
        return batches_;
    }
    std::vector<std::string> complaints() {
        const std::lock_guard lock(mutex_);
        return complaints_;
    }

private:
    std::mutex mutex_;
    std::vector<std::int64_t> batches_;
    std::vector<std::string> complaints_;
};

// Keeps the writer of a store waiting at the begin of its next transaction, until release().
class Blocker {
public:
    explicit Blocker(const fs::path& file)
        : database_(file, Database::Mode::read_write, std::chrono::seconds(60)) {
        database_.execute("BEGIN IMMEDIATE");
    }
    void release() { database_.execute("ROLLBACK"); }

private:
    Database database_;
};

inline Options options_for(const fs::path& file) {
    Options options;
    options.file = file;
    return options;
}

// The sentence with which opening fails.
inline std::string open_error(const Options& options) {
    base::NullLog log;
    try {
        open_sqlite_store(options, log);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "it opened";
}

}  // namespace chatbox::store::sqlite
