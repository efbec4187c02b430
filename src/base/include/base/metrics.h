#pragma once
// The metrics port: what is counted while the service runs. Who keeps the numbers, and what they are called
// outside, is ops/.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace chatbox::base {

enum class Count {
    message_received,  // a frame that passed validation
    message_sent,      // a data frame written
    message_error,     // a frame that was refused
    session_created,
    session_ended,
    admin_takeover,
    admin_message_dropped,  // a frame that did not reach an admin
    connection_limited,     // an upgrade beyond a limit
    message_limited,        // a frame or a request beyond a rate limit
};

// Any thread. Never blocks for long, never throws.
class Metrics {
public:
    virtual ~Metrics() = default;

    virtual void add(Count what, std::uint64_t times = 1) = 0;

    virtual void connection_opened() = 0;
    virtual void connection_closed(Millis lasted) = 0;

    // `endpoint` is the pattern of a route, never a path that somebody sent; empty for what is no route.
    virtual void http_request(std::string_view endpoint, std::string_view method, Millis took) = 0;

    // One attempt to get an answer, and how it ended. `provider` is a configured id.
    virtual void llm_asked(std::string_view provider) = 0;
    virtual void llm_answered(std::string_view provider, Millis took, std::uint64_t tokens) = 0;
    virtual void llm_failed(std::string_view provider) = 0;

    virtual void store_operation(std::string_view operation, Millis took) = 0;

    virtual void set_active_sessions(std::uint64_t sessions) = 0;

    // All of it as Prometheus reads it (text format 0.0.4).
    virtual std::string text() = 0;
};

// Keeps nothing.
class NullMetrics final : public Metrics {
public:
    void add(Count, std::uint64_t) override {}
    void connection_opened() override {}
    void connection_closed(Millis) override {}
    void http_request(std::string_view, std::string_view, Millis) override {}
    void llm_asked(std::string_view) override {}
    void llm_answered(std::string_view, Millis, std::uint64_t) override {}
    void llm_failed(std::string_view) override {}
    void store_operation(std::string_view, Millis) override {}
    void set_active_sessions(std::uint64_t) override {}
    std::string text() override { return {}; }
};

// For whom nobody gave any. Has no state.
inline Metrics& no_metrics() {
    static NullMetrics none;
    return none;
}

}  // namespace chatbox::base
