#pragma once
// The command line: from arguments to the function that does it.
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "server/app.h"
#include "server/config.h"
#include "server/dev_setup.h"

namespace chatbox::server {

// The world as a command sees it; main() gives the real one.
struct Surroundings {
    std::vector<std::string> arguments;  // without the program's name
    std::map<std::string, std::string> environment;
    std::ostream& out;  // results: the ready line, links, a token
    std::ostream& err;  // everything that is said to a person
    const base::Clock& clock;
    FindOllamaModel find_ollama_model;
    // run_server()
    std::function<int(const Config&, base::Log&, std::function<void(std::uint16_t)>)> run;
};

// Does what the arguments say and returns the exit code, an ExitCode. Throws only what `run` throws.
int run_command_line(const Surroundings& surroundings);

}  // namespace chatbox::server
