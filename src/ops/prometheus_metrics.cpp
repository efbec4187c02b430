#include "ops/prometheus_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "process_metrics.h"

namespace chatbox::ops {

using base::Count;
using base::Millis;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

namespace {

using Buckets = Histogram::BucketBoundaries;

// The original's: its clients' default.
const Buckets request_buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
// Answers of a model take longer than requests.
const Buckets answer_buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120};
const Buckets connection_buckets{1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600};

double seconds(Millis time) {
    return std::chrono::duration<double>(time).count();
}

// Anybody can send any method: only those that exist get a row of their own.
std::string known_method(std::string_view method) {
    constexpr std::array<std::string_view, 7> known{"GET",   "HEAD",   "POST",   "PUT",
                                                    "PATCH", "DELETE", "OPTIONS"};
    return std::string(std::ranges::find(known, method) == known.end() ? "other" : method);
}

class PrometheusMetrics final : public base::Metrics {
public:
    void add(Count what, std::uint64_t times) override {
        counter(what).Increment(static_cast<double>(times));
    }

    void connection_opened() override { connections_.Increment(); }
    void connection_closed(Millis lasted) override {
        connections_.Decrement();
        connection_times_.Observe(seconds(lasted));
    }

    void http_request(std::string_view endpoint, std::string_view method, Millis took) override {
        requests_
            .Add({{"endpoint", std::string(endpoint)}, {"method", known_method(method)}}, request_buckets)
            .Observe(seconds(took));
    }

    void llm_asked(std::string_view provider) override {
        llm_requests_.Add({{"provider", std::string(provider)}}).Increment();
    }
    void llm_answered(std::string_view provider, Millis took, std::uint64_t tokens) override {
        const prometheus::Labels labels{{"provider", std::string(provider)}};
        llm_times_.Add(labels, answer_buckets).Observe(seconds(took));
        tokens_.Add(labels).Increment(static_cast<double>(tokens));
    }
    void llm_failed(std::string_view provider) override {
        llm_errors_.Add({{"provider", std::string(provider)}}).Increment();
    }

    void store_operation(std::string_view operation, Millis took) override {
        store_times_.Add({{"operation", std::string(operation)}}, request_buckets).Observe(seconds(took));
    }

    void set_active_sessions(std::uint64_t sessions) override {
        active_sessions_.Set(static_cast<double>(sessions));
    }

    std::string text() override {
        std::vector<prometheus::MetricFamily> all = registry_.Collect();
        std::ranges::move(process_.Collect(), std::back_inserter(all));
        return prometheus::TextSerializer().Serialize(all);
    }

private:
    Counter& count(const char* name, const char* help, const prometheus::Labels& labels = {}) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
    }
    Family<Counter>& counts(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    }
    Gauge& gauge(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add({});
    }
    Family<Histogram>& times(const char* name, const char* help) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
    }

    Counter& counter(Count what) {
        switch (what) {
            case Count::message_received:
                return received_;
            case Count::message_sent:
                return sent_;
            case Count::message_error:
                return errors_;
            case Count::session_created:
                return created_;
            case Count::session_ended:
                return ended_;
            case Count::admin_takeover:
                return takeovers_;
            case Count::admin_message_dropped:
                return dropped_;
            case Count::connection_limited:
                return limited_connections_;
            case Count::message_limited:
                break;
        }
        return limited_messages_;
    }

    prometheus::Registry registry_;
    ProcessMetrics process_;
    Gauge& connections_ = gauge("chatbox_websocket_connections_total", "Open WebSockets");
    Gauge& active_sessions_ = gauge("chatbox_active_sessions_total", "Sessions that have not ended");
    Counter& received_ = count("chatbox_messages_received_total", "Frames that passed validation");
    Counter& sent_ = count("chatbox_messages_sent_total", "Data frames written");
    Counter& errors_ = count("chatbox_message_errors_total", "Frames that were refused");
    Counter& created_ = count("chatbox_sessions_created_total", "Sessions created");
    Counter& ended_ = count("chatbox_sessions_ended_total", "Sessions ended");
    Counter& takeovers_ = count("chatbox_admin_takeovers_total", "Sessions taken over by an admin");
    Counter& dropped_ = count("chatbox_admin_messages_dropped_total", "Frames that did not reach an admin");
    Counter& limited_connections_ =
        count("chatbox_ratelimit_blocked_total", "Refused by a limit", {{"limiter", "connection"}});
    Counter& limited_messages_ =
        count("chatbox_ratelimit_blocked_total", "Refused by a limit", {{"limiter", "message"}});
    Family<Counter>& llm_requests_ = counts("chatbox_llm_requests_total", "Attempts to get an answer");
    Family<Counter>& llm_errors_ = counts("chatbox_llm_errors_total", "Attempts that failed");
    Family<Counter>& tokens_ = counts("chatbox_tokens_used_total", "Tokens of complete answers");
    Family<Histogram>& llm_times_ = times("chatbox_llm_latency_seconds", "How long answers took");
    Family<Histogram>& store_times_ =
        times("chatbox_mongodb_operation_seconds", "How long the database took, whatever it is");
    Histogram& connection_times_ =
        times("chatbox_websocket_connection_duration_seconds", "How long WebSockets were open")
            .Add({}, connection_buckets);
    Family<Histogram>& requests_ = times("chatbox_http_request_duration_seconds", "How long requests took");
};

}  // namespace

std::unique_ptr<base::Metrics> make_prometheus_metrics() {
    return std::make_unique<PrometheusMetrics>();
}

}  // namespace chatbox::ops
