#include "server/config_load.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <ostream>
#include <set>

#include "edit_distance.h"
#include "server/config_table.h"
#include "toml_file.h"
#include "values.h"

namespace chatbox::server {

namespace {

struct Found {
    RawValue value;
    std::string name;    // by which it was set
    std::string origin;  // for people
};

class Loader {
public:
    Loader(const Sources& sources, Loaded& out) : sources_(sources), out_(out) {}

    void run() {
        read_files();
        for (const Setting& setting : settings()) load(setting);
        for (const Group& group : groups()) load(group);
        warn_of_unknown_keys();
        warn_of_unknown_variables();
    }

private:
    std::optional<std::string> variable(std::string_view name) const {
        const auto found = sources_.environment.find(std::string(name));
        if (found == sources_.environment.end() || found->second.empty()) return std::nullopt;
        return found->second;
    }

    void mistake(std::string setting, std::string text) {
        out_.mistakes.push_back({std::move(setting), std::move(text)});
    }
    void warning(std::string setting, std::string text) {
        out_.warnings.push_back({std::move(setting), std::move(text)});
    }

    // --- files
    // -----------------------------------------------------------------------------------------------

    void read_files() {
        if (!sources_.files.empty()) return read("--config", sources_.files);
        if (const auto list = variable("CHATBOX_CONFIG")) return read("CHATBOX_CONFIG", split_list(*list));
        if (const auto list = variable("RMBASE_FILE_CFG")) return read("RMBASE_FILE_CFG", split_list(*list));
        if (const auto folder = variable("RMBASE_FOLDER_CFG")) return read_folder(*folder);
        std::error_code ignored;
        if (std::filesystem::exists("config.toml", ignored)) read("config.toml", {"config.toml"});
    }

    void read(const std::string& setting, const std::vector<std::string>& paths) {
        for (const std::string& path : paths) {
            if (const auto wrong = overlay_toml_file(path, toml_)) unreadable(setting, *wrong);
        }
    }

    void unreadable(const std::string& setting, std::string text) {
        mistake(setting, std::move(text));
        out_.complete = false;
    }

    void read_folder(const std::string& folder) {
        std::error_code error;
        std::vector<std::string> paths;
        for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
             it.increment(error)) {
            if (it->path().extension() == ".toml") paths.push_back(it->path().string());
        }
        if (error) return unreadable("RMBASE_FOLDER_CFG", folder + ": cannot be read: " + error.message());
        std::ranges::sort(paths);
        read("RMBASE_FOLDER_CFG", paths);
    }

    // --- settings
    // --------------------------------------------------------------------------------------------

    std::optional<Found> find(const Setting& setting) {
        const auto given = sources_.command_line.find(std::string(setting.name()));
        if (given != sources_.command_line.end()) return Found{given->second, given->first, "command line"};
        std::optional<Found> found;
        for (const std::string_view name : setting.env) {
            const auto value = variable(name);
            if (!value) continue;
            if (!found) {
                found = Found{*value, std::string(name), "env " + std::string(name)};
            } else if (std::get<std::string>(found->value) != *value) {
                warning(std::string(name),
                        "is not used, because " + found->name + " says the same setting differently");
            }
        }
        for (const std::string_view key : setting.toml) {
            if (found) break;
            found = from_toml(std::string(key), setting.name());
        }
        return found;
    }

    std::optional<Found> from_toml(const std::string& key, std::string_view name) const {
        const auto value = toml_.values.find(key);
        if (value == toml_.values.end()) return std::nullopt;
        return Found{value->second.value, std::string(name), value->second.place};
    }

    void load(const Setting& setting) {
        const auto found = find(setting);
        if (!found) return;
        store(setting.slot(out_.config), setting.rule, *found, std::string(setting.name()));
    }

    void store(Slot slot, const ValueRule& rule, const Found& found, const std::string& name) {
        out_.origins[name] = found.origin;
        std::string wrong = assign(slot, rule, found.value);
        if (wrong.empty()) return;
        if (!found.origin.starts_with("env ")) wrong += " (" + found.origin + ")";
        mistake(found.name, std::move(wrong));
    }

    // --- lists of tables
    // -------------------------------------------------------------------------------------

    // The place of the group that is used, or an empty text.
    std::string place_of(const Group& group) {
        std::string used;
        for (const std::string_view candidate : group.places) {
            const std::string place(candidate);
            const auto rows = toml_.rows.find(place);
            if (rows == toml_.rows.end()) {
                const auto other = toml_.values.find(place);
                if (other != toml_.values.end())
                    mistake(place,
                            "must be a list of tables ([[" + place + "]]) (" + other->second.place + ")");
                continue;
            }
            if (rows->second == 0) continue;
            if (used.empty()) {
                used = place;
            } else {
                warning(place, "is not used, because [[" + used + "]] is there, too");
            }
        }
        return used;
    }

