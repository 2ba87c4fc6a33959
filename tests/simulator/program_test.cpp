#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "profiles/file.h"
#include "tests/support/shell.h"
#include "tests/support/temporary_folder.h"

// hexgen-sim as a user runs it: exit codes, one-line errors, results in files.
namespace {

namespace fs = std::filesystem;
using hexgen::test::Finished;
using hexgen::test::run_shell;
using hexgen::test::TemporaryFolder;

const std::string kPlan = "tests/data/plan/two_pipelines.json";
const std::string kRun = "run --plan " + kPlan + " ";
const std::string kSweep = "sweep --plan " + kPlan + " ";

Finished run_program(const std::string& arguments) {
  return run_shell(std::string(HEXGEN_SIM) + " " + arguments);
}

std::string write(const TemporaryFolder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder / name) << text;
  return folder / name;
}

void check_refused(const std::string& arguments, const std::string& expected) {
  CAPTURE(arguments);
  const Finished finished = run_program(arguments);
  CAPTURE(finished.output);
  CHECK(finished.exit_code == 2);
  CHECK(finished.output.find("hexgen-sim: error: ") == 0);
  CHECK(finished.output.find('\n') == finished.output.size() - 1);
  CHECK(finished.output.find(expected) != std::string::npos);
}

}  // namespace

TEST_CASE("wrong usage is refused in one line with exit code 2") {
  check_refused("", "subcommand is required");
  check_refused("fly", "subcommand is required");
  check_refused("run", "--plan is required");
  check_refused(kRun, "expected either --workload or --trace");
  check_refused(kRun + "--workload hexgen-32 --trace azure:x", "--trace");
  check_refused(kRun + "--workload hexgen-23", "did you mean 'hexgen-32'?");
  check_refused(kRun + "--workload hexgen-32 --rate 0", "--rate: 0.000000 is not a finite number");
  check_refused(kRun + "--workload hexgen-32 --rate -1", "--rate: -1.000000");
  check_refused(kRun + "--workload hexgen-32 --rate inf", "give --arrivals all-at-once");
  check_refused(kRun + "--workload hexgen-32 --rate fast", "--rate");
  check_refused(kRun + "--workload hexgen-32 --num-requests 0", "--num-requests");
  check_refused(kRun + "--workload hexgen-32 --seed -1", "--seed");
  check_refused(kRun + "--workload hexgen-32 --policy continous", "did you mean 'continuous'?");
  check_refused(kRun + "--workload hexgen-32 --router plans", "did you mean 'plan'?");
  check_refused(kRun + "--workload hexgen-32 --slo latency:5", "latency");
  check_refused(kRun + "--workload hexgen-32 --warmup 1", "--warmup: 1.000000 is not in [0, 1)");
  check_refused(kRun + "--workload azure-conversation --max-batched-tokens 0",
                "max_batched_tokens: 0 is less than 1");
  check_refused(kRun + "--workload azure-conversation --kv-block-tokens 0",
                "kv_block_tokens: 0 is less than 1");
  check_refused(kRun + "--workload azure-conversation --kv-watermark 1",
                "kv_watermark: 1.000000 is not in [0, 1)");
  check_refused(kRun + "--workload azure-conversation --arrivals normal", "--arrivals: 'normal'");
  check_refused(kRun + "--workload azure-conversation --arrivals gamma", "a shape above 0");
  check_refused(kRun + "--workload azure-conversation --arrivals gamma:0", "a shape above 0");
  check_refused(kRun + "--workload azure-conversation --arrivals poisson:2", "--arrivals");
  check_refused(kRun + "--workload hexgen-32", "slo.reference: 4 heads cannot be split");
  check_refused("run --plan nowhere.json --workload hexgen-32", "nowhere.json");
  check_refused("run --plan tests/data/bad/plan/truncated.json --workload hexgen-32",
                "tests/data/bad/plan/truncated.json: ");
  check_refused(kSweep + "--workload azure-conversation", "expected --rates, --slo-scales or both");
  check_refused(kSweep + "--workload azure-conversation --rates 1,x", "--rates: 'x'");
  check_refused(kSweep + "--workload azure-conversation --rates 1,,2", "--rates: ''");
  check_refused(kSweep + "--workload azure-conversation --rates 0", "--rates: '0'");
  check_refused(kSweep + "--workload azure-conversation --rates 1:2", "is not A:B:N");
  check_refused(kSweep + "--workload azure-conversation --rates 1:2:2.5", "is not A:B:N");
  check_refused(kSweep + "--workload azure-conversation --rates 1 --target 2", "--target");
  check_refused(kSweep + "--workload azure-conversation --rates 1 --arrivals all-at-once",
                "all requests arrive at once");
  check_refused("compare --workload azure-conversation", "--plans is required");
}

