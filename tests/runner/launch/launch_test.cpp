#include "runner/launch/launch.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "profiles/errors.h"

using hexgen::Address;
using hexgen::find_launch;
using hexgen::InputError;
using hexgen::Launch;
using hexgen::LaunchFlags;

namespace {

using Variables = std::map<std::string, std::string>;

Launch launch_with(const Variables& variables, const LaunchFlags& flags = {}) {
  return find_launch(flags, [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

void check(const Launch& launch, int process, int num_processes, const Address& rendezvous) {
  CHECK(launch.process == process);
  CHECK(launch.num_processes == num_processes);
  REQUIRE(launch.rendezvous);
  CHECK(*launch.rendezvous == rendezvous);
}

const Variables kTorchrun = {{"RANK", "1"},
                             {"WORLD_SIZE", "3"},
                             {"LOCAL_RANK", "0"},
                             {"LOCAL_WORLD_SIZE", "1"},
                             {"MASTER_ADDR", "il-0"},
                             {"MASTER_PORT", "29500"},
                             {"TORCHELASTIC_RUN_ID", "run-7"}};

}  // namespace

TEST_CASE("without flags and variables there is one process, which meets nobody") {
  const Launch launch = launch_with({});
  CHECK(launch.num_processes == 1);
  CHECK_FALSE(launch.rendezvous);
}

TEST_CASE("flags say which process this is and where they meet, whatever the variables say") {
  const LaunchFlags flags = {.node = "2/4", .rendezvous = "[fe80::1]:4000"};
  check(launch_with({}, flags), 2, 4, {"fe80::1", 4000});
  check(launch_with(kTorchrun, flags), 2, 4, {"fe80::1", 4000});
}

TEST_CASE("torchrun's agent keeps the master port, so that we meet on the next one") {
  check(launch_with(kTorchrun), 1, 3, {"il-0", 29500});
  CHECK(launch_with(kTorchrun).job == "run-7");
  Variables with_agent = kTorchrun;
  with_agent["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  check(launch_with(with_agent), 1, 3, {"il-0", 29501});
}

TEST_CASE("mpirun on one host needs no address, on several it needs one") {
  Variables variables = {{"OMPI_COMM_WORLD_RANK", "0"},
                         {"OMPI_COMM_WORLD_SIZE", "2"},
                         {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                         {"PMIX_NAMESPACE", "3170"}};
  check(launch_with(variables), 0, 2, {"127.0.0.1", 29400});
  CHECK(launch_with(variables).job == "3170");
  variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  CHECK_THROWS_WITH_AS(launch_with(variables),
                       "mpirun does not say where process 0 runs: give --rendezvous host:port",
                       InputError);
  check(launch_with(variables, {.rendezvous = "il-0:4000"}), 0, 2, {"il-0", 4000});
}

TEST_CASE("MPICH's variables come before those of the srun that started its daemons") {
  const Variables variables = {{"PMI_RANK", "1"},
                               {"PMI_SIZE", "2"},
                               {"MPI_LOCALNRANKS", "2"},
                               {"SLURM_PROCID", "0"},
                               {"SLURM_STEP_NUM_TASKS", "1"}};
  check(launch_with(variables), 1, 2, {"127.0.0.1", 29400});
}

TEST_CASE("srun's processes meet on the first host of the step") {
  const auto meets_at = [](const std::string& hosts) {
    const Launch launch = launch_with({{"SLURM_PROCID", "1"},
                                       {"SLURM_STEP_NUM_TASKS", "2"},
                                       {"SLURM_STEP_NODELIST", hosts},
                                       {"SLURM_JOB_ID", "99"}});
    CHECK(launch.job == "99");
    return launch.rendezvous->text();
  };
  CHECK(meets_at("alpha,beta") == "alpha:29400");
  CHECK(meets_at("gpu[03-05,9],login") == "gpu03:29400");
  CHECK(meets_at("gpu[7,9]") == "gpu7:29400");
  CHECK(meets_at("gpu-1") == "gpu-1:29400");
}

TEST_CASE("a batch script of Slurm, which srun did not start, is one process") {
  CHECK(launch_with({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}).num_processes == 1);
}

TEST_CASE("flags and variables that make no sense are refused by name") {
  const auto message = [](const Variables& variables, const LaunchFlags& flags) -> std::string {
    try {
      launch_with(variables, flags);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(message({}, {.node = "2/2"}) == "--node: '2' is not a whole number from 0 to 1");
  CHECK(message({}, {.node = "0/x"}) == "--node: 'x' is not a whole number from 1 to 4096");
  CHECK(message({}, {.node = "1"}) == "--node: '1' is not of the form K/N, such as 0/2");
  CHECK(message({}, {.node = "0/2"}) ==
        "--node does not say where process 0 runs: give --rendezvous host:port");
  CHECK(message({}, {.rendezvous = "a:1"}) ==
        "--rendezvous needs --node K/N, or a launcher that says which process this is");
  CHECK(message({}, {.node = "0/2", .rendezvous = "a"}) ==
        "'a' is not an address: expected host:port, port 1 to 65535");
  CHECK(message({}, {.node = "0/2", .rendezvous = "a:0"}) ==
        "'a:0' is not an address: expected host:port, port 1 to 65535");
  CHECK(message({{"RANK", "3"}, {"WORLD_SIZE", "3"}}, {}) ==
        "RANK: '3' is not a whole number from 0 to 2");
  Variables no_port = kTorchrun;
  no_port.erase("MASTER_PORT");
  CHECK(message(no_port, {}) == "MASTER_PORT: '' is not a whole number from 1 to 65534");
}
