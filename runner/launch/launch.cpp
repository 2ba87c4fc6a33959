#include "runner/launch/launch.h"

#include <array>
#include <charconv>

#include "profiles/errors.h"

namespace hexgen {
namespace {

constexpr int kDefaultPort = 29400;
constexpr int kMaxProcesses = 4096;

/// Names of the variables in which a launcher says what a process is; nullptr: it does not.
struct LauncherVariables {
  const char* launcher;
  const char* rank;
  const char* size;
  const char* local_size;
  const char* job;
};

// Slurm stands last: mpirun itself may be started by srun, whose variables then remain.
constexpr std::array<LauncherVariables, 4> kLaunchers = {
    {{"torchrun", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID"},
     {"mpirun",
      "OMPI_COMM_WORLD_RANK",
      "OMPI_COMM_WORLD_SIZE",
      "OMPI_COMM_WORLD_LOCAL_SIZE",
      "PMIX_NAMESPACE"},
     {"mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", nullptr},
     {"srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", nullptr, "SLURM_JOB_ID"}}};

int to_number(const std::string& name, const std::string& text, int lowest, int highest) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value < lowest || value > highest) {
    throw InputError(name + ": '" + text + "' is not a whole number from " +
                     std::to_string(lowest) + " to " + std::to_string(highest));
  }
  return value;
}

std::string value_of(const Environment& environment, const char* name) {
  const char* value = name == nullptr ? nullptr : environment(name);
  return value == nullptr ? "" : value;
}

const LauncherVariables* find_launcher(const Environment& environment) {
  for (const LauncherVariables& each : kLaunchers) {
    if (environment(each.rank) != nullptr && environment(each.size) != nullptr) {
      return &each;
    }
  }
  return nullptr;
}

Launch from_flag(const std::string& node) {
  const std::size_t slash = node.find('/');
  if (slash == std::string::npos) {
    throw InputError("--node: '" + node + "' is not of the form K/N, such as 0/2");
  }
  Launch launch;
  launch.num_processes = to_number("--node", node.substr(slash + 1), 1, kMaxProcesses);
  launch.process = to_number("--node", node.substr(0, slash), 0, launch.num_processes - 1);
  return launch;
}

Launch from_variables(const LauncherVariables& names, const Environment& environment) {
  Launch launch;
  launch.num_processes = to_number(names.size, value_of(environment, names.size), 1, kMaxProcesses);
  launch.process =
      to_number(names.rank, value_of(environment, names.rank), 0, launch.num_processes - 1);
  launch.job = value_of(environment, names.job);
  return launch;
}

/// The first host of a Slurm list such as "gpu[03-05,9],login" or "alpha,beta".
std::string first_host(const std::string& list) {
  const std::size_t bracket = list.find_first_of("[,");
  std::string host = list.substr(0, bracket);
  if (bracket != std::string::npos && list[bracket] == '[') {
    host += list.substr(bracket + 1, list.find_first_of("-,]", bracket) - bracket - 1);
  }
  return host;
}

/// torchrun's agent listens on the master port itself and leaves the next one to us.
Address master_address(const std::string& host, const Environment& environment) {
  const int port = to_number("MASTER_PORT", value_of(environment, "MASTER_PORT"), 1, 65534);
  const bool taken = value_of(environment, "TORCHELASTIC_USE_AGENT_STORE") == "True";
  return {host, taken ? port + 1 : port};
}

Address find_rendezvous(const LaunchFlags& flags,
                        const LauncherVariables* launcher,
                        const Environment& environment) {
  if (!flags.rendezvous.empty()) {
    return parse_address(flags.rendezvous);
  }
  const std::string master = value_of(environment, "MASTER_ADDR");
  if (!master.empty()) {
    return master_address(master, environment);
  }
  const std::string hosts = value_of(environment, "SLURM_STEP_NODELIST");
  if (!hosts.empty()) {
    return {first_host(hosts), kDefaultPort};
  }
  const bool all_here =
      launcher != nullptr && launcher->local_size != nullptr &&
      value_of(environment, launcher->local_size) == value_of(environment, launcher->size);
  if (all_here) {
    return {"127.0.0.1", kDefaultPort};
  }
  throw InputError(std::string(launcher == nullptr ? "--node" : launcher->launcher) +
                   " does not say where process 0 runs: give --rendezvous host:port");
}

}  // namespace

Launch find_launch(const LaunchFlags& flags, const Environment& environment) {
  const LauncherVariables* launcher = flags.node.empty() ? find_launcher(environment) : nullptr;
  Launch launch;
  if (!flags.node.empty()) {
    launch = from_flag(flags.node);
  } else if (launcher != nullptr) {
    launch = from_variables(*launcher, environment);
  }
  if (launch.num_processes > 1) {
    launch.rendezvous = find_rendezvous(flags, launcher, environment);
  } else if (launcher == nullptr && flags.node.empty() && !flags.rendezvous.empty()) {
    throw InputError(
        "--rendezvous needs --node K/N, or a launcher that says which process this is");
  }
  return launch;
}

}  // namespace hexgen
