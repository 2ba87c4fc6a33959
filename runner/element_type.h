#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen {

/// What weights, the residual stream and partial sums consist of.
enum class ElementType { kFloat32, kBfloat16, kFloat16 };

constexpr std::size_t element_bytes(ElementType type) {
  return type == ElementType::kFloat32 ? 4 : 2;
}

template <typename T>
inline constexpr ElementType kElementType = ElementType::kFloat32;
template <>
inline constexpr ElementType kElementType<kernels::Bfloat16> = ElementType::kBfloat16;
template <>
inline constexpr ElementType kElementType<kernels::Float16> = ElementType::kFloat16;

}  // namespace hexgen
