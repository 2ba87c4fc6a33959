#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "runner/engine/step_batch.h"

namespace hexgen {

/// Batches and choices as messages between ranks, in the byte order of the machine. Decoding throws
/// DeviceError when a message is cut short or too long: what comes over a network is not trusted.
std::vector<std::byte> encode(const StepBatch& batch);
StepBatch decode_batch(std::span<const std::byte> message);

std::vector<std::byte> encode(const std::vector<TokenChoice>& choices);
std::vector<TokenChoice> decode_choices(std::span<const std::byte> message);

}  // namespace hexgen
