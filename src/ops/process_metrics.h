#pragma once
// What the kernel knows of this process, as Prometheus clients of every language show it (process_*).
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace chatbox::ops {

class ProcessMetrics final : public prometheus::Collectable {
public:
    std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace chatbox::ops
