#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/random_value.h"
#include "profiles/errors.h"
#include "runner/cuda_graph.h"
#include "runner/gemm.h"
#include "runner/random_pool.h"

using hexgen::BlasContext;
using hexgen::CudaGraph;
using hexgen::DeviceBuffer;
using hexgen::DeviceError;
using hexgen::Gemm;
using hexgen::RandomPool;
using hexgen::Stream;
using hexgen::kernels::Bfloat16;
using hexgen::kernels::Float16;
using hexgen::kernels::to_float;

namespace {

struct Size {
  int rows;
  int inner_dim;
  int columns;
};

/// Values k/128, exact in both types.
template <typename T>
std::vector<T> random_matrix(int rows, int columns, std::uint32_t seed) {
  std::vector<T> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < values.size(); ++i) {
    store(hexgen::kernels::random_value(seed, i), values[i]);
  }
  return values;
}

/// Largest difference to the product in double, relative to it and the size of a sum of random
/// products.
template <typename T>
double largest_error(const Size& size,
                     const std::vector<T>& x,
                     const std::vector<T>& w,
                     const std::vector<T>& y) {
  double largest = 0;
  for (int row = 0; row < size.rows; ++row) {
    for (int column = 0; column < size.columns; ++column) {
      double sum = 0;
      for (int i = 0; i < size.inner_dim; ++i) {
        sum += double{to_float(x[static_cast<std::size_t>(row * size.inner_dim + i)])} *
               to_float(w[static_cast<std::size_t>(column * size.inner_dim + i)]);
      }
      const double error =
          std::abs(sum - to_float(y[static_cast<std::size_t>(row * size.columns + column)]));
      largest = std::max(largest, error / (std::abs(sum) + std::sqrt(size.inner_dim) / 3));
    }
  }
  return largest;
}

}  // namespace

TEST_CASE_TEMPLATE("a matrix product agrees with the sum in double", T, Bfloat16, Float16) {
  const Stream stream;
  const BlasContext context;
  for (const Size& size :
       {Size{1, 64, 8}, Size{3, 264, 40}, Size{17, 128, 1000}, Size{130, 520, 72}}) {
    CAPTURE(size.rows);
    const std::vector<T> x = random_matrix<T>(size.rows, size.inner_dim, 1);
    const std::vector<T> w = random_matrix<T>(size.columns, size.inner_dim, 2);
    const DeviceBuffer<T> device_x(x);
    const DeviceBuffer<T> device_w(w);
    const DeviceBuffer<T> device_y(static_cast<std::size_t>(size.rows * size.columns));
    Gemm(context, {size.rows, size.inner_dim, size.columns, false, hexgen::kElementType<T>})
        .run(device_x.data(), device_w.data(), device_y.data(), stream);
    stream.synchronize();
    // Sums are exact in fp32, and one rounding moves a number by up to 2^-8 of it in bf16, which
    // has 8 bits, by 2^-11 in fp16.
    const double rounding = std::is_same_v<T, Bfloat16> ? 1.0 / 256 : 1.0 / 2048;
    CHECK(largest_error(size, x, w, device_y.to_host()) < rounding);

    // An algorithm chosen for more rows, over what is in memory behind these.
    Gemm more(context,
              {size.rows + 31, size.inner_dim, size.columns, false, hexgen::kElementType<T>});
    const DeviceBuffer<T> again(static_cast<std::size_t>((size.rows + 1) * size.columns));
    HEXGEN_CUDA_CHECK(cudaMemsetAsync(again.data(), 0xff, again.size() * sizeof(T), stream.get()));
    more.run(size.rows, device_x.data(), device_w.data(), again.data(), stream);
    stream.synchronize();
    const std::vector<T> with_a_row_behind = again.to_host();
    CHECK(largest_error(size, x, w, with_a_row_behind) < rounding);
    CHECK(std::isnan(to_float(with_a_row_behind.back())));  // nothing was written there
  }
}

TEST_CASE("a graph replays what was recorded, and recording runs nothing") {
  const Stream stream;
  const DeviceBuffer<std::uint32_t> word(std::vector<std::uint32_t>{7});
  const CudaGraph graph(
      stream, [&] { HEXGEN_CUDA_CHECK(cudaMemsetAsync(word.data(), 0xff, 4, stream.get())); });
  stream.synchronize();
  CHECK(word.to_host()[0] == 7);
  graph.launch(stream);
  stream.synchronize();
  CHECK(word.to_host()[0] == 0xffffffff);
}

TEST_CASE("stretches of the random pool do not overlap and begin again at its end") {
  const Stream stream;
  const RandomPool pool(2000, stream);  // 1000 values: three stretches of 300
  CHECK(pool.stretch(300, 0) == pool.data());
  CHECK(pool.stretch(300, 2) == pool.data() + 600);
  CHECK(pool.stretch(300, 3) == pool.data());
  CHECK_THROWS_AS(pool.stretch(1001, 0), DeviceError);
}

TEST_CASE("a failing CUDA call names itself, the reason and its place") {
  const auto allocate_too_much = [] {
    const DeviceBuffer<char> buffer(std::numeric_limits<std::size_t>::max() / 2);
  };
  try {
    allocate_too_much();
    FAIL("an allocation of half the address space succeeded");
  } catch (const DeviceError& error) {
    const std::string message = error.what();
    CHECK(message.find("cudaMalloc") == 0);
    CHECK(message.find("out of memory (device_buffer.h:") != std::string::npos);
  }
  cudaGetLastError();  // clears the error for the next test
}
