#pragma once
// The logging port. Adapters write JSON lines; nobody passes a secret or a message text as a field.
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace chatbox::base {

enum class LogLevel { debug, info, warn, error };

struct LogField {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, bool> value;
    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
    LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    LogField(std::string_view k, bool v) : key(k), value(v) {}
    template <class Int>
        requires std::is_integral_v<Int>
    LogField(std::string_view k, Int v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

// Any thread. Never blocks on a slow disk for longer than a write; never throws.
class Log {
public:
    virtual ~Log() = default;
    // `component` as in the contract's log fields (http, websocket, session, llm, store ...).
    virtual void write(LogLevel level, std::string_view component, std::string_view message,
                       std::initializer_list<LogField> fields = {}) = 0;
    virtual bool enabled(LogLevel level) const = 0;

    void debug(std::string_view c, std::string_view m, std::initializer_list<LogField> f = {}) {
        if (enabled(LogLevel::debug)) write(LogLevel::debug, c, m, f);
    }
    void info(std::string_view c, std::string_view m, std::initializer_list<LogField> f = {}) {
        if (enabled(LogLevel::info)) write(LogLevel::info, c, m, f);
    }
    void warn(std::string_view c, std::string_view m, std::initializer_list<LogField> f = {}) {
        if (enabled(LogLevel::warn)) write(LogLevel::warn, c, m, f);
    }
    void error(std::string_view c, std::string_view m, std::initializer_list<LogField> f = {}) {
        if (enabled(LogLevel::error)) write(LogLevel::error, c, m, f);
    }
};

// Drops everything. For tests and tools.
class NullLog final : public Log {
public:
    void write(LogLevel, std::string_view, std::string_view, std::initializer_list<LogField>) override {}
    bool enabled(LogLevel) const override { return false; }
};

}  // namespace chatbox::base
