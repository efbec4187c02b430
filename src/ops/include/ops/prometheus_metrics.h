#pragma once
// The numbers of this process, under the names that dashboards of the original know.
#include <memory>

#include "base/metrics.h"

namespace chatbox::ops {

std::unique_ptr<base::Metrics> make_prometheus_metrics();

}  // namespace chatbox::ops
