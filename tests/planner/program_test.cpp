#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "profiles/file.h"
#include "tests/support/shell.h"
#include "tests/support/temporary_folder.h"

// hexgen-plan as a user runs it: exit codes, one-line errors, results in files.
namespace {

using hexgen::test::contains;
using hexgen::test::Finished;
using hexgen::test::run_shell;

Finished run_program(const std::string& arguments) {
  return run_shell(std::string(HEXGEN_PLAN) + " " + arguments);
}

const std::string kInputs = "--model llama-2-70b --workload hexgen-32 --policy one-batch ";
const std::string kCaseStudy = "search --cluster case-study " + kInputs;

const std::string kOtherModel = "tests/data/layer_profile/small.json";

void check_one_line(const Finished& finished) {
  CHECK(std::count(finished.output.begin(), finished.output.end(), '\n') == 1);
  CHECK(finished.output.find("hexgen-plan: error: ") == 0);
}

}  // namespace

TEST_CASE("one and three threads write the same plan and log, byte by byte") {
  const hexgen::test::TemporaryFolder folder;
  const std::string search = "search --cluster hexgen-half " + kInputs +
                             "--objective deadline --generations 3 --population 12 --quiet ";
  for (const std::string& threads : {std::string("1"), std::string("3")}) {
    const Finished finished =
        run_program(search + "--threads " + threads + " --out " + folder / (threads + ".json") +
                    " --log " + folder / (threads + ".jsonl"));
    REQUIRE(finished.exit_code == 0);
  }
  CHECK(hexgen::read_file((folder / "1.json")) == hexgen::read_file((folder / "3.json")));
  const std::string log = hexgen::read_file((folder / "1.jsonl"));
  CHECK(log == hexgen::read_file((folder / "3.jsonl")));
  CHECK(std::count(log.begin(), log.end(), '\n') == 4);  // generations 0 to 3
  CHECK_FALSE(contains(log, "elapsed_s"));
}

TEST_CASE("a plan found by the search passes check, and show explains it") {
  const hexgen::test::TemporaryFolder folder;
  const std::string plan = (folder / "plan.json");
  REQUIRE(run_program(kCaseStudy + "--generations 2 --quiet --out " + plan).exit_code == 0);
  const Finished check = run_program("check " + plan);
  CHECK(check.exit_code == 0);
  CHECK(contains(check.output, "fits"));
  const Finished show = run_program("show " + plan);
  CHECK(show.exit_code == 0);
  CHECK(contains(show.output, "RTX-A6000"));
  const Finished other = run_program("check " + plan + " --cluster hexgen-homogeneous");
  CHECK(other.exit_code == 2);
  check_one_line(other);
}

TEST_CASE("without --out the plan goes to stdout, with --json the summary does") {
  const hexgen::test::TemporaryFolder folder;
  const Finished plan = run_program(kCaseStudy + "--generations 1 --quiet");
  CHECK(plan.exit_code == 0);
  CHECK(contains(plan.output, "\"hexgen.plan/1\""));
  const Finished summary =
      run_program(kCaseStudy + "--generations 1 --quiet --json --out " + (folder / "plan.json"));
  CHECK(summary.exit_code == 0);
  CHECK(contains(summary.output, "\"evaluations\""));
}

TEST_CASE("every algorithm and every restriction finds a plan for the case study") {
  const std::vector<std::string> options = {"--algorithm random",
                                            "--algorithm released-repaired",
                                            "--algorithm hill-climbing",
                                            "--algorithm annealing",
                                            "--restrict memory-proportional",
                                            "--restrict symmetric",
                                            "--restrict single-type"};
  for (const std::string& option : options) {
    CAPTURE(option);
    const Finished finished = run_program(kCaseStudy + "--generations 1 --quiet " + option);
    CHECK(finished.exit_code == 0);
    CHECK(contains(finished.output, "\"pipelines\""));
  }
}

TEST_CASE("an exhaustive search of a cluster that is too large is refused in one line") {
  const Finished finished = run_program("search --cluster hexgen-full " + kInputs + "--exhaustive");
  CHECK(finished.exit_code == 2);
  check_one_line(finished);
  CHECK(contains(finished.output, "more than 200000 partitions"));
}

TEST_CASE("an exhaustive search takes no algorithm") {
  CHECK(run_program(kCaseStudy + "--exhaustive --algorithm random").exit_code == 2);
}