TEST_CASE("what-ifs that make no sense are refused by name") {
  const std::string run = kRun + "--workload azure-conversation --num-requests 20 ";
  const std::string edited = kPlan + " with --set: ";
  check_refused(run + "--fail a", "--fail a: expected NODE[:GPU]@SECONDS");
  check_refused(run + "--fail @5", "--fail @5: expected NODE[:GPU]@SECONDS");
  check_refused(run + "--fail a@", "--fail a@: '' is not a time from 0 to 1e9 s");
  check_refused(run + "--fail a@soon", "--fail a@soon: 'soon' is not a time from 0 to 1e9 s");
  check_refused(run + "--fail a@-1", "--fail a@-1: '-1' is not a time from 0 to 1e9 s");
  check_refused(run + "--fail a@nan", "--fail a@nan: 'nan' is not a time from 0 to 1e9 s");
  check_refused(run + "--fail aa@5", "'aa' is no node of cluster small, did you mean 'a'?");
  check_refused(run + "--fail a:4@5", "--fail a:4@5: '4' is no GPU of node a, expected 0 to 3");
  check_refused(run + "--fail a:x@5", "--fail a:x@5: 'x' is no GPU of node a, expected 0 to 3");
  check_refused(run + "--fail a@5 a@6", "--fail a@6: is down at that time already");
  check_refused(run + "--recover a@5", "--recover a@5: is up at that time already");
  check_refused(run + "--fail a@5 --recover a@5",
                "--recover a@5: fails and recovers at the same time");
  check_refused(run + "--restart-s -1", "--restart-s: -1.000000 is not a time from 0 to 1e9 s");
  check_refused(run + "--until 0", "--until: 0.000000 is not a time above 0 and up to 1e9 s");
  check_refused(run + "--network fast",
                "--network: 'fast' is not known, expected one of shared, exclusive");
  check_refused(run + "--set x", "--set x: expected PATH=VALUE");
  check_refused(run + "--set =1", "--set =1: expected PATH=VALUE");
  check_refused(run + "--set clutser.name=1", "'clutser' is not known, did you mean 'cluster'?");
  check_refused(run + "--set cluster=1", "--set cluster=1: expected a path below cluster");
  check_refused(run + "--set cluster.link.x=1", "'link' is not in cluster, did you mean 'links'?");
  check_refused(run + "--set cluster.name.x=1", "cluster.name is neither object nor array");
  check_refused(run + "--set cluster.nodes.c.gpus=1",
                "--set cluster.nodes.c.gpus=1: 'c' is not in cluster.nodes, did you mean 'a'?");
  check_refused(run + "--set cluster.nodes[2].gpus=1",
                "cluster.nodes has 2 elements, counted from [0]");
  check_refused(run + "--set cluster.nodes[a].gpus=1",
                "expected a position such as [0] after cluster.nodes");
  check_refused(run + "--set cluster.links[0]=1", "cluster.links is no array");
  check_refused(run + "--set cluster.nodes.a.gpu=1",
                edited + "cluster.nodes[0].gpu: unknown key, did you mean 'gpus'?");
  check_refused(run + "--set cluster.nodes.a.gpus=1",
                edited + "pipelines[0].stages[0].devices[1]: \"a:1\" is not in the cluster");
  check_refused(run + "--set cluster.nodes.a.gpu_type=A10",
                edited + "cluster.nodes[0].gpu_type: \"A10\" is no known GPU type");
  check_refused(run + "--set cluster.links.same_region.bandwidth_gb_per_s=fast",
                edited + "cluster.links.same_region.bandwidth_gb_per_s: \"fast\" is not a number");
  check_refused(run + "--set pipelines.p0.max_batch=0",
                edited + "pipelines[0].max_batch: 0 is less than 1");
  check_refused(run + "--set workload.arrivals.rate_per_s=-1",
                "azure-conversation.json with --set: arrivals.rate_per_s: -1 is not more than 0");
  check_refused(run + "--set engine.polcy=x",
                "--set: engine.polcy: unknown key, did you mean 'policy'?");
  check_refused(run + "--set engine.max_batched_tokens=many",
                "--set: engine.max_batched_tokens: \"many\" is not a number");
}

