#pragma once
// The running server: everything that Config asks for, wired together. The composition root.
#include <cstdint>
#include <functional>
#include <string>

#include "base/log.h"
#include "server/config.h"

namespace chatbox::server {

// What a process ends with; printed in --help, so never renumber.
enum ExitCode : int {
    exit_ok = 0,             // did what was asked; a server: stopped by SIGTERM or SIGINT
    exit_failure = 1,        // failed while running
    exit_configuration = 2,  // a setting is wrong or missing; nothing was started
    exit_cannot_listen = 3,  // the address or port cannot be had
    exit_usage = 64,         // the command line cannot be understood (sysexits.h, EX_USAGE)
};

// Runs the server until SIGTERM or SIGINT has ended it, and returns an ExitCode. `config` has passed
// check_config(). Call it once per process, from the main thread.
//
// When the server is ready to be used it prints `listening on http://HOST:PORT{prefix}/` and a line feed on
// stdout, flushes, and then calls `on_ready` (if not empty) on the calling thread with the port that is
// really listened on. Nothing else is written to stdout before that line.
//
// If it cannot listen, it prints listen_failure() on stderr and returns exit_cannot_listen; nothing was
// created before except the data folder. Other failures at start are one line on stderr, too
// (`chatbox: <setting>: what is wrong and what to do`), and exit_failure.
int run_server(const Config& config, base::Log& log, std::function<void(std::uint16_t port)> on_ready);

// The one line (without line feed) for an address that cannot be listened on; `reason` is the system's text.
std::string listen_failure(const Config& config, const std::string& reason);

}  // namespace chatbox::server
