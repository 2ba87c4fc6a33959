#include "planner/search_log.h"

#include <nlohmann/json.hpp>

namespace hexgen {

std::string search_log_line(const GenerationReport& report, bool with_time) {
  nlohmann::ordered_json line = {{"generation", report.generation},
                                 {"best", report.best.score},
                                 {"tie_break", report.best.tie_break},
                                 {"mean", report.mean_score},
                                 {"evaluations", report.evaluations},
                                 {"feasible_share", report.feasible_share}};
  if (with_time) {
    line["elapsed_s"] = report.elapsed_s;
  }
  return line.dump() + "\n";
}

}  // namespace hexgen
