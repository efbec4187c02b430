// The process: gives the command line the real world.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

#include "server/app.h"
#include "server/cli.h"

namespace {

// Without these the first files or sockets that are opened become stdin, stdout and stderr, and get what is
// written there.
void ensure_standard_streams() {
    int fd = 0;
    while (fd >= 0 && fd <= 2) fd = ::open("/dev/null", O_RDWR);
    if (fd > 2) ::close(fd);
}

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != std::string::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

}  // namespace

int main(int argc, char** argv) try {
    using namespace chatbox;
    ensure_standard_streams();
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of write(), not our end
    const base::SystemClock clock;
    return server::run_command_line({{argv + 1, argv + argc},
                                     environment(),
                                     std::cout,
                                     std::cerr,
                                     clock,
                                     server::find_ollama_model,
                                     server::run_server});
} catch (const std::exception& error) {
    std::cerr << "chatbox: failed: " << error.what() << '\n';
    return chatbox::server::exit_failure;
}
