#pragma once
// The subcommands. Each returns an ExitCode.
#include <string>
#include <vector>

#include "server/cli.h"

namespace chatbox::server {

// Options that several subcommands share.
struct CommonOptions {
    std::vector<std::string> config_files;
    std::string host, port, data_dir;  // empty: not given
};

struct TokenOptions {
    CommonOptions common;
    std::string user, name, ttl = "24h";
    std::vector<std::string> roles;
};

int serve_command(const Surroundings& world, const CommonOptions& options);
int dev_command(const Surroundings& world, const CommonOptions& options);
int token_command(const Surroundings& world, const TokenOptions& options);
int check_config_command(const Surroundings& world, const CommonOptions& options);

// chatbox 0.1.0 (revision, compiler, build type)
std::string version_text();

}  // namespace chatbox::server