    void load(const Group& group) {
        const std::string place = place_of(group);
        std::size_t rows = place.empty() ? 0 : toml_.rows.at(place);
        group.resize(out_.config, rows);
        for (std::size_t row = 0; row < rows; ++row) {
            for (const GroupField& field : group.fields) load_field(group, field, place, row, row + 1);
        }
        if (group.env_prefix.empty()) return;
        std::vector<std::size_t>& numbers = out_.provider_numbers;  // the one group with variables
        for (std::size_t n = 1; n <= rows; ++n) numbers.push_back(n);
        for (std::size_t n = rows + 1; n <= max_env_rows; ++n) {
            if (!is_defined_by_environment(group, n)) continue;
            group.resize(out_.config, rows + 1);
            for (const GroupField& field : group.fields) load_field(group, field, "", rows, n);
            numbers.push_back(n);
            ++rows;
        }
    }

    void load_field(const Group& group, const GroupField& field, const std::string& place, std::size_t row,
                    std::size_t number) {
        const std::string key = place + "[" + std::to_string(row) + "]." + std::string(field.toml);
        const std::string name = group.env_prefix.empty() ? key : env_name(group, field, number);
        std::optional<Found> found;
        if (const auto value = group.env_prefix.empty() ? std::nullopt : variable(name)) {
            found = Found{*value, name, "env " + name};
        } else if (!place.empty()) {
            found = from_toml(key, name);
        }
        if (found) store(field.slot(out_.config, row), field.rule, *found, name);
    }

    static std::string env_name(const Group& group, const GroupField& field, std::size_t number) {
        return std::string(group.env_prefix) + std::to_string(number) + "_" + std::string(field.env_suffix);
    }

    // Secrets alone define no row: templates hand out more keys than there are providers.
    bool is_defined_by_environment(const Group& group, std::size_t number) {
        bool any = false;
        std::string lone_secret;
        for (const GroupField& field : group.fields) {
            const std::string name = env_name(group, field, number);
            if (!variable(name)) continue;
            if (field.rule.secrecy == Secrecy::secret) {
                lone_secret = name;
            } else {
                any = true;
            }
        }
        if (!any && !lone_secret.empty())
            warning(lone_secret, "is not used, because nothing else is said about this provider");
        return any;
    }

    // --- misspelt names
    // --------------------------------------------------------------------------------------

    static std::string without_numbers(std::string_view key) {
        std::string out;
        bool inside = false;
        for (const char c : key) {
            if (c == '[') inside = true;
            if (!inside || c == '[') out += c;
            if (c == ']') {
                inside = false;
                out += c;
            }
        }
        return out;
    }

    void warn_of_unknown_keys() {
        std::set<std::string> known;
        for (const std::string& key : known_toml_keys()) known.insert(without_numbers(key));
        for (const Group& group : groups()) known.insert(group.places.begin(), group.places.end());
        std::set<std::string> told;
        for (const auto& [key, value] : toml_.values) {
            const std::string plain = without_numbers(key);
            if (known.contains(plain) || !told.insert(plain).second) continue;
            warning(key, "is not a setting; the nearest one is " + nearest(plain, known) + " (" +
                             value.place + ")");
        }
    }

    // Only what looks like ours: an environment holds much else.
    void warn_of_unknown_variables() {
        const std::vector<std::string> list = known_env_names();
        const std::set<std::string> known(list.begin(), list.end());
        for (const auto& [name, value] : sources_.environment) {
            if (known.contains(name) || value.empty()) continue;
            if (!name.starts_with("CHATBOX_") && !name.starts_with("LLM_PROVIDER_")) continue;
            const std::string near = nearest(name, known);
            if (edit_distance(name, near) <= 2) warning(name, "is not a setting; do you mean " + near + "?");
        }
    }

    const Sources& sources_;
    Loaded& out_;
    TomlData toml_;
};

}  // namespace

Loaded load_config(const Sources& sources) {
    Loaded loaded;
    Loader(sources, loaded).run();
    return loaded;
}

void print_mistakes(const Loaded& loaded, std::ostream& out) {
    for (const Problem& problem : loaded.mistakes)
        out << "chatbox: " << problem.setting << ": " << problem.text << '\n';
}

void print_warnings(const Loaded& loaded, std::ostream& out) {
    for (const Problem& problem : loaded.warnings) {
        out << "chatbox: warning: " << problem.setting << ": " << problem.text << '\n';
    }
}

}  // namespace chatbox::server
