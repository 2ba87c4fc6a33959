#include "runner/cpu/cpu_backend.h"

#include "runner/comm/host_communicator.h"
#include "runner/cpu/cpu_stage_executor.h"
#include "runner/cpu/gemm_fp32.h"

namespace hexgen {

std::unique_ptr<Communicator> CpuBackend::make_communicator(Transport& transport,
                                                            const std::vector<int>& members,
                                                            int channel) {
  return std::make_unique<HostCommunicator>(transport, members, channel);
}

std::unique_ptr<StageExecutor> CpuBackend::make_executor(const ExecutorSetup& setup,
                                                         Communicator& stage) {
  use_one_thread_a_gemm();
  return std::make_unique<CpuStageExecutor>(setup, stage);
}

}  // namespace hexgen
