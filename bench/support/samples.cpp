#include "support/samples.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace chatbox::bench {
namespace {

std::string proc(pid_t pid) {
    return "/proc/" + std::to_string(pid);
}

Nanoseconds cpu_time_in_ticks(pid_t pid) {
    std::ifstream file(proc(pid) + "/stat");
    const std::string stat{std::istreambuf_iterator<char>(file), {}};
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(stat.substr(name_end + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    Nanoseconds user = 0;
    Nanoseconds system = 0;
    fields >> user >> system;
    return (user + system) * (kSecond / sysconf(_SC_CLK_TCK));
}

}  // namespace

double Samples::percentile_us(double share) {
    if (durations_.empty()) return 0;
    if (!std::exchange(sorted_, true)) std::sort(durations_.begin(), durations_.end());
    const auto last = static_cast<double>(durations_.size() - 1);
    return static_cast<double>(durations_[static_cast<std::size_t>(share * last + 0.5)]) / 1000.0;
}

Nanoseconds cpu_time(pid_t pid) {
    if (pid == 0) return 0;
    Nanoseconds sum = 0;
    std::error_code ignored;
    for (const auto& task : std::filesystem::directory_iterator(proc(pid) + "/task", ignored)) {
        std::ifstream file(task.path() / "schedstat");
        Nanoseconds used = 0;
        if (file >> used) sum += used;
    }
    return sum != 0 ? sum : cpu_time_in_ticks(pid);
}

Memory memory_of(pid_t pid) {
    Memory memory;
    std::ifstream file(proc(pid) + "/smaps_rollup");
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string name;
        std::uint64_t kilobytes = 0;
        fields >> name >> kilobytes;
        if (name == "Rss:") memory.resident = kilobytes * 1024;
        if (name == "Pss:") memory.proportional = kilobytes * 1024;
    }
    return memory;
}

Figures& Figures::add(std::string_view name, double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.6g", value);
    if (!body_.empty()) body_ += ',';
    body_.append("\"").append(name).append("\":").append(text);
    return *this;
}

void Figures::print() const {
    std::printf("{\"what\":\"%s\",\"who\":\"%s\",\"figures\":{%s}}\n", what_.c_str(), who_.c_str(),
                body_.c_str());
    std::fflush(stdout);
}

}  // namespace chatbox::bench
