#include "toml_file.h"

#include <toml++/toml.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace chatbox::server {

namespace {

constexpr std::size_t max_file_bytes = 1024 * 1024;

// toml++ ends some of its sentences with a piece of the file, which may be a piece of a secret.
std::string without_quotation(std::string_view text) {
    for (const std::string_view mark : {", saw ", "; saw ", " saw '"}) text = text.substr(0, text.find(mark));
    if (text.starts_with('\'')) {
        const std::size_t end = text.find('\'', 1);
        return "the value" + std::string(end == std::string_view::npos ? "" : text.substr(end + 1));
    }
    const std::size_t interpret = text.find("interpret '");
    return std::string(text.substr(0, interpret == std::string_view::npos ? text.size() : interpret + 9));
}

class Flattener {
public:
    Flattener(const std::string& path, TomlData& out) : path_(path), out_(out) {}

    void table(const toml::table& table, const std::string& prefix) {
        for (const auto& [key, node] : table) {
            const std::string name =
                prefix.empty() ? std::string(key.str()) : prefix + "." + std::string(key.str());
            one(node, name);
        }
    }

private:
    void one(const toml::node& node, const std::string& name) {
        if (const toml::table* inner = node.as_table()) return table(*inner, name);
        const toml::array* array = node.as_array();
        if (array != nullptr && !array->empty() && array->is_homogeneous(toml::node_type::table)) {
            return rows(*array, name);
        }
        const auto& at = node.source().begin;
        out_.values[name] = {value_of(node),
                             path_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column)};
        if (array != nullptr && array->empty()) out_.rows[name] = 0;
    }

    void rows(const toml::array& array, const std::string& name) {
        out_.rows[name] = array.size();
        for (std::size_t i = 0; i < array.size(); ++i) {
            table(*array[i].as_table(), name + "[" + std::to_string(i) + "]");
        }
    }

    static RawValue value_of(const toml::node& node) {
        if (const auto* text = node.as_string()) return text->get();
        if (const auto* number = node.as_integer()) return number->get();
        if (const auto* number = node.as_floating_point()) return number->get();
        if (const auto* flag = node.as_boolean()) return flag->get();
        const toml::array* array = node.as_array();
        if (array == nullptr) return std::monostate();
        std::vector<std::string> items;
        for (const toml::node& item : *array) {
            const auto* text = item.as_string();
            if (text == nullptr) return std::monostate();
            items.push_back(text->get());
        }
        return items;
    }

    const std::string& path_;
    TomlData& out_;
};

void lay_over(TomlData newer, TomlData& data) {
    for (const auto& [place, count] : newer.rows) {
        const std::string prefix = place + "[";
        std::erase_if(data.values, [&](const auto& entry) { return entry.first.starts_with(prefix); });
        data.values.erase(place);
        data.rows[place] = count;
    }
    for (auto& [key, value] : newer.values) data.values[key] = std::move(value);
}

}  // namespace

std::optional<std::string> overlay_toml_text(std::string_view text, const std::string& path, TomlData& data) {
    try {
        const toml::table table = toml::parse(text, path);
        TomlData newer;
        Flattener(path, newer).table(table, "");
        lay_over(std::move(newer), data);
        return std::nullopt;
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        return path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
               ": not TOML: " + without_quotation(error.description());
    }
}

std::optional<std::string> overlay_toml_file(const std::string& path, TomlData& data) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return path + ": is a folder, not a file";
    std::ifstream in(path, std::ios::binary);
    if (!in) return path + ": cannot be read: " + std::strerror(errno);
    std::string text(max_file_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return path + ": cannot be read";
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_file_bytes) return path + ": is longer than 1 MiB";
    return overlay_toml_text(text, path, data);
}

}  // namespace chatbox::server
