#pragma once
// The log of the running server: one JSON object per line, over spdlog.
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"

namespace chatbox::ops {

struct JsonLogOptions {
    base::LogLevel level = base::LogLevel::info;  // what is below is dropped
    bool console = true;
    int console_fd = 2;                    // stdout is not ours: it carries the server's ready line
    std::string directory;                 // created if missing; empty: no files
    std::string info_file = "info.log";    // everything from `level` on
    std::string warn_file = "warn.log";    // warnings and errors
    std::string error_file = "error.log";  // errors
};

// Longer texts are cut between two characters.
constexpr std::size_t max_log_text_bytes = 8 * 1024;

// A line is {"ts":"<RFC 3339, UTC>","level":"info","component":"...","msg":"...", fields in their order}. A
// field called like one of these four gets a trailing underscore. What is not UTF-8 is written as U+FFFD.
//
// A line is written with one system call, in whole, whoever else writes at the same time; nothing is
// buffered, so nothing is lost in a crash. A full disk or a closed console loses lines and is never reported
// to the caller; the process must ignore SIGPIPE for that.
//
// `clock` outlives the log; null is the system's clock. Throws std::system_error if the directory or a file
// in it cannot be written: a start that must not succeed.
std::unique_ptr<base::Log> make_json_log(const JsonLogOptions& options, const base::Clock* clock = nullptr);

}  // namespace chatbox::ops
