#include "ops/prometheus_metrics.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace chatbox::ops {
namespace {

using base::Count;
using base::Millis;

// The value of the line that begins with exactly `row`, name and labels.
double value_of(const std::string& text, const std::string& row) {
    const std::size_t at = ("\n" + text).find("\n" + row + " ");
    if (at == std::string::npos) return -1;
    return std::stod(text.substr(at + row.size() + 1));
}

TEST(PrometheusMetrics, EveryNameOfTheContractIsThereFromTheStart) {
    const auto metrics = make_prometheus_metrics();
    const std::string text = metrics->text();
    for (const char* row :
         {"chatbox_websocket_connections_total", "chatbox_messages_received_total",
          "chatbox_messages_sent_total", "chatbox_message_errors_total", "chatbox_active_sessions_total",
          "chatbox_sessions_created_total", "chatbox_sessions_ended_total", "chatbox_admin_takeovers_total",
          "chatbox_admin_messages_dropped_total", R"(chatbox_ratelimit_blocked_total{limiter="connection"})",
          R"(chatbox_ratelimit_blocked_total{limiter="message"})",
          "chatbox_websocket_connection_duration_seconds_count"}) {
        EXPECT_EQ(value_of(text, row), 0) << row;
    }
    EXPECT_NE(text.find("# TYPE chatbox_websocket_connections_total gauge"), std::string::npos);
    EXPECT_NE(text.find("# TYPE chatbox_messages_sent_total counter"), std::string::npos);
}

TEST(PrometheusMetrics, CountsWhatItIsTold) {
    const auto metrics = make_prometheus_metrics();
    metrics->add(Count::message_received, 3);
    metrics->add(Count::message_limited);
    metrics->connection_opened();
    metrics->connection_opened();
    metrics->connection_closed(Millis(7000));
    metrics->llm_asked("openai-gpt4");
    metrics->llm_answered("openai-gpt4", Millis(1500), 42);
    metrics->llm_failed("other");
    metrics->http_request("/chatbox/sessions/:sessionID", "GET", Millis(20));
    metrics->http_request("", "BREW", Millis(20));
    metrics->store_operation("end_session", Millis(3));
    metrics->set_active_sessions(5);
    const std::string text = metrics->text();
    EXPECT_EQ(value_of(text, "chatbox_messages_received_total"), 3);
    EXPECT_EQ(value_of(text, R"(chatbox_ratelimit_blocked_total{limiter="message"})"), 1);
    EXPECT_EQ(value_of(text, "chatbox_websocket_connections_total"), 1);
    EXPECT_EQ(value_of(text, R"(chatbox_websocket_connection_duration_seconds_bucket{le="5"})"), 0);
    EXPECT_EQ(value_of(text, R"(chatbox_websocket_connection_duration_seconds_bucket{le="15"})"), 1);
    EXPECT_EQ(value_of(text, R"(chatbox_llm_requests_total{provider="openai-gpt4"})"), 1);
    EXPECT_EQ(value_of(text, R"(chatbox_tokens_used_total{provider="openai-gpt4"})"), 42);
    EXPECT_EQ(value_of(text, R"(chatbox_llm_latency_seconds_sum{provider="openai-gpt4"})"), 1.5);
    EXPECT_EQ(value_of(text, R"(chatbox_llm_errors_total{provider="other"})"), 1);
    EXPECT_EQ(
        value_of(text,
                 "chatbox_http_request_duration_seconds_count{endpoint=\"/chatbox/sessions/:sessionID\","
                 "method=\"GET\"}"),
        1);
    EXPECT_EQ(value_of(text, R"(chatbox_http_request_duration_seconds_count{endpoint="",method="other"})"),
              1);
    EXPECT_EQ(value_of(text, R"(chatbox_mongodb_operation_seconds_count{operation="end_session"})"), 1);
    EXPECT_EQ(value_of(text, "chatbox_active_sessions_total"), 5);
}

TEST(PrometheusMetrics, ShowsWhatTheKernelKnowsOfTheProcess) {
    const std::string text = make_prometheus_metrics()->text();
    EXPECT_GE(value_of(text, "process_cpu_seconds_total"), 0);
    EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
    EXPECT_GT(value_of(text, "process_virtual_memory_bytes"), 1e6);
    EXPECT_GE(value_of(text, "process_open_fds"), 3);
    EXPECT_GE(value_of(text, "process_max_fds"), 3);
    EXPECT_GE(value_of(text, "process_threads"), 1);
    const double started = value_of(text, "process_start_time_seconds");
    const double now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LE(started, now + 1);
    EXPECT_GT(started, now - 24 * 3600);
}

TEST(PrometheusMetrics, EveryThreadMayCountAndNothingIsLost) {
    const auto metrics = make_prometheus_metrics();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; ++n) {
                metrics->add(Count::message_sent);
                metrics->http_request("/x", "GET", Millis(1));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(value_of(metrics->text(), "chatbox_messages_sent_total"), 4000);
    EXPECT_EQ(value_of(metrics->text(),
                       R"(chatbox_http_request_duration_seconds_count{endpoint="/x",method="GET"})"),
              4000);
}

}  // namespace
}  // namespace chatbox::ops
