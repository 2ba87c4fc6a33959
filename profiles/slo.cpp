#include "profiles/slo.h"

#include <charconv>

#include "profiles/errors.h"
#include "profiles/names.h"
#include "profiles/units.h"

namespace hexgen {

namespace {

struct Preset {
  const char* name;
  double ttft_ms;
  double tpot_ms;
};

// Server constraints of MLPerf Inference, mlcommons/inference@b66003e1:loadgen/mlperf.conf.
constexpr Preset kMlperf[] = {
    {"deepseek-r1", 2000, 80},
    {"deepseek-r1-interactive", 1500, 15},
    {"gpt-oss-120b", 3000, 80},
    {"gpt-oss-120b-interactive", 2000, 15},
    {"llama2-70b", 2000, 200},
    {"llama2-70b-interactive", 450, 40},
    {"llama3_1-405b", 6000, 175},
    {"llama3_1-405b-interactive", 4500, 80},
    {"llama3_1-8b", 2000, 100},
    {"llama3_1-8b-interactive", 500, 30},
    {"mixtral-8x7b", 2000, 200},
};

[[noreturn]] void fail(const std::string& text, const std::string& problem) {
  throw InputError("--slo " + text + ": " + problem);
}

void apply_preset(const std::string& text, const std::string& name, Slo& slo) {
  std::vector<std::string> names;
  for (const Preset& preset : kMlperf) {
    if (name == preset.name) {
      slo.ttft_s = preset.ttft_ms * kMilli;
      slo.tpot_s = preset.tpot_ms * kMilli;
      return;
    }
    names.emplace_back(preset.name);
  }
  fail(text, "'" + name + "' is no MLPerf scenario known here, " + advice(name, names));
}

double positive_number(const std::string& text, const std::string& number) {
  double value = 0;
  const char* end = number.data() + number.size();
  const auto parsed = std::from_chars(number.data(), end, value);
  const bool sensible = parsed.ec == std::errc{} && parsed.ptr == end && value > 0 && value < 1e12;
  if (!sensible) {
    fail(text, "'" + number + "' is not a number above 0");
  }
  return value;
}

void apply(const std::string& text, Slo& slo) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    fail(text, "expected KEY:VALUE, e.g. ttft:2000");
  }
  const std::string key = text.substr(0, colon);
  const std::string value = text.substr(colon + 1);
  if (key == "mlperf") {
    apply_preset(text, value, slo);
  } else if (key == "ttft") {
    slo.ttft_s = positive_number(text, value) * kMilli;
  } else if (key == "tpot") {
    slo.tpot_s = positive_number(text, value) * kMilli;
  } else if (key == "e2el") {
    slo.e2e_s = positive_number(text, value) * kMilli;
  } else if (key == "scale") {
    slo.scale = positive_number(text, value);
  } else {
    fail(text,
         "unknown key '" + key + "', " + advice(key, {"ttft", "tpot", "e2el", "scale", "mlperf"}));
  }
}

}  // namespace

Slo parse_slo(const std::vector<std::string>& texts, const Slo& of_workload) {
  if (texts.empty()) {
    return of_workload;
  }
  Slo slo;
  slo.reference = of_workload.reference;
  for (const std::string& text : texts) {
    apply(text, slo);
  }
  return slo;
}

}  // namespace hexgen