TEST_CASE("from 64 devices on the highest rate is searched for by packing, byte by byte") {
  const hexgen::test::TemporaryFolder folder;
  const std::string cluster = folder / "cluster.json";
  REQUIRE(run_program("cluster --gpus 64 --seed 4 --out " + cluster).exit_code == 0);
  const std::string search = "search --cluster " + cluster +
                             " --model llama-2-70b --workload azure-conversation --objective rate"
                             " --generations 1 --requests 300 --quiet ";
  const Finished usual = run_program(search + "--threads 1");
  CHECK(usual.exit_code == 0);
  CHECK(run_program(search + "--threads 3 --algorithm packing").output == usual.output);
  CHECK(run_program(search + "--population 2 --algorithm evolutionary").output != usual.output);
}

TEST_CASE("packing where no pipeline meets the limits leaves the search to the evolution") {
  const Finished finished = run_program(
      "search --cluster case-study --model llama-2-70b --workload azure-conversation --algorithm "
      "packing --objective rate --slo ttft:1 --generations 1 --population 4 --requests 100 "
      "--quiet");
  CHECK(finished.exit_code == 0);
  CHECK(contains(finished.output, "pipelines"));
}

TEST_CASE("packing takes no other objective and no budget") {
  for (const std::string other : {"--objective cost", "--objective rate --budget 9"}) {
    const Finished finished = run_program(kCaseStudy + "--quiet --algorithm packing " + other);
    CHECK(finished.exit_code == 2);
    check_one_line(finished);
  }
}

TEST_CASE("constraints change the plan, and impossible ones end with exit code 3") {
  const Finished without = run_program(kCaseStudy + "--generations 2 --quiet --exclude il-1");
  CHECK(without.exit_code == 0);
  CHECK_FALSE(contains(without.output, "il-1"));
  const Finished unknown = run_program(kCaseStudy + "--quiet --exclude il-9");
  CHECK(unknown.exit_code == 2);
  CHECK(contains(unknown.output, "has no node 'il-9' to leave out"));
  const Finished poor = run_program(kCaseStudy + "--generations 1 --quiet --budget 0.10");
  CHECK(poor.exit_code == 3);
  check_one_line(poor);
  CHECK(contains(poor.output, "at most $0.10 per hour"));
}

TEST_CASE("a model that fits nowhere ends with exit code 3 and the missing memory") {
  const hexgen::test::TemporaryFolder folder;
  const std::string cluster = folder / "small.json";
  hexgen::write_file(cluster, R"({"format": "hexgen.cluster/1",
    "name": "small", "nodes": [{"name": "a", "region": "here", "gpu_type": "RTX-A4000", "gpus": 2,
    "intra_link": "pcie4", "price_per_hour": 1.0}], "links": {}})");
  const Finished finished = run_program("search --cluster " + cluster + " " + kInputs);
  CHECK(finished.exit_code == 3);
  check_one_line(finished);
  CHECK(contains(finished.output, "of 80 layers"));
  CHECK(contains(finished.output, "GB more"));
}

TEST_CASE("wrong usage and missing inputs end with exit code 2 and one line") {
  const std::vector<std::string> wrong = {"",
                                          "search",
                                          "search --cluster nowhere " + kInputs,
                                          kCaseStudy + "--objective beauty",
                                          kCaseStudy + "--slo speed:1",
                                          kCaseStudy + "--profile nowhere.json",
                                          kCaseStudy + "--profile " + kOtherModel,
                                          kCaseStudy + "--threads 0",
                                          "check nowhere.json",
                                          "show"};
  for (const std::string& arguments : wrong) {
    CAPTURE(arguments);
    const Finished finished = run_program(arguments);
    CHECK(finished.exit_code == 2);
    check_one_line(finished);
  }
}

TEST_CASE("Ctrl-C keeps the best plan so far") {
  const hexgen::test::TemporaryFolder folder;
  const std::string plan = (folder / "plan.json");
  const std::string progress = (folder / "progress.txt");
  const Finished finished =
      run_shell(std::string(HEXGEN_PLAN) + " " + kCaseStudy +
                "--stagnation 100000000 --generations 100000000 --out " + plan + " 2>" + progress +
                " & until grep -q generation " + progress +
                " || ! kill -0 $!; do sleep 0.1; done; kill -INT $!; wait $!");
  CAPTURE(hexgen::read_file(progress));
  CHECK(finished.exit_code == 0);
  CHECK(run_program("check " + plan).exit_code == 0);
}

