#pragma once

#include <memory>
#include <vector>

#include "runner/comm/communicator.h"
#include "runner/comm/communicator_kind.h"
#include "runner/comm/transport.h"
#include "runner/cuda/cuda_context.h"

namespace hexgen {

/// How ranks of this process on these GPUs, which may repeat, can talk.
GroupTraits traits_in_process(const std::vector<int>& gpus);

/// One rank's end of a group of ranks with a GPU each or parts of one, as Backend has it. What
/// carries it is choose_communicator() of `kind`. Context and transport must outlive it.
std::unique_ptr<Communicator> make_cuda_group(CudaContext& context,
                                              Transport& transport,
                                              const std::vector<int>& members,
                                              int channel,
                                              CommunicatorKind kind);

}  // namespace hexgen
