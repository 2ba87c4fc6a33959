#pragma once

#include <cstddef>
#include <cstdint>

namespace hexgen::kernels::reference {

/// CPU twin of kernels::stream_read(): *sum = sum of the words, modulo 2^64.
void stream_read(const std::uint32_t* words, std::size_t count, std::uint64_t* sum);

}  // namespace hexgen::kernels::reference
