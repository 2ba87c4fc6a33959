#include "profiles/arrival_source.h"

#include <algorithm>
#include <cmath>

#include "profiles/portable_math.h"
#include "profiles/random_stream.h"

namespace hexgen {
namespace {

double draw_tokens(const TokenDistribution& tokens, RandomStream& random) {
  switch (tokens.kind) {
    case TokenDistribution::Kind::kFixed:
      return tokens.value;
    case TokenDistribution::Kind::kUniform: {
      const auto span =
          static_cast<std::uint64_t>(tokens.max) - static_cast<std::uint64_t>(tokens.min);
      return tokens.min + static_cast<double>(random.below(span + 1));
    }
    case TokenDistribution::Kind::kLognormal: {
      // Median e^mu and mean e^(mu + sigma^2 / 2).
      const double mu = portable_log(tokens.p50);
      const double sigma = std::sqrt(2 * (portable_log(tokens.mean) - mu));
      return portable_exp(mu + sigma * random.normal());
    }
    case TokenDistribution::Kind::kExponential:
      return tokens.mean * random.exponential();
    case TokenDistribution::Kind::kEmpirical:
      return tokens.values[random.below(tokens.values.size())];
  }
  return tokens.value;
}

int sample_tokens(const TokenDistribution& tokens, RandomStream& random) {
  const double drawn = std::floor(draw_tokens(tokens, random) + 0.5);
  return static_cast<int>(
      std::clamp(drawn, static_cast<double>(tokens.min), static_cast<double>(tokens.max)));
}

/// Arrival times of a process. Another rate only stretches the same gaps (common random numbers).
class ArrivalTimes {
 public:
  ArrivalTimes(const ArrivalProcess& process, std::uint64_t seed)
      : process_(process),
        random_(seed, 0) {}

  double next() {
    unit_time_ += unit_gap();
    return unit_time_ == 0 ? 0 : unit_time_ / process_.rate_per_s;
  }

 private:
  /// Gap to the next request at one request a second.
  double unit_gap() {
    switch (process_.kind) {
      case ArrivalProcess::Kind::kPoisson:
        return random_.exponential();
      case ArrivalProcess::Kind::kGamma:
        return random_.gamma(process_.burstiness) / process_.burstiness;
      case ArrivalProcess::Kind::kUniform:
        return 1;
      case ArrivalProcess::Kind::kAllAtOnce:
        break;
    }
    return 0;
  }

  ArrivalProcess process_;
  RandomStream random_;
  double unit_time_ = 0;
};

/// Times and lengths come from streams of their own: another rate or burstiness leaves the lengths
/// as they are.
class GeneratedArrivals final : public ArrivalSource {
 public:
  GeneratedArrivals(const Workload& workload, std::uint64_t seed)
      : workload_(workload),
        times_(workload.arrivals, seed),
        prompts_(seed, 1),
        outputs_(seed, 2) {}

  std::optional<RequestSpec> next() override {
    if (drawn_ == workload_.arrivals.requests) {
      return std::nullopt;
    }
    ++drawn_;
    return RequestSpec{.arrival_s = times_.next(),
                       .prompt_tokens = sample_tokens(workload_.prompt_tokens, prompts_),
                       .output_tokens = sample_tokens(workload_.output_tokens, outputs_)};
  }

 private:
  Workload workload_;
  ArrivalTimes times_;
  RandomStream prompts_;
  RandomStream outputs_;
  std::int64_t drawn_ = 0;
};

class RetimedArrivals final : public ArrivalSource {
 public:
  RetimedArrivals(std::unique_ptr<ArrivalSource> source,
                  const ArrivalProcess& process,
                  std::uint64_t seed)
      : source_(std::move(source)),
        times_(process, seed) {}

  std::optional<RequestSpec> next() override {
    auto request = source_->next();
    if (request) {
      request->arrival_s = times_.next();
    }
    return request;
  }

 private:
  std::unique_ptr<ArrivalSource> source_;
  ArrivalTimes times_;
};

class FirstArrivals final : public ArrivalSource {
 public:
  FirstArrivals(std::unique_ptr<ArrivalSource> source, std::int64_t count)
      : source_(std::move(source)),
        left_(count) {}

  std::optional<RequestSpec> next() override {
    return left_-- > 0 ? source_->next() : std::nullopt;
  }

 private:
  std::unique_ptr<ArrivalSource> source_;
  std::int64_t left_;
};

class TraceArrivals final : public ArrivalSource {
 public:
  explicit TraceArrivals(std::unique_ptr<TraceReader> trace)
      : trace_(std::move(trace)) {}

  std::optional<RequestSpec> next() override { return trace_->next(); }

 private:
  std::unique_ptr<TraceReader> trace_;
};

class ReplayedArrivals final : public ArrivalSource {
 public:
  explicit ReplayedArrivals(std::vector<RequestSpec> requests)
      : requests_(std::move(requests)) {}

  std::optional<RequestSpec> next() override {
    return position_ == requests_.size() ? std::nullopt : std::optional(requests_[position_++]);
  }

 private:
  std::vector<RequestSpec> requests_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<ArrivalSource> generate_arrivals(const Workload& workload, std::uint64_t seed) {
  return std::make_unique<GeneratedArrivals>(workload, seed);
}

std::unique_ptr<ArrivalSource> replay_arrivals(std::vector<RequestSpec> requests) {
  return std::make_unique<ReplayedArrivals>(std::move(requests));
}

std::unique_ptr<ArrivalSource> trace_arrivals(std::unique_ptr<TraceReader> trace) {
  return std::make_unique<TraceArrivals>(std::move(trace));
}

std::unique_ptr<ArrivalSource> with_arrival_times(std::unique_ptr<ArrivalSource> source,
                                                  const ArrivalProcess& process,
                                                  std::uint64_t seed) {
  return std::make_unique<RetimedArrivals>(std::move(source), process, seed);
}

std::unique_ptr<ArrivalSource> first_arrivals(std::unique_ptr<ArrivalSource> source,
                                              std::int64_t count) {
  return std::make_unique<FirstArrivals>(std::move(source), count);
}

std::vector<RequestSpec> draw_requests(ArrivalSource& source) {
  std::vector<RequestSpec> requests;
  while (const auto request = source.next()) {
    requests.push_back(*request);
  }
  return requests;
}

}  // namespace hexgen