TEST_CASE("edits change the run and are recorded, and what does not fit is infeasible") {
  const std::string run = kRun + "--json --workload azure-conversation --num-requests 50 ";
  const Finished edited =
      run_program(run +
                  "--set cluster.nodes.a.price_per_hour=10 "
                  "--set cluster.nodes[1].price_per_hour=5 "
                  "--set engine.router=least-work --set workload.slo.ttft_ms=7");
  CHECK(edited.exit_code == 0);
  CHECK(edited.output.find("\"price_per_hour\": 15.0") != std::string::npos);
  CHECK(edited.output.find("\"router\": \"least-work\"") != std::string::npos);
  CHECK(edited.output.find("\"ttft_ms\": 7.0") != std::string::npos);
  CHECK(edited.output.find("cluster.nodes.a.price_per_hour=10") != std::string::npos);
  const Finished too_large = run_program(run + "--set pipelines.p1.kv_capacity_tokens=900000000");
  CHECK(too_large.exit_code == 3);
  CHECK(too_large.output.find("pipelines[1].stages[0]: device a:2") != std::string::npos);
}

TEST_CASE("a run with failures accounts for every request, and is the same on any thread count") {
  const std::string what_if =
      " --json --quiet --workload azure-conversation --num-requests 300 --warmup 0 --rate 40 "
      "--fail a:2@2 b@3 --recover b@5 --restart-s 0.5 ";
  const Finished run = run_program(kRun + what_if + "--until 7");
  CHECK(run.exit_code == 0);
  CHECK(run.output.find("\"retries\": 0,") == std::string::npos);
  const std::string sweep = kSweep + what_if + "--rates 5:40:4 --slo ttft:500 --threads ";
  const Finished one = run_program(sweep + "1");
  CHECK(one.exit_code == 0);
  CHECK(run_program(sweep + "4").output == one.output);
  const Finished compared = run_program("compare --plans " + kPlan + " " + kPlan + what_if);
  CHECK(compared.exit_code == 0);
  CHECK(compared.output.find("\"mean_ms\": 0.0") != std::string::npos);
}

TEST_CASE("broken traces are refused by file, line and column") {
  const TemporaryFolder folder;
  const std::string lengths = write(folder, "l.csv", "num_prefill_tokens,num_decode_tokens\n5,5\n");
  const std::string header = "timestamp,prompt_tokens,output_tokens\n";
  check_refused(kRun + "--trace " + lengths, lengths);
  check_refused(kRun + "--trace bursts:" + lengths, "bursts");
  check_refused(kRun + "--trace azure:nowhere.csv", "nowhere.csv");
  check_refused(kRun + "--trace vidur:" + lengths, "has no arrival times, expected --arrivals");
  check_refused(kRun + "--arrivals poisson --trace vidur:" + lengths, "needs --rate");
  const std::string negative = write(folder, "n.csv", header + "0,5,5\n1,-5,5\n");
  check_refused(kRun + "--trace csv:" + negative, negative + ":3: ");
  check_refused(kRun + "--csv-time-unit min --trace csv:" + negative, "--csv-time-unit: 'min'");
  check_refused(kRun + "--csv-prompt-tokens in --trace csv:" + negative, "in");
}

TEST_CASE("a run writes its report and its requests") {
  const TemporaryFolder folder;
  const Finished finished =
      run_program(kRun + "--workload azure-conversation --num-requests 100 --out " +
                  (folder / "report.json") + " --requests " + (folder / "requests.jsonl"));
  CHECK(finished.exit_code == 0);
  CHECK(finished.output.find("Successful requests:                     90\n") != std::string::npos);
  const std::string report = hexgen::read_file(folder / "report.json");
  for (const char* key : {"\"format\": \"hexgen.report/1\"",
                          "\"completed\": 90",
                          "\"mean_ttft_ms\": ",
                          "\"p99_tpot_ms\": ",
                          "\"median_itl_ms\": ",
                          "\"p90_e2el_ms\": ",
                          "\"request_throughput\": ",
                          "\"output_throughput\": ",
                          "\"slo_attainment\": 1.0",
                          "\"stage_utilisation\": ",
                          "\"price_per_million_output_tokens\": "}) {
    CHECK_MESSAGE(report.find(key) != std::string::npos, key);
  }
  const std::string requests = hexgen::read_file(folder / "requests.jsonl");
  CHECK(std::count(requests.begin(), requests.end(), '\n') == 100);
}