TEST_CASE("profile without a usable GPU ends with exit code 4 and one line") {
  const hexgen::test::TemporaryFolder folder;
  const Finished finished = run_shell("CUDA_VISIBLE_DEVICES= " + std::string(HEXGEN_PLAN) +
                                      " profile --quiet --out " + (folder / "profile.json"));
  CHECK(finished.exit_code == 4);
  check_one_line(finished);
}

TEST_CASE("what a profile cannot measure is refused on any machine") {
  for (const std::string& wrong : {std::string("--gpus 0:x"),
                                   std::string("--gpus 0,0"),
                                   std::string("--node 0/2"),
                                   std::string("--rendezvous here:29400"),
                                   std::string("--host-name a")}) {
    CAPTURE(wrong);
    const Finished refused = run_program("profile --out unwritten.json " + wrong);
    CHECK(refused.exit_code == 2);
    check_one_line(refused);
  }
}

TEST_CASE("outputs of other tools are imported as a cluster that a search can use") {
  const hexgen::test::TemporaryFolder folder;
  const std::string csv = folder / "gpus.csv";
  const std::string matrix = folder / "topo.txt";
  const std::string cluster = folder / "cluster.json";
  hexgen::write_file(csv,
                     "name, memory.total [MiB]\nNVIDIA A40, 46068 MiB\nNVIDIA A40, 46068 MiB\n");
  hexgen::write_file(matrix, "\tGPU0\tGPU1\nGPU0\t X \tNV4\nGPU1\tNV4\t X \n");
  const std::string import =
      "profile --import nvidia-smi:" + csv + " --import topo:" + matrix + " --out " + cluster;
  CHECK(run_program(import).exit_code == 0);
  const Finished found = run_program("search --cluster " + cluster +
                                     " --model llama-2-7b --workload hexgen-32 --generations 1 "
                                     "--requests 20 --quiet");
  CHECK(found.exit_code == 0);
  CHECK(contains(found.output, "\"nvlink-pair\""));
  for (const std::string& wrong : {std::string("--import nvidia-smi:"),
                                   std::string("--import topology:") + matrix,
                                   "--import topo:" + matrix,
                                   "--import topo:" + matrix + " --import topo:" + matrix,
                                   "--import topo:" + matrix + " --import llmservingsim:."}) {
    CAPTURE(wrong);
    const Finished refused = run_program("profile " + wrong + " --out " + cluster);
    CHECK(refused.exit_code == 2);
    check_one_line(refused);
  }
}

TEST_CASE("search, show, check and explain take a machine's profile and say what leaves it") {
  const hexgen::test::TemporaryFolder folder;
  const std::string cluster = folder / "cluster.json";
  const std::string plan = folder / "plan.json";
  const std::string profile = " --profile profiles/measured/H200-SXM5-141GB/2-gpus.json ";
  hexgen::write_file(cluster, R"({"format": "hexgen.cluster/1", "nodes": [{"name": "a",
    "region": "here", "gpu_type": "H200-SXM5-141GB", "gpus": 2}]})");
  const std::string effort = " --workload hexgen-32 --generations 0 --population 4 --requests 10";
  const Finished found = run_program("search --model llama-3.1-8b --quiet --json --cluster " +
                                     cluster + effort + profile + "--out " + plan);
  CHECK(found.exit_code == 0);
  // The LM head has 128256 rows, of matrices with up to 57344 columns.
  CHECK(contains(found.output, "\"extrapolations\""));
  CHECK(contains(found.output, "\"LM head\""));
  const Finished constants = run_program("show " + plan);
  CHECK(contains(constants.output, "fitted to a profile"));
  CHECK_FALSE(contains(constants.output, "interpolated"));
  const Finished measured = run_program("show " + plan + profile);
  CHECK(measured.exit_code == 0);
  CHECK(contains(measured.output, "measured, interpolated"));
  CHECK(contains(measured.output, "EXTRAPOLATED: outside the measured range"));
  CHECK(contains(run_program("check " + plan + profile).output, "LM head (matrix, "));
  const Finished why = run_program("explain " + plan + profile + effort + " --json");
  CHECK(why.exit_code == 0);
  CHECK(contains(why.output, "\"extrapolations\""));
  const Finished layers =
      run_program("show " + plan + " --profile tests/data/layer_profile/small.json");
  CHECK(layers.exit_code == 2);
  check_one_line(layers);
}

TEST_CASE("help and version go to stdout with exit code 0") {
  CHECK(run_program("--version").exit_code == 0);
  CHECK(contains(run_program("--version").output, "hexgen-plan 0."));
  CHECK(contains(run_program("search --help").output, "--objective"));
}
