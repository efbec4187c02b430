#pragma once
// What `chatbox dev` finds out and makes up, so that one command without a setting gives a server that works.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/config_load.h"

namespace chatbox::server {

// The file in the data folder that keeps the generated secret between two starts.
constexpr std::string_view dev_secrets_file = "dev-secrets.toml";

// The secret of the development server with this data folder. Errc::not_found if it never ran; Errc::invalid
// if the file cannot be used, and the detail then says what to do.
base::Result<std::string> read_dev_secret(const std::string& data_dir);

// The same; makes the folder, a strong secret and the file (mode 0600) if they are not there. Two processes
// that start at once get the same secret.
base::Result<std::string> load_or_create_dev_secret(const std::string& data_dir);

// Asks the Ollama at this base URL for the model to use; nothing if it does not answer at once.
using FindOllamaModel = std::function<std::optional<std::string>(const std::string& base_url)>;

// Asks with GET /api/tags and waits 300 ms at most. Blocks.
std::optional<std::string> find_ollama_model(const std::string& base_url);

// The first model of an answer to GET /api/tags, embedding models last.
std::optional<std::string> first_ollama_model(std::string_view json);

// Where Ollama listens: OLLAMA_HOST as its own tools read it, else http://127.0.0.1:11434. Without a trailing
// slash.
std::string ollama_base_url(const std::map<std::string, std::string>& environment);

// Makes a development server of what load_config() gave; check_config() comes after it. Loopback only, any
// origin, a generated secret if none is configured, and, if no model is configured, the best one at hand:
// OPENAI_API_KEY, else Ollama, else the demo. Returns lines that tell a person what was done.
std::vector<std::string> prepare_dev(Loaded& loaded, const std::map<std::string, std::string>& environment,
                                     const FindOllamaModel& find_model);

}  // namespace chatbox::server