TEST_CASE("a run writes a timeline of the time asked for") {
  const TemporaryFolder folder;
  const std::string timeline = kRun + "--quiet --workload azure-conversation --num-requests 100 " +
                               "--timeline " + (folder / "t.json");
  CHECK(run_program(timeline).exit_code == 0);
  const std::string whole = hexgen::read_file(folder / "t.json");
  CHECK(whole.find("stage 0: 2x RTX-A6000, layers 0-4") != std::string::npos);
  CHECK(whole.substr(whole.size() - 4) == "\n]}\n");
  CHECK(run_program(timeline + " --timeline-from 2 --timeline-to 2.5").exit_code == 0);
  CHECK(hexgen::read_file(folder / "t.json").size() < whole.size() / 5);
}

TEST_CASE("a saturated run says so") {
  const Finished finished = run_program(
      kRun + "--workload azure-conversation --num-requests 3000 --rate 1000 --slo ttft:100");
  CHECK(finished.exit_code == 0);
  CHECK(finished.output.find("\nSATURATED: p0, p1. Waiting grows") != std::string::npos);
}

TEST_CASE("nothing is written when the run fails") {
  const TemporaryFolder folder;
  const std::string run = kRun + "--workload azure-conversation --num-requests 10 ";
  const std::string outputs = "--out " + (folder / "report.json") + " --requests " +
                              (folder / "requests.jsonl") + " --timeline " +
                              (folder / "timeline.json") + " ";
  check_refused(run + outputs + "--kv-block-tokens 0", "kv_block_tokens");
  check_refused(run + outputs + "--timeline-from 3 --timeline-to 2",
                "--timeline-from: 3.000000 is after --timeline-to 2.000000");
  check_refused(run + outputs + "--timeline-from -1", "--timeline-from: -1.000000 is not a time");
  check_refused(run + outputs + "--timeline-to nan", "--timeline-to: nan is not a time");
  check_refused(run + "--timeline-to 2", "--timeline");
  check_refused(run + outputs + "--html " + (folder / "no/page.html"),
                "no/page.html: cannot be written: No such file");
  const std::string requests = "--workload azure-conversation --num-requests 10 --out " +
                               (folder / "a") + " --html " + (folder / "no/page.html");
  check_refused(kSweep + "--rates 1 " + requests, "no/page.html: cannot be written");
  check_refused("compare --plans " + kPlan + " " + requests, "no/page.html: cannot be written");
  check_refused(run + "--out " + (folder / "a") + " --timeline " + (folder / "no/b"),
                "no/b: cannot be written: No such file");
  check_refused(run + "--out " + (folder / "a") + " --timeline " + (folder / "."), "is a folder");
  check_refused(run + "--out " + (folder / "a") + " --requests " + (folder / "./a"),
                "two outputs cannot be one file");
  check_refused(run + "--out " + (folder / "a") + " --timeline /dev/full",
                "/dev/full: cannot be written: No space left on device");
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a trace of lengths runs with arrivals of its own") {
  const TemporaryFolder folder;
  const std::string lengths =
      write(folder, "l.csv", "num_prefill_tokens,num_decode_tokens\n50,5\n60,6\n70,7\n");
  const Finished finished = run_program(kRun + "--json --warmup 0 --arrivals uniform --rate 2 " +
                                        "--trace vidur:" + lengths);
  CHECK(finished.exit_code == 0);
  CHECK(finished.output.find("\"request_rate\": 2.0") != std::string::npos);
  CHECK(finished.output.find("\"total_input_tokens\": 180") != std::string::npos);
}

TEST_CASE("the same command gives the same bytes in every file, whatever the number of threads") {
  const std::string requests =
      " --quiet --workload azure-conversation --num-requests 200 --slo ttft:200 ";
  const std::vector<std::pair<std::string, std::vector<std::string>>> commands = {
      {kRun + requests, {"out", "requests", "timeline", "html"}},
      {kSweep + "--rates 1:60:7" + requests, {"out", "html"}},
      {"compare --plans " + kPlan + " " + kPlan + requests, {"out", "html"}}};
  for (const auto& [command, outputs] : commands) {
    CAPTURE(command);
    const TemporaryFolder folder;
    std::vector<std::string> printed;
    for (const char* threads : {"1", "5"}) {
      std::string files;
      for (const std::string& output : outputs) {
        files += " --" + output + " " + (folder / output + threads);
      }
      const Finished finished = run_program(command + "--threads " + threads + files);
      REQUIRE(finished.exit_code == 0);
      printed.push_back(finished.output);
    }
    CHECK(printed[0] == printed[1]);
    for (const std::string& output : outputs) {
      CAPTURE(output);
      const std::string one = hexgen::read_file(folder / output + "1");
      CHECK(one.size() > 1000);
      CHECK(one == hexgen::read_file(folder / output + "5"));
    }
  }
}

