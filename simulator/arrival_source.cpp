#include "simulator/arrival_source.h"

#include <algorithm>
#include <cmath>

#include "simulator/portable_math.h"
#include "simulator/random_stream.h"

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

/// Gaps and lengths come from streams of their own: another rate or burstiness leaves the lengths
/// as they are, and another rate only stretches the same gaps (common random numbers).
class GeneratedArrivals final : public ArrivalSource {
 public:
  GeneratedArrivals(const Workload& workload, std::uint64_t seed)
      : workload_(workload),
        gaps_(seed, 0),
        prompts_(seed, 1),
        outputs_(seed, 2) {}

  std::optional<RequestSpec> next() override {
    if (drawn_ == workload_.arrivals.requests) {
      return std::nullopt;
    }
    ++drawn_;
    unit_time_ += unit_gap();
    return RequestSpec{.arrival_s = arrival_s(),
                       .prompt_tokens = sample_tokens(workload_.prompt_tokens, prompts_),
                       .output_tokens = sample_tokens(workload_.output_tokens, outputs_)};
  }

 private:
  /// Gap to the next request at one request a second.
  double unit_gap() {
    const double shape = workload_.arrivals.burstiness;
    switch (workload_.arrivals.kind) {
      case ArrivalProcess::Kind::kPoisson:
        return gaps_.exponential();
      case ArrivalProcess::Kind::kGamma:
        return gaps_.gamma(shape) / shape;
      case ArrivalProcess::Kind::kUniform:
        return 1;
      case ArrivalProcess::Kind::kAllAtOnce:
        return 0;
    }
    return 0;
  }

  double arrival_s() const {
    return unit_time_ == 0 ? 0 : unit_time_ / workload_.arrivals.rate_per_s;
  }

  Workload workload_;
  RandomStream gaps_;
  RandomStream prompts_;
  RandomStream outputs_;
  std::int64_t drawn_ = 0;
  double unit_time_ = 0;
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

std::vector<RequestSpec> draw_requests(ArrivalSource& source) {
  std::vector<RequestSpec> requests;
  while (const auto request = source.next()) {
    requests.push_back(*request);
  }
  return requests;
}

}  // namespace hexgen
