#pragma once
// From the environment, TOML files and the command line to a Config that may be run.
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "server/config.h"

namespace chatbox::server {

// What settings are read from, strongest first: command line, environment, files, defaults.
struct Sources {
    std::map<std::string, std::string> command_line;  // setting's name -> value
    std::map<std::string, std::string> environment;   // an empty variable counts as not set
    // From --config; several are laid over each other. Empty: CHATBOX_CONFIG, RMBASE_FILE_CFG (both may name
    // several, with commas), the *.toml of RMBASE_FOLDER_CFG, ./config.toml if it is there; the first that is
    // set.
    std::vector<std::string> files;
};

struct Problem {
    std::string setting;  // a name that the reader can look up
    std::string text;     // what is wrong and what to do; never the value of a secret
    friend bool operator==(const Problem&, const Problem&) = default;
};

struct Loaded {
    Config config;
    // Where the value of a setting is from, by its name: `env JWT_SECRET`, `config.toml:3:1`, `command line`.
    // Not in here: the default.
    std::map<std::string, std::string> origins;
    std::vector<Problem> mistakes;  // the start must be refused
    std::vector<Problem> warnings;
    bool complete = true;  // false: a file could not be read, so that a missing setting says nothing
    // The n of LLM_PROVIDER_<n>_* for each of config.llm.providers.
    std::vector<std::size_t> provider_numbers;
};

// Never throws; all that is wrong is in `mistakes`.
Loaded load_config(const Sources& sources);

// The rules that go beyond a single value, and what this version cannot do. Adds to `mistakes` and
// `warnings`, and puts what is left open into `loaded.config` (threads, normal forms of origins and the path
// prefix). Call it once.
void check_config(Loaded& loaded);

// One line for each: `chatbox: SETTING: text`, warnings as `chatbox: warning: SETTING: text`.
void print_mistakes(const Loaded& loaded, std::ostream& out);
void print_warnings(const Loaded& loaded, std::ostream& out);

// Every setting with its value and origin; secrets as `(set)`.
void print_config(const Loaded& loaded, std::ostream& out);

}  // namespace chatbox::server
