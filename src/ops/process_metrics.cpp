#include "process_metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace chatbox::ops {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::string contents(const char* file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc()) return std::nullopt;
    return value;
}

// The fields of /proc/self/stat from the third on (proc(5)); the name before them may hold anything.
std::vector<double> stat_fields() {
    const std::string text = contents("/proc/self/stat");
    std::vector<double> fields;
    std::size_t at = text.rfind(')');
    while (at != std::string::npos && at + 1 < text.size()) {
        at = text.find_first_not_of(" )", at);
        if (at == std::string::npos) break;
        const std::size_t end = text.find(' ', at);
        fields.push_back(number(std::string_view(text).substr(at, end - at)).value_or(0));
        at = end;
    }
    return fields;
}

// Seconds since 1970 at which the machine started.
double boot_time() {
    const std::string text = contents("/proc/stat");
    constexpr std::string_view key = "\nbtime ";
    const std::size_t at = text.find(key);
    return at == std::string::npos ? 0 : number(std::string_view(text).substr(at + key.size())).value_or(0);
}

double open_descriptors() {
    std::error_code ec;
    const std::filesystem::directory_iterator all("/proc/self/fd", ec);
    // Reading the folder takes one itself.
    return ec ? 0 : static_cast<double>(std::distance(begin(all), std::filesystem::directory_iterator())) - 1;
}

MetricFamily family(const char* name, const char* help, MetricType type, double value) {
    prometheus::ClientMetric metric;
    if (type == MetricType::Counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
    return {name, help, type, {metric}};
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics::Collect() const {
    const std::vector<double> stat = stat_fields();
    // Numbered as in proc(5), where the first that we have is field 3.
    const auto field = [&](std::size_t n) { return n - 3 < stat.size() ? stat[n - 3] : 0.0; };
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    return {family("process_cpu_seconds_total", "User and system CPU time spent, in seconds",
                   MetricType::Counter, (field(14) + field(15)) / ticks),
            family("process_start_time_seconds", "Start of the process, in seconds since 1970",
                   MetricType::Gauge, boot_time() + field(22) / ticks),
            family("process_virtual_memory_bytes", "Virtual memory, in bytes", MetricType::Gauge, field(23)),
            family("process_resident_memory_bytes", "Resident memory, in bytes", MetricType::Gauge,
                   field(24) * page),
            family("process_threads", "Threads", MetricType::Gauge, field(20)),
            family("process_open_fds", "Open file descriptors", MetricType::Gauge, open_descriptors()),
            family("process_max_fds", "File descriptors that may be open", MetricType::Gauge,
                   static_cast<double>(descriptors.rlim_cur))};
}

}  // namespace chatbox::ops
