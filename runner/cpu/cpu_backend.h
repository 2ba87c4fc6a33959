#pragma once

#include "runner/engine/stage_executor.h"

namespace hexgen {

/// Ranks as threads or processes of this machine, in fp32.
class CpuBackend : public Backend {
 public:
  std::unique_ptr<Communicator> make_communicator(Transport& transport,
                                                  const std::vector<int>& members,
                                                  int channel) override;
  std::unique_ptr<StageExecutor> make_executor(const ExecutorSetup& setup,
                                               Communicator& stage) override;
};

}  // namespace hexgen
