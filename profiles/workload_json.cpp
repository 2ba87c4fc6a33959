#include "profiles/workload_json.h"

#include "profiles/catalogue.h"
#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/names.h"
#include "profiles/units.h"

namespace hexgen {

namespace {

constexpr int kMostTokens = 10'000'000;
constexpr std::int64_t kMostRequests = 1'000'000'000;
constexpr double kHighestRate = 1e6;
constexpr int kLargestDegree = 1024;

ArrivalProcess read_arrivals(const JsonReader& object) {
  using Kind = ArrivalProcess::Kind;
  ArrivalProcess arrivals;
  // In the order of Kind.
  arrivals.kind = static_cast<Kind>(
      object.at("process").one_of({"poisson", "gamma", "uniform", "all-at-once"}));
  std::vector<std::string> keys = {"process", "requests"};
  if (arrivals.kind != Kind::kAllAtOnce) {
    keys.emplace_back("rate_per_s");
    arrivals.rate_per_s = object.at("rate_per_s").positive_number(kHighestRate);
  }
  if (arrivals.kind == Kind::kGamma) {
    keys.emplace_back("burstiness");
    arrivals.burstiness = object.at("burstiness").positive_number(1e6);
  }
  arrivals.requests = object.at("requests").integer(1, kMostRequests);
  object.allow_only_noted(keys);
  return arrivals;
}

void read_bounds(const JsonReader& object, TokenDistribution& tokens) {
  if (const auto min = object.find("min")) {
    tokens.min = min->small_integer(1, kMostTokens);
  }
  if (const auto max = object.find("max")) {
    tokens.max = max->small_integer(tokens.min, kMostTokens);
  }
}

void read_values(const JsonReader& values, TokenDistribution& tokens) {
  for (const JsonReader& count : values.items()) {
    tokens.values.push_back(count.small_integer(1, kMostTokens));
  }
  if (tokens.values.empty()) {
    values.fail("is empty, expected token counts");
  }
}

void read_lognormal(const JsonReader& object, TokenDistribution& tokens) {
  tokens.mean = object.at("mean").positive_number(kMostTokens);
  tokens.p50 = object.at("p50").positive_number(kMostTokens);
  if (tokens.mean < tokens.p50) {
    object.at("mean").fail(object.at("mean").shown() + " is less than p50 " +
                           object.at("p50").shown());
  }
}

TokenDistribution read_tokens(const JsonReader& object) {
  using Kind = TokenDistribution::Kind;
  // What each distribution must have, in the order of Kind.
  static const std::vector<std::vector<std::string>> kKeys = {
      {"value"}, {"min", "max"}, {"mean", "p50", "max"}, {"mean", "max"}, {"values"}};
  TokenDistribution tokens;
  tokens.kind =
      static_cast<Kind>(object.at("distribution")
                            .one_of({"fixed", "uniform", "lognormal", "exponential", "empirical"}));
  std::vector<std::string> keys = kKeys[static_cast<std::size_t>(tokens.kind)];
  for (const std::string& key : keys) {
    object.at(key);
  }
  keys.insert(keys.end(), {"distribution", "min", "max"});
  object.allow_only_noted(keys);
  read_bounds(object, tokens);
  if (tokens.kind == Kind::kFixed) {
    tokens.value = object.at("value").small_integer(1, kMostTokens);
  } else if (tokens.kind == Kind::kLognormal) {
    read_lognormal(object, tokens);
  } else if (tokens.kind == Kind::kExponential) {
    tokens.mean = object.at("mean").positive_number(kMostTokens);
  } else if (tokens.kind == Kind::kEmpirical) {
    read_values(object.at("values"), tokens);
  }
  return tokens;
}

ReferenceDeployment read_reference(const JsonReader& object) {
  object.allow_only_noted({"gpu_type", "tp_degree", "num_stages"});
  const Catalogue catalogue = Catalogue::builtin();
  const JsonReader gpu_type = object.at("gpu_type");
  const CatalogueGpu* gpu = catalogue.find_gpu(gpu_type.string());
  if (gpu == nullptr) {
    gpu_type.fail(gpu_type.shown() + " is no known GPU type, " +
                  advice(gpu_type.string(), catalogue.gpu_names()));
  }
  return {.gpu_type = gpu->type.name,
          .tp_degree = object.at("tp_degree").small_integer(1, kLargestDegree),
          .num_stages = object.at("num_stages").small_integer(1, kLargestDegree)};
}

std::optional<double> read_limit_s(const JsonReader& object, const std::string& key) {
  const auto limit = object.find(key);
  return limit ? std::optional(limit->positive_number(1e12) * kMilli) : std::nullopt;
}

Slo read_slo(const JsonReader& object) {
  object.allow_only_noted({"ttft_ms", "tpot_ms", "e2e_ms", "scale", "reference"});
  Slo slo;
  slo.ttft_s = read_limit_s(object, "ttft_ms");
  slo.tpot_s = read_limit_s(object, "tpot_ms");
  slo.e2e_s = read_limit_s(object, "e2e_ms");
  if (const auto scale = object.find("scale")) {
    slo.scale = scale->positive_number(1e9);
  }
  if (const auto reference = object.find("reference")) {
    slo.reference = read_reference(*reference);
  }
  if (!slo.ttft_s && !slo.tpot_s && !slo.e2e_s && !slo.scale) {
    object.fail("has no limit, expected ttft_ms, tpot_ms, e2e_ms or scale");
  }
  return slo;
}

}  // namespace

Workload workload_from_json(const JsonReader& root, const std::string& default_name) {
  root.expect_format("hexgen.workload/1");
  root.allow_only_noted({"format", "name", "arrivals", "prompt_tokens", "output_tokens", "slo"});
  const auto name = root.find("name");
  Workload workload;
  workload.name = name ? name->string() : default_name;
  workload.arrivals = read_arrivals(root.at("arrivals"));
  workload.prompt_tokens = read_tokens(root.at("prompt_tokens"));
  workload.output_tokens = read_tokens(root.at("output_tokens"));
  if (const auto slo = root.find("slo")) {
    workload.slo = read_slo(*slo);
  }
  return workload;
}

Workload parse_workload(const InputFile& file) {
  const JsonDocument document = JsonDocument::parse(file.text, file.label);
  return workload_from_json(document.root(), file.name);
}

Workload read_workload(const std::string& path_or_name) {
  return parse_workload(load_workload_file(path_or_name));
}

}  // namespace hexgen
