#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <nccl.h>

// Every call of CUDA, cuBLASLt and NCCL goes through one of these; a failure throws DeviceError
// with the call's text, the reason and the place.
#define HEXGEN_CUDA_CHECK(call) ::hexgen::check_cuda((call), #call, __FILE__, __LINE__)
#define HEXGEN_CUBLAS_CHECK(call) ::hexgen::check_cublas((call), #call, __FILE__, __LINE__)
#define HEXGEN_NCCL_CHECK(call) ::hexgen::check_nccl((call), #call, __FILE__, __LINE__)

namespace hexgen {

void check_cuda(cudaError_t status, const char* call, const char* file, int line);
void check_cublas(cublasStatus_t status, const char* call, const char* file, int line);
void check_nccl(ncclResult_t status, const char* call, const char* file, int line);

}  // namespace hexgen
