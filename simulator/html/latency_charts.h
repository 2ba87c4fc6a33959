#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulator/html/svg_chart.h"
#include "simulator/latency_curves.h"

namespace hexgen::html {

/// Distributions of one latency to lay over each other.
using NamedQuantiles = std::vector<std::pair<std::string, const Quantiles*>>;

/// Cumulative distributions of times in seconds. A single one gets marks at p50, p90 and p99;
/// `limit_s` is drawn as a limit. Nothing when there are no samples.
std::string cumulative_chart(const std::string& title,
                             const NamedQuantiles& samples,
                             const std::optional<double>& limit_s);

/// Share of the requests within the SLO, were all its limits multiplied by a factor. Nothing
/// without limits.
std::string attainment_chart(const NamedQuantiles& limit_factors, const Slo& slo);

}  // namespace hexgen::html
