#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hexgen {

/// A tensor of a safetensors file: rows last, little endian, at [begin, end) of the data behind the
/// header.
struct SafetensorsEntry {
  std::string dtype;  // "F32", "F16", "BF16" or another of the format's
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

using SafetensorsEntries = std::map<std::string, SafetensorsEntry>;

/// Reads the JSON header of a safetensors file whose data are `data_bytes` long, and checks every
/// rule of the format: an object from the first byte, padded with spaces only, no key twice, known
/// dtypes, sizes that agree with shapes, data covered once and without holes, metadata of strings.
/// Throws InputError: `model.safetensors: lm_head.weight.data_offsets: ...`.
SafetensorsEntries parse_safetensors_header(std::string_view header,
                                            std::uint64_t data_bytes,
                                            const std::string& label);

/// Checks the file's first eight bytes, the length of the header. The header is at most 100 MB, as
/// in the reference implementation. Throws InputError.
std::uint64_t safetensors_header_bytes(std::string_view file, const std::string& label);

}  // namespace hexgen