TEST_CASE("plans are compared on identical arrivals") {
  const Finished finished = run_program("compare --json --quiet --plans " + kPlan + " " + kPlan +
                                        " --workload azure-conversation --num-requests 200");
  CHECK(finished.exit_code == 0);
  CHECK(finished.output.find("\"pairs\": 180,\n        \"mean_ms\": 0.0") != std::string::npos);
}

TEST_CASE("a trace is summed up and converted") {
  const TemporaryFolder folder;
  const std::string recorded =
      write(folder, "t.csv", "timestamp,prompt_tokens,output_tokens\n5,600,8\n5.5,70,9\n7,80,10\n");
  const std::string written = folder / "t.jsonl";
  const Finished finished =
      run_program("trace --json --rate 2 csv:" + recorded + " --out " + written);
  CHECK(finished.exit_code == 0);
  CHECK(finished.output.find("\"rate_per_s\": 2.0") != std::string::npos);
  CHECK(finished.output.find("\"requests\": 3") != std::string::npos);
  // Two gaps in 2 s are a mean rate of 1 a second: at 2 a second they are 250 ms and 750 ms.
  CHECK(hexgen::read_file(written) ==
        "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 8, \"hash_ids\": [0, 1]}\n"
        "{\"timestamp\": 250, \"input_length\": 70, \"output_length\": 9, \"hash_ids\": [2]}\n"
        "{\"timestamp\": 1000, \"input_length\": 80, \"output_length\": 10, \"hash_ids\": [3]}\n");
  check_refused("trace azure:nowhere.csv", "nowhere.csv");
  check_refused("trace csv:" + recorded + " --rate 0", "0");
  check_refused("trace", "trace is required");
}

TEST_CASE("stages on the GPUs of a machine's profile interpolate between its timings") {
  const TemporaryFolder folder;
  std::string text = hexgen::read_file("profiles/measured/H200-SXM5-141GB/2-gpus.json");
  const std::string measured = "NVIDIA H200";
  check_refused(kRun + "--workload azure-conversation --num-requests 5 --profile " +
                    "profiles/measured/H200-SXM5-141GB/2-gpus.json",
                "no node of the cluster has a NVIDIA H200");
  for (std::size_t at = text.find(measured); at != std::string::npos; at = text.find(measured)) {
    text.replace(at, measured.size(), "RTX-A6000");
  }
  const Finished finished =
      run_program(kRun + "--workload azure-conversation --num-requests 5 --profile " +
                  write(folder, "a6000.json", text));
  CHECK(finished.exit_code == 0);
  CHECK(finished.output.find(" operators\n") != std::string::npos);
  CHECK(finished.output.find(" model\n") != std::string::npos);  // the stages on A4000
}

TEST_CASE(
    "what was measured between two nodes is used by the stages that cross it, and given once") {
  const TemporaryFolder folder;
  std::string hosts;
  for (const char* timing : {R"("bytes": 4096, "median_us": 50)",
                             R"("bytes": 1048576, "median_us": 300)",
                             R"("bytes": 16777216, "median_us": 4500)"}) {
    hosts += std::string(hosts.empty() ? "" : ", ") + R"({"from_host": "b", "to_host": "a", )" +
             timing + R"(, "p10_us": 50, "p90_us": 5000})";
  }
  const std::string network =
      write(folder,
            "network.json",
            R"({"format": "hexgen.profile/1", "tool": "t", "driver": "d", "cuda_driver": "13.0",
          "cuda_runtime": "13.0", "cublaslt": "13.1", "nccl": "2.28.3", "gpus": [],
          "all_reduces": [], "transfers": [], "between_hosts": [)" +
                hosts + "]}");
  const std::string run = kRun + "--workload azure-conversation --num-requests 5 --profile ";
  const Finished finished = run_program(run + network);
  CAPTURE(finished.output);
  CHECK(finished.exit_code == 0);
  check_refused(run + network + " --profile " + network,
                "is of the network between b and a, as " + network + " is already");
}

TEST_CASE("help and version are no errors") {
  CHECK(run_program("--help").exit_code == 0);
  CHECK(run_program("sweep --help").exit_code == 0);
  const Finished version = run_program("--version");
  CHECK(version.exit_code == 0);
  CHECK(version.output.find("hexgen-sim ") == 0);
}
