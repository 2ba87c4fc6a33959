#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "simulator/report.h"

namespace hexgen {

/// `hexgen.report/1`: the keys of `vllm bench serve --save-result` and our own.
nlohmann::ordered_json report_to_json(const RunReport& report);

/// The figures of a run, without the setup.
nlohmann::ordered_json metrics_to_json(const Metrics& metrics);

/// Fields that begin every result file: format, tool, commit, seed, inputs, options.
nlohmann::ordered_json setup_to_json(const std::string& format, const RunSetup& setup);

/// One JSON object a line for every request, in order of arrival, warm-up included.
void write_requests(std::ostream& out, const ServingSystem& system, const SimulationResult& result);

/// With indentation and a line end, as files have it; arrays of plain values stand on one line.
std::string to_text(const nlohmann::ordered_json& document);

}  // namespace hexgen
