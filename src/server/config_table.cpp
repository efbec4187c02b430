#include "server/config_table.h"

#include "config_table_parts.h"

namespace chatbox::server {

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all = [] {
        std::vector<Setting> table = server_settings();
        for (auto* part : {auth_settings, chat_settings, integration_settings}) {
            for (Setting& setting : part()) table.push_back(std::move(setting));
        }
        return table;
    }();
    return all;
}

std::vector<std::string> known_toml_keys() {
    std::vector<std::string> keys;
    for (const Setting& setting : settings())
        keys.insert(keys.end(), setting.toml.begin(), setting.toml.end());
    for (const Group& group : groups()) {
        for (const std::string_view place : group.places) {
            for (const GroupField& field : group.fields) {
                if (!field.toml.empty()) keys.push_back(std::string(place) + "[]." + std::string(field.toml));
            }
        }
    }
    return keys;
}

std::vector<std::string> known_env_names() {
    std::vector<std::string> names{"CHATBOX_CONFIG", "RMBASE_FILE_CFG", "RMBASE_FOLDER_CFG"};
    for (const Setting& setting : settings())
        names.insert(names.end(), setting.env.begin(), setting.env.end());
    for (const Group& group : groups()) {
        if (group.env_prefix.empty()) continue;
        for (std::size_t n = 1; n <= max_env_rows; ++n) {
            for (const GroupField& field : group.fields) {
                names.push_back(std::string(group.env_prefix) + std::to_string(n) + "_" +
                                std::string(field.env_suffix));
            }
        }
    }
    return names;
}

}  // namespace chatbox::server
