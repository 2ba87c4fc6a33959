#include "runner/cuda/sm_partition.h"

#include <cudaTypedefs.h>

#include <map>
#include <mutex>
#include <string>

#include "profiles/errors.h"
#include "runner/cuda_check.h"

// Codes of the driver are those of the runtime.
#define HEXGEN_DRIVER_CHECK(call) \
  ::hexgen::check_cuda(static_cast<cudaError_t>(call), #call, __FILE__, __LINE__)

namespace hexgen {
namespace {

template <typename Function>
Function entry_point(const char* name, unsigned cuda_version) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSymbolNotFound;
  HEXGEN_CUDA_CHECK(
      cudaGetDriverEntryPointByVersion(name, &function, cuda_version, cudaEnableDefault, &found));
  if (found != cudaDriverEntryPointSuccess) {
    throw DeviceError(std::string("the driver has no ") + name +
                      ": limits of multiprocessors need one of CUDA 12.5 or newer");
  }
  return reinterpret_cast<Function>(function);
}

/// Asked for at run time, so that programs start where there is no driver to link to.
struct Driver {
  PFN_cuDeviceGet_v2000 device_get = entry_point<PFN_cuDeviceGet_v2000>("cuDeviceGet", 2000);
  PFN_cuDeviceGetDevResource_v12040 device_resource =
      entry_point<PFN_cuDeviceGetDevResource_v12040>("cuDeviceGetDevResource", 12040);
  PFN_cuDevSmResourceSplitByCount_v12040 split =
      entry_point<PFN_cuDevSmResourceSplitByCount_v12040>("cuDevSmResourceSplitByCount", 12040);
  PFN_cuDevResourceGenerateDesc_v12040 describe =
      entry_point<PFN_cuDevResourceGenerateDesc_v12040>("cuDevResourceGenerateDesc", 12040);
  PFN_cuGreenCtxCreate_v12040 create =
      entry_point<PFN_cuGreenCtxCreate_v12040>("cuGreenCtxCreate", 12040);
  PFN_cuGreenCtxDestroy_v12040 destroy =
      entry_point<PFN_cuGreenCtxDestroy_v12040>("cuGreenCtxDestroy", 12040);
  PFN_cuGreenCtxStreamCreate_v12050 create_stream =
      entry_point<PFN_cuGreenCtxStreamCreate_v12050>("cuGreenCtxStreamCreate", 12050);
};

const Driver& driver() {
  static const Driver functions;
  return functions;
}

CUdevice device_of(int gpu) {
  CUdevice device = 0;
  HEXGEN_DRIVER_CHECK(driver().device_get(&device, gpu));
  return device;
}

/// A GPU's multiprocessors in units of the smallest size that it can be divided into. They come
/// from one split, because the parts of several cannot be joined.
class SmPool {
 public:
  explicit SmPool(int gpu)
      : gpu_(gpu) {
    CUdevResource all{};
    HEXGEN_DRIVER_CHECK(driver().device_resource(device_of(gpu), &all, CU_DEV_RESOURCE_TYPE_SM));
    unsigned count = 0;
    constexpr unsigned kAtLeast = 1;  // is rounded up
    HEXGEN_DRIVER_CHECK(driver().split(nullptr, &count, &all, nullptr, 0, kAtLeast));
    units_.resize(count);
    HEXGEN_DRIVER_CHECK(driver().split(units_.data(), &count, &all, nullptr, 0, kAtLeast));
    units_.resize(count);
    taken_.resize(count, false);
  }

  std::vector<std::size_t> take(int multiprocessors) {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t> chosen;
    int granted = 0;
    for (std::size_t unit = 0; unit < units_.size() && granted < multiprocessors; ++unit) {
      if (!taken_[unit]) {
        chosen.push_back(unit);
        granted += static_cast<int>(units_[unit].sm.smCount);
      }
    }
    if (granted < multiprocessors) {
      throw DeviceError("GPU " + std::to_string(gpu_) + ": " + std::to_string(multiprocessors) +
                        " multiprocessors asked for, " + std::to_string(granted) +
                        " are left for partitions");
    }
    mark(chosen, true);
    return chosen;
  }

  void give_back(const std::vector<std::size_t>& units) {
    const std::lock_guard lock(mutex_);
    mark(units, false);
  }

  int size_of(const std::vector<std::size_t>& units) const {
    unsigned sum = 0;
    for (const std::size_t unit : units) {
      sum += units_[unit].sm.smCount;
    }
    return static_cast<int>(sum);
  }

  CUgreenCtx make_context(const std::vector<std::size_t>& units) const {
    std::vector<CUdevResource> resources;
    for (const std::size_t unit : units) {
      resources.push_back(units_[unit]);
    }
    CUdevResourceDesc description = nullptr;
    HEXGEN_DRIVER_CHECK(
        driver().describe(&description, resources.data(), static_cast<unsigned>(resources.size())));
    CUgreenCtx context = nullptr;
    HEXGEN_DRIVER_CHECK(
        driver().create(&context, description, device_of(gpu_), CU_GREEN_CTX_DEFAULT_STREAM));
    return context;
  }

 private:
  void mark(const std::vector<std::size_t>& units, bool taken) {
    for (const std::size_t unit : units) {
      taken_[unit] = taken;
    }
  }

  int gpu_;
  std::vector<CUdevResource> units_;
  std::vector<bool> taken_;
  std::mutex mutex_;
};

/// Of this process.
SmPool& pool_of(int gpu) {
  static std::mutex mutex;
  static std::map<int, SmPool> pools;
  const std::lock_guard lock(mutex);
  return pools.try_emplace(gpu, gpu).first->second;
}

int select_gpu(int gpu) {
  HEXGEN_CUDA_CHECK(cudaSetDevice(gpu));  // first: contexts are made beside the primary one
  return gpu;
}

}  // namespace

int num_multiprocessors(int gpu) {
  int count = 0;
  HEXGEN_CUDA_CHECK(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, gpu));
  return count;
}

SmPartition::SmPartition(int gpu, int multiprocessors)
    : gpu_(select_gpu(gpu)),
      units_(pool_of(gpu).take(multiprocessors)),
      multiprocessors_(pool_of(gpu).size_of(units_)) {
  try {
    context_ = pool_of(gpu).make_context(units_);
  } catch (...) {
    pool_of(gpu).give_back(units_);
    throw;
  }
}

SmPartition::~SmPartition() {
  driver().destroy(context_);
  pool_of(gpu_).give_back(units_);
}

Stream SmPartition::make_stream() const {
  CUstream stream = nullptr;
  constexpr int kDefaultPriority = 0;
  HEXGEN_DRIVER_CHECK(
      driver().create_stream(&stream, context_, CU_STREAM_NON_BLOCKING, kDefaultPriority));
  return Stream(stream);
}

}  // namespace hexgen
