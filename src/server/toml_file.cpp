#include "toml_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

// toml++ 3.3 asserts on some broken files (a lone `[=`), and in a release build lets the optimizer take for
// granted that they cannot be. Here it is an exception in every build. No other file sees toml++.
namespace chatbox::server {
struct TomlBug {};
[[noreturn]] inline void toml_bug() {
    throw TomlBug();
}
}  // namespace chatbox::server
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>((expr) || (chatbox::server::toml_bug(), false))
#include <toml++/toml.h>

namespace chatbox::server {

namespace {

constexpr std::size_t max_file_bytes = 1024 * 1024;

// toml++ quotes pieces of the file, which may be pieces of a secret. Only the names of keys may stay.
std::string without_quotation(std::string_view text) {
    const bool names_a_key =
        text.find("redefine") != std::string_view::npos || text.find("insert") != std::string_view::npos;
    if (names_a_key) return std::string(text);
    for (const std::string_view mark : {", saw ", "; saw ", " saw '"}) text = text.substr(0, text.find(mark));
    std::string out;
    while (true) {
        const std::size_t open = text.find('\'');
        out += text.substr(0, open);
        if (open == std::string_view::npos) return out;
        const std::size_t close = text.find('\'', open + 1);
        if (close == std::string_view::npos) return out + "...";
        const bool is_one_character = close - open <= 2;
        out += is_one_character ? std::string(text.substr(open, close - open + 1)) : "...";
        text.remove_prefix(close + 1);
    }
}

// The first line with which the text cannot be read any more. The parser reads from front to back, so it is
// the same for every longer text.
std::size_t line_of_bug(std::string_view text) {
    const auto fails_within = [&](std::size_t lines) {
        std::size_t end = 0;
        for (std::size_t i = 0; i < lines && end < text.size(); ++i) {
            end = std::min(text.find('\n', end), text.size() - 1) + 1;
        }
        try {
            static_cast<void>(toml::parse(text.substr(0, end)));
        } catch (const toml::parse_error&) {
            return false;  // an ordinary mistake, which the parser can name itself
        } catch (const TomlBug&) {
            return true;
        }
        return false;
    };
    std::size_t low = 1;
    std::size_t high = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (fails_within(middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
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
    } catch (const TomlBug&) {
        return path + ":" + std::to_string(line_of_bug(text)) + ":1: not TOML";
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
