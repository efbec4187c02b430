#include "ops/json_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"

namespace chatbox::ops {

namespace {

using base::LogField;
using base::LogLevel;

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

// --- JSON (RFC 8259 section 7)
// ---------------------------------------------------------------------------------

void append(fmt::memory_buffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

void append_character(fmt::memory_buffer& out, std::string_view character) {
    const auto c = static_cast<unsigned char>(character.front());
    if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(character.front());
    } else if (c == '\n') {
        append(out, "\\n");
    } else if (c < 0x20 || c == 0x7F) {
        fmt::format_to(fmt::appender(out), "\\u{:04x}", c);
    } else {
        append(out, character);
    }
}

// The length of the character at the front of `text`, 0 if it is not UTF-8.
std::size_t character_length(std::string_view text) {
    for (std::size_t n = 1; n <= 4 && n <= text.size(); ++n) {
        if (base::is_valid_utf8(text.substr(0, n))) return n;
    }
    return 0;
}

void append_string(fmt::memory_buffer& out, std::string_view text) {
    const bool cut = text.size() > max_log_text_bytes;
    if (cut) text = text.substr(0, base::utf8_floor(text, max_log_text_bytes));
    out.push_back('"');
    while (!text.empty()) {
        const std::size_t n = character_length(text);
        if (n == 0) {
            append(out, "\xEF\xBF\xBD");
        } else {
            append_character(out, text.substr(0, n));
        }
        text.remove_prefix(n == 0 ? 1 : n);
    }
    if (cut) append(out, "\xE2\x80\xA6");
    out.push_back('"');
}

void append_field(fmt::memory_buffer& out, const LogField& field) {
    out.push_back(',');
    const bool taken =
        field.key == "ts" || field.key == "level" || field.key == "component" || field.key == "msg";
    append_string(out, taken ? std::string(field.key) + "_" : std::string(field.key));
    out.push_back(':');
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        append_string(out, *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
        fmt::format_to(fmt::appender(out), "{}", *number);
    } else {
        append(out, std::get<bool>(field.value) ? "true" : "false");
    }
}

// --- where lines go
// --------------------------------------------------------------------------------------------

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

// Writes the payload as it is: no pattern, no buffer.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit DescriptorSink(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (cut_ && !write_all("\n")) return;
        cut_ = false;
        write_all({message.payload.data(), message.payload.size()});
    }
    void flush_() override {}

    // False if not everything could be written. The next line then starts on a line of its own.
    bool write_all(std::string_view text) {
        bool begun = false;
        while (!text.empty()) {
            const ssize_t n = ::write(descriptor_.get(), text.data(), text.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) {
                cut_ = cut_ || begun;
                return false;
            }
            begun = true;
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    Descriptor descriptor_;
    bool cut_ = false;
};

class JsonLog final : public base::Log {
public:
    JsonLog(LogLevel level, std::vector<spdlog::sink_ptr> sinks, const base::Clock* clock)
        : level_(level),
          clock_(clock ? *clock : system_clock_),
          logger_("chatbox", sinks.begin(), sinks.end()) {
        logger_.set_level(to_spdlog(level));
        logger_.set_error_handler([](const std::string&) {});  // there is nowhere left to say it
    }

    bool enabled(LogLevel level) const override { return level >= level_; }

    void write(LogLevel level, std::string_view component, std::string_view message,
               std::initializer_list<LogField> fields) override try {
        if (!enabled(level)) return;
        fmt::memory_buffer line;
        append(line, R"({"ts":")");
        append(line, base::format_rfc3339(clock_.now()));
        append(line, R"(","level":")");
        append(line, name_of(level));
        append(line, R"(","component":)");
        append_string(line, component);
        append(line, R"(,"msg":)");
        append_string(line, message);
        for (const LogField& field : fields) append_field(line, field);
        append(line, "}\n");
        logger_.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
    } catch (...) {
        // No memory for a line: the line is lost, its writer is not.
    }

private:
    const LogLevel level_;
    base::SystemClock system_clock_;
    const base::Clock& clock_;
    spdlog::logger logger_;
};

// spdlog's levels work per sink: each file takes its level and what is above.
spdlog::sink_ptr file_sink(const std::filesystem::path& path, LogLevel level) {
    Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (descriptor.get() < 0) throw std::system_error(errno, std::generic_category(), path.string());
    auto sink = std::make_shared<DescriptorSink>(std::move(descriptor));
    sink->set_level(to_spdlog(level));
    return sink;
}

}  // namespace

std::unique_ptr<base::Log> make_json_log(const JsonLogOptions& options, const base::Clock* clock) {
    std::vector<spdlog::sink_ptr> sinks;
    if (options.console) {
        Descriptor copy(
            ::fcntl(options.console_fd, F_DUPFD_CLOEXEC, 3));  // the caller's one stays the caller's
        sinks.push_back(std::make_shared<DescriptorSink>(std::move(copy)));
    }
    if (!options.directory.empty()) {
        const std::filesystem::path directory = options.directory;
        std::filesystem::create_directories(directory);
        sinks.push_back(file_sink(directory / options.info_file, LogLevel::debug));
        sinks.push_back(file_sink(directory / options.warn_file, LogLevel::warn));
        sinks.push_back(file_sink(directory / options.error_file, LogLevel::error));
    }
    return std::make_unique<JsonLog>(options.level, std::move(sinks), clock);
}

}  // namespace chatbox::ops
