#include "planner/machine_mix.h"

#include <algorithm>

namespace hexgen {
namespace {

/// The variables of the program: counts of configurations, work, scale.
class MixProgram {
 public:
  explicit MixProgram(const MixProblem& problem)
      : problem_(problem) {
    const std::size_t configurations = problem.configurations.size();
    num_variables_ = configurations;
    for (const MachineConfiguration& configuration : problem.configurations) {
      std::vector<std::size_t> of_type(problem.requests.size(), kNone);
      const bool divides = std::count_if(configuration.rate_per_s.begin(),
                                         configuration.rate_per_s.end(),
                                         [](double rate_per_s) { return rate_per_s > 0; }) > 1;
      for (std::size_t w = 0; divides && w < of_type.size(); ++w) {
        of_type[w] = configuration.rate_per_s[w] > 0 ? num_variables_++ : kNone;
      }
      work_.push_back(std::move(of_type));
    }
    scale_ = num_variables_++;
  }

  IntegerProgram program() const {
    IntegerProgram program;
    program.relaxation.objective = row();
    program.relaxation.objective[scale_] = 1;
    add_work(program.relaxation);
    add_budget(program.relaxation);
    add_whole_numbers(program);
    return program;
  }

  /// False when all that is left of the scale are rounding errors.
  bool serves(const IntegerSolution& solution) const {
    double fastest_per_s = 0;
    for (std::size_t c = 0; c < work_.size(); ++c) {
      for (std::size_t w = 0; w < work_[c].size(); ++w) {
        fastest_per_s = std::max(fastest_per_s, scale_of(c, w));
      }
    }
    return solution.value > 1e-9 * fastest_per_s;
  }

  MachineMix mix(const IntegerSolution& solution) const {
    const std::size_t offers = problem_.available.size();
    MachineMix mix = {.machines = {solution.whole.begin(),
                                   solution.whole.begin() + static_cast<std::ptrdiff_t>(offers)},
                      .counts = {solution.whole.begin() + static_cast<std::ptrdiff_t>(offers),
                                 solution.whole.end()},
                      .share = {},
                      .scale_per_s = solution.value};
    std::vector<double> of_type(problem_.requests.size(), 0.0);
    for (std::size_t c = 0; c < mix.counts.size(); ++c) {
      mix.share.emplace_back(of_type.size(), 0.0);
      for (std::size_t w = 0; mix.counts[c] > 0 && w < of_type.size(); ++w) {
        mix.share[c][w] = work(c, w, solution);
        of_type[w] += mix.share[c][w];
      }
    }
    for (std::vector<double>& share : mix.share) {
      for (std::size_t w = 0; w < of_type.size(); ++w) {
        share[w] /= of_type[w];
      }
    }
    return mix;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::vector<double> row() const { return std::vector<double>(num_variables_, 0.0); }

  /// How often a second configuration c serves the requests of type w when it does nothing else.
  double scale_of(std::size_t c, std::size_t w) const {
    return problem_.configurations[c].rate_per_s[w] / problem_.requests[w];
  }

  double work(std::size_t c, std::size_t w, const IntegerSolution& solution) const {
    const std::size_t variable = work_[c][w];
    return variable == kNone ? scale_of(c, w) * solution.x[c] : solution.x[variable];
  }

  void add_work(LinearProgram& program) const {
    for (std::size_t w = 0; w < problem_.requests.size(); ++w) {
      std::vector<double> served = row();
      served[scale_] = 1;
      for (std::size_t c = 0; c < work_.size(); ++c) {
        (work_[c][w] == kNone ? served[c] : served[work_[c][w]]) =
            work_[c][w] == kNone ? -scale_of(c, w) : -1;
      }
      program.add_row(std::move(served), 0);
    }
    for (std::size_t c = 0; c < work_.size(); ++c) {
      std::vector<double> busy = row();
      busy[c] = -1;
      bool divides = false;
      for (std::size_t w = 0; w < work_[c].size(); ++w) {
        if (work_[c][w] != kNone) {
          busy[work_[c][w]] = 1 / scale_of(c, w);
          divides = true;
        }
      }
      if (divides) {
        program.add_row(std::move(busy), 0);
      }
    }
  }

  void add_budget(LinearProgram& program) const {
    std::vector<double> price = row();
    std::vector<double> pipelines = row();
    for (std::size_t c = 0; c < work_.size(); ++c) {
      const MachineConfiguration& configuration = problem_.configurations[c];
      for (std::size_t k = 0; k < configuration.machines.size(); ++k) {
        price[c] += configuration.machines[k] * problem_.price_per_hour[k];
      }
      pipelines[c] = -configuration.pipelines;
    }
    program.add_row(std::move(price), problem_.budget_per_hour);
    program.add_row(std::move(pipelines), -problem_.min_pipelines);
  }

  /// The machines of each offer, by which mixes differ, and the counts of the configurations.
  void add_whole_numbers(IntegerProgram& program) const {
    program.distinguishing = problem_.available.size();
    program.most = problem_.available;
    for (std::size_t k = 0; k < problem_.available.size(); ++k) {
      program.whole.push_back(row());
      for (std::size_t c = 0; c < work_.size(); ++c) {
        program.whole[k][c] = problem_.configurations[c].machines[k];
      }
    }
    for (std::size_t c = 0; c < work_.size(); ++c) {
      program.whole.push_back(row());
      program.whole.back()[c] = 1;
      program.most.push_back(kNoBound);  // the machines limit it
    }
  }

  const MixProblem& problem_;
  std::vector<std::vector<std::size_t>> work_;  // [configuration][type]: variable
  std::size_t num_variables_ = 0;
  std::size_t scale_ = 0;
};

}  // namespace

RankedMixes best_mixes(const MixProblem& problem, std::size_t count) {
  const MixProgram program(problem);
  const RankedSolutions ranked = best_solutions(program.program(), count);
  RankedMixes mixes = {.mixes = {}, .complete = ranked.complete};
  for (const IntegerSolution& solution : ranked.solutions) {
    if (program.serves(solution)) {
      mixes.mixes.push_back(program.mix(solution));
    }
  }
  return mixes;
}

double makespan_s(const MixProblem& problem,
                  const std::vector<int>& counts,
                  const std::vector<std::vector<double>>& share) {
  double longest_s = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    double busy_s = 0;
    for (std::size_t w = 0; w < share[c].size(); ++w) {
      if (share[c][w] > 0) {
        busy_s += share[c][w] * problem.requests[w] /
                  (counts[c] * problem.configurations[c].rate_per_s[w]);
      }
    }
    longest_s = std::max(longest_s, busy_s);
  }
  return longest_s;
}

}  // namespace hexgen
