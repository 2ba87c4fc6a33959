#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runner/comm/socket.h"

namespace hexgen {

/// Which of how many processes this one is, and where they meet.
struct Launch {
  int process = 0;
  int num_processes = 1;
  std::optional<Address> rendezvous;  // when there is more than one
  std::string job;                    // the launcher's name for the run; empty when it has none
};

/// The flags --node K/N (K counts from 0) and --rendezvous host:port; empty when not given.
struct LaunchFlags {
  std::string node;
  std::string rendezvous;
};

/// Value of an environment variable; nullptr when it is not set, as std::getenv().
using Environment = std::function<const char*(const char* name)>;

/// Flags come before the variables that launchers set: torchrun (RANK, WORLD_SIZE), Open MPI
/// (OMPI_COMM_WORLD_RANK), MPICH and Intel MPI (PMI_RANK), srun (SLURM_PROCID). Process 0 is
/// expected, in this order, at --rendezvous, MASTER_ADDR and MASTER_PORT, the first host of
/// SLURM_STEP_NODELIST, or on this host when the launcher says that all processes are here. One
/// process when nothing says otherwise. Throws InputError naming the flag or variable.
Launch find_launch(const LaunchFlags& flags, const Environment& environment);

}  // namespace hexgen
