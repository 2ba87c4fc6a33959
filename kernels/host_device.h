#pragma once

// Marks functions that kernels and host code share.
#ifdef __CUDACC__
#define HEXGEN_HOST_DEVICE __host__ __device__
#else
#define HEXGEN_HOST_DEVICE
#endif
