#pragma once
// Figures: a set of durations, the cost of a process, and how both are printed.
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/clock.h"

namespace chatbox::bench {

class Samples {
public:
    void add(Nanoseconds duration) { durations_.push_back(duration); }
    std::size_t count() const { return durations_.size(); }
    // In microseconds; `share` from 0 to 1. 0 when there is no sample.
    double percentile_us(double share);

private:
    std::vector<Nanoseconds> durations_;
    bool sorted_ = false;
};

// Processor time that all threads of a process have used so far. pid 0 means nobody, and costs nothing.
// Exact to the nanosecond where the kernel keeps schedstat, else to the clock tick.
Nanoseconds cpu_time(pid_t pid);

struct Memory {
    std::uint64_t resident = 0;      // bytes
    std::uint64_t proportional = 0;  // bytes; shared pages counted by share
};
Memory memory_of(pid_t pid);

// One measurement as one line of JSON on stdout, read by report.mjs.
class Figures {
public:
    Figures(std::string what, std::string who) : what_(std::move(what)), who_(std::move(who)) {}
    Figures& add(std::string_view name, double value);
    void print() const;

private:
    std::string what_;
    std::string who_;
    std::string body_;
};

}  // namespace chatbox::bench
