#pragma once

namespace hexgen::kernels {

struct SiluMulShape {
  int num_rows = 0;
  int width = 0;  // a multiple of 8 on a GPU
};

/// out = gate / (1 + exp(-gate)) * up
template <typename T>
struct SiluMulData {
  const T* gate_up = nullptr;  // [num_rows, 2, width]: gate, then up
  T* out = nullptr;            // [num_rows, width]
};

}  // namespace hexgen::kernels
