#pragma once

#include <cstddef>

#include "kernels/kv_cache.h"

// Tiles of keys or values in shared memory: filled from the paged cache by asynchronous copies,
// read as mma fragments by ldmatrix.
namespace hexgen::kernels {

inline constexpr int kTileKeys = 64;

/// One tile: kTileKeys rows of head_dim, padded by 16 bytes, which keeps eight neighbouring rows on
/// different banks.
template <typename T, int kHeadDim>
struct Tile {
  static constexpr int kCopied = kHeadDim <= 32 ? 4 : 8;  // elements at a time: any head_dim is a
                                                          // multiple
  static constexpr int kRow = kHeadDim + 8;
  T rows[kTileKeys][kRow];
};

/// Copies kElements, 4 or 8, or writes zeros when !valid; `from` must be readable all the same.
template <int kElements, typename T>
__device__ void copy_async(T* to, const T* from, bool valid) {
  constexpr int kBytes = kElements * static_cast<int>(sizeof(T));
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(to));
  const int bytes = valid ? kBytes : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared),
               "l"(from),
               "n"(kBytes),
               "r"(bytes)
               : "memory");
}

__device__ inline void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits until at most `kPending` of this thread's groups are under way.
template <int kPending>
__device__ inline void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

/// Four 8 x 8 matrices of 16-bit elements; each lane names one of their 32 rows.
struct FourMatrices {
  unsigned m[4];
};

template <typename T>
__device__ inline FourMatrices load_matrices(const T* row) {
  FourMatrices loaded;
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(loaded.m[0]), "=r"(loaded.m[1]), "=r"(loaded.m[2]), "=r"(loaded.m[3])
               : "r"(shared)
               : "memory");
  return loaded;
}

template <typename T>
__device__ inline FourMatrices load_matrices_transposed(const T* row) {
  FourMatrices loaded;
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(loaded.m[0]), "=r"(loaded.m[1]), "=r"(loaded.m[2]), "=r"(loaded.m[3])
               : "r"(shared)
               : "memory");
  return loaded;
}

/// The cached rows of one sequence for one KV head.
struct PagedRows {
  const int* blocks;
  int num_kv_heads;
  int kv_head;
  int head_dim;  // at most that of the tile
  int tokens;

  /// Starts copying rows first .. first + kTileKeys - 1; zeros behind the last token and head_dim.
  template <int kThreads, typename T, int kHeadDim>
  __device__ void fetch(const T* cache, int first, Tile<T, kHeadDim>& tile) const {
    constexpr int kCopied = Tile<T, kHeadDim>::kCopied;
    constexpr int kChunks = kHeadDim / kCopied;
    for (int i = static_cast<int>(threadIdx.x); i < kTileKeys * kChunks; i += kThreads) {
      const int row = i / kChunks;
      const int element = i % kChunks * kCopied;
      const int token = first + row;
      const bool valid = token < tokens && element < head_dim;
      const std::size_t block = valid ? blocks[token / kKvBlockTokens] : 0;
      const std::size_t cache_row =
          (block * num_kv_heads + kv_head) * kKvBlockTokens + token % kKvBlockTokens;
      copy_async<kCopied>(
          &tile.rows[row][element], valid ? cache + cache_row * head_dim + element : cache, valid);
    }
  }
};

}  // namespace hexgen::kernels
