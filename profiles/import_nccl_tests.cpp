#include "profiles/import_nccl_tests.h"

#include <algorithm>

#include "profiles/cluster.h"
#include "profiles/text_lines.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

std::string perf_name(NcclCollective collective) {
  return collective == NcclCollective::kAllReduce ? "all_reduce_perf" : "sendrecv_perf";
}

bool is(const std::string& word, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

/// Where the values of one row stand. Versions differ in their columns.
struct Columns {
  std::size_t count = 0;  // 0: the header is still to come
  std::size_t time = 0;
  std::size_t wrong = 0;  // 0: not checked
  std::size_t redop = 0;  // 0: old versions do not have it
};

class Reader {
 public:
  Reader(const std::string& path, NcclCollective collective)
      : lines_(TextLines::read(path)),
        collective_(collective) {}

  NcclTest read() {
    for (line_ = 0; line_ < lines_.size(); ++line_) {
      read_line(words_of(lines_[line_]));
    }
    if (test_.messages.empty()) {
      lines_.fail("has no row of timings, expected the output of " + perf_name(collective_));
    }
    if (test_.ranks.size() < 2) {
      lines_.fail(test_.ranks.empty()
                      ? "has no lines '# Rank 0 ...', so the number of GPUs is not known"
                      : "is of a single GPU, expected two or more");
    }
    return std::move(test_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { lines_.fail(line_, problem); }

  void read_line(std::vector<std::string> words) {
    if (!words.empty() && words[0] == "#") {  // lost where people paste
      words.erase(words.begin());
    }
    if (words.empty()) {
      return;
    }
    if (words[0] == "Rank") {
      read_rank(words);
    } else if (words[0] == "size") {
      read_header(words);
    } else if (words[0].find_first_not_of("0123456789") == std::string::npos) {
      read_row(words);
    } else if (words[0] == "Collective" && words.size() > 3 && words[2] == "starting:") {
      check_collective(words[3]);
    } else if (words[0] == "Out" && words.size() > 2 && words[2] == "bounds") {
      test_.complete = true;
      if (words.back() == "FAILED") {
        fail("the test found wrong results");
      }
    }
  }

  void check_collective(const std::string& name) const {
    if (name != perf_name(collective_)) {
      fail(quoted(name) + " is another collective, expected " + perf_name(collective_));
    }
  }

  /// Rank 0 Group 0 Pid 622 on host device 0 [0x07] NVIDIA A100 80GB PCIe
  void read_rank(const std::vector<std::string>& words) {
    const auto on = std::find(words.begin(), words.end(), "on");
    if (std::distance(on, words.end()) < 6) {
      fail("expected Rank # Group # Pid # on HOST device # [BUS] GPU");
    }
    NcclRank rank = {.host = on[1], .gpu = on[5]};
    for (auto word = on + 6; word != words.end(); ++word) {
      rank.gpu += " " + *word;
    }
    if (count_in(words[1]) != static_cast<int>(test_.ranks.size())) {
      fail("Rank " + words[1] + ", expected " + std::to_string(test_.ranks.size()) +
           "; is this one run?");
    }
    test_.ranks.push_back(std::move(rank));
  }

  /// Both halves have the same columns: first out of place, then in place.
  void read_header(const std::vector<std::string>& words) {
    const bool in_place = collective_ == NcclCollective::kAllReduce;
    columns_ = {.count = words.size()};
    int times = 0;
    for (std::size_t column = 0; column < words.size(); ++column) {
      times += is(words[column], {"time", "cputime"}) ? 1 : 0;
      columns_.redop = words[column] == "redop" ? column : columns_.redop;
      if (times != (in_place ? 2 : 1)) {
        continue;
      }
      if (is(words[column], {"time", "cputime"})) {
        columns_.time = column;
      } else if (is(words[column], {"#wrong", "error"})) {
        columns_.wrong = column;
      }
    }
    if (columns_.time == 0) {
      fail("the header has no column 'time' for each half");
    }
  }

  void read_row(const std::vector<std::string>& words) {
    const bool stamped = words.size() > columns_.count;  // -S 1 adds the time of day
    if (columns_.count == 0) {
      fail("a row stands before the header 'size count type ...'");
    }
    if (words.size() < columns_.count || words.size() > columns_.count + (stamped ? 2 : 0)) {
      fail(std::to_string(words.size()) + " columns, the header has " +
           std::to_string(columns_.count));
    }
    if (columns_.redop != 0 && words[columns_.redop] == "none") {
      fail("redop none: is of a collective that does not reduce, expected " +
           perf_name(collective_));
    }
    const double bytes = number_in(words[0]).value_or(0);
    const auto time_us = number_in(words[columns_.time]);
    if (!time_us || *time_us <= 0) {
      fail("time: " + quoted(words[columns_.time]) + " is not above 0");
    }
    check_results(words);
    if (bytes > 0) {  // sizes that round to nothing cost the launch alone
      test_.messages.push_back({bytes, *time_us * kMicro});
    }
  }

  /// A count of wrong elements, or in old versions the largest error.
  void check_results(const std::vector<std::string>& words) const {
    constexpr double kRounding = 0.01;
    const std::string& wrong = columns_.wrong == 0 ? "N/A" : words[columns_.wrong];
    if (wrong != "N/A" && number_in(wrong).value_or(1) > kRounding) {
      fail("#wrong: " + quoted(wrong) + ", the results were not right");
    }
  }

  TextLines lines_;
  NcclCollective collective_;
  std::size_t line_ = 0;
  Columns columns_;
  NcclTest test_;
};

}  // namespace

std::vector<std::string> NcclTest::hosts() const {
  std::vector<std::string> hosts;
  for (const NcclRank& rank : ranks) {
    if (std::find(hosts.begin(), hosts.end(), rank.host) == hosts.end()) {
      hosts.push_back(rank.host);
    }
  }
  return hosts;
}

NcclTest import_nccl_tests(const std::string& path, NcclCollective collective) {
  return Reader(path, collective).read();
}

LinearFit fit_nccl_test(const NcclTest& test, NcclCollective collective) {
  const auto ranks = static_cast<int>(test.ranks.size());
  const bool all_reduce = collective == NcclCollective::kAllReduce;
  const double latencies = all_reduce ? all_reduce_latency_steps(ranks) : 1;
  const double share = all_reduce ? 2.0 * (ranks - 1) / ranks : 1;
  std::vector<LinearSample> samples;
  for (const NcclMessage& message : test.messages) {
    samples.push_back({latencies, share * message.bytes, message.time_s});
  }
  return fit_line(samples, perf_name(collective));
}

}  // namespace hexgen
