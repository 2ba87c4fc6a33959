#include "runner/cuda_check.h"

#include <cstring>
#include <string>

#include "profiles/errors.h"

namespace hexgen {
namespace {

[[noreturn]] void fail(const std::string& reason, const char* call, const char* file, int line) {
  const char* slash = std::strrchr(file, '/');
  throw DeviceError(std::string(call) + ": " + reason + " (" +
                    (slash == nullptr ? file : slash + 1) + ":" + std::to_string(line) + ")");
}

}  // namespace

void check_cuda(cudaError_t status, const char* call, const char* file, int line) {
  if (status != cudaSuccess) {
    fail(cudaGetErrorString(status), call, file, line);
  }
}

void check_cublas(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    fail(cublasLtGetStatusString(status), call, file, line);
  }
}

void check_nccl(ncclResult_t status, const char* call, const char* file, int line) {
  if (status != ncclSuccess) {
    fail(std::string(ncclGetErrorString(status)) + ", " + ncclGetLastError(nullptr),
         call,
         file,
         line);
  }
}

}  // namespace hexgen
