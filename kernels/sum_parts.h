#pragma once

#include <cuda_runtime_api.h>

#include "kernels/sum_parts_shape.h"

namespace hexgen::kernels {

/// As SumPartsData says, in fp32; the same bits on every GPU. Memory of this device, or of peers
/// whose memory it can access, aligned to 16 bytes; cudaErrorInvalidValue for other memory and for
/// more than kMostSumParts. T: float, Bfloat16 or Float16.
template <typename T>
cudaError_t sum_parts(const SumPartsShape& shape, const SumPartsData<T>& data, cudaStream_t stream);

}  // namespace hexgen::kernels
