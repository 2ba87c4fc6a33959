#include "runner/weights/safetensors_header.h"

#include <algorithm>

#include "profiles/errors.h"
#include "profiles/json_reader.h"

namespace hexgen {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr std::int64_t kLargest = std::int64_t{1} << 53;  // integers that JSON holds exactly

struct DtypeSize {
  const char* name;
  std::uint64_t bytes;
};

constexpr DtypeSize kDtypes[] = {
    {"BOOL", 1},
    {"U8", 1},
    {"I8", 1},
    {"F8_E5M2", 1},
    {"F8_E4M3", 1},
    {"I16", 2},
    {"U16", 2},
    {"F16", 2},
    {"BF16", 2},
    {"I32", 4},
    {"U32", 4},
    {"F32", 4},
    {"F64", 8},
    {"I64", 8},
    {"U64", 8},
};

std::uint64_t read_dtype_bytes(const JsonReader& dtype) {
  std::vector<std::string> names;
  std::transform(std::begin(kDtypes), std::end(kDtypes), std::back_inserter(names), [](auto& each) {
    return each.name;
  });
  return kDtypes[dtype.one_of(names)].bytes;
}

/// Bytes of the whole tensor. Refuses shapes beyond 2^53 bytes, so that products do not overflow.
std::uint64_t read_shape(const JsonReader& shape,
                         std::uint64_t bytes,
                         std::vector<std::int64_t>& sizes) {
  for (const JsonReader& size : shape.items()) {
    sizes.push_back(size.integer(0, kLargest));
  }
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) {
    return 0;
  }
  for (const std::int64_t size : sizes) {
    if (static_cast<std::uint64_t>(size) > static_cast<std::uint64_t>(kLargest) / bytes) {
      shape.fail(shape.shown() + " is too large");
    }
    bytes *= static_cast<std::uint64_t>(size);
  }
  return bytes;
}

SafetensorsEntry read_entry(const JsonReader& tensor, std::uint64_t data_bytes) {
  tensor.allow_only({"dtype", "shape", "data_offsets"});
  const JsonReader dtype = tensor.at("dtype");
  SafetensorsEntry entry;
  const std::uint64_t element_bytes = read_dtype_bytes(dtype);
  entry.dtype = dtype.string();
  const std::uint64_t bytes = read_shape(tensor.at("shape"), element_bytes, entry.shape);
  const JsonReader offsets = tensor.at("data_offsets");
  const std::vector<JsonReader> ends = offsets.items();
  if (ends.size() != 2) {
    offsets.fail(std::to_string(ends.size()) + " offsets, expected begin and end");
  }
  entry.begin = static_cast<std::uint64_t>(ends[0].integer(0, kLargest));
  entry.end = static_cast<std::uint64_t>(ends[1].integer(0, kLargest));
  if (entry.end < entry.begin || entry.end > data_bytes) {
    offsets.fail(offsets.shown() + " is not inside the " + std::to_string(data_bytes) +
                 " bytes of data");
  }
  if (entry.end - entry.begin != bytes) {
    offsets.fail(offsets.shown() + " spans " + std::to_string(entry.end - entry.begin) +
                 " bytes, dtype and shape make " + std::to_string(bytes));
  }
  return entry;
}

void check_metadata(const JsonReader& metadata) {
  for (const auto& [key, value] : metadata.members()) {
    if (!value.is_string()) {
      value.fail(value.shown() + " is not a string");
    }
  }
}

/// No byte belongs to two tensors, and none to no tensor.
void check_coverage(const JsonReader& header,
                    const SafetensorsEntries& entries,
                    std::uint64_t data_bytes) {
  std::vector<const SafetensorsEntries::value_type*> in_order;
  for (const auto& named : entries) {
    in_order.push_back(&named);
  }
  std::sort(in_order.begin(), in_order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  std::uint64_t next = 0;
  for (const auto* named : in_order) {
    if (named->second.begin != next) {
      header.at(named->first)
          .at("data_offsets")
          .fail("begins at " + std::to_string(named->second.begin) + ", expected " +
                std::to_string(next) + ", where the data before it end");
    }
    next = named->second.end;
  }
  if (next != data_bytes) {
    header.fail("the last " + std::to_string(data_bytes - next) + " bytes belong to no tensor");
  }
}

}  // namespace

std::uint64_t safetensors_header_bytes(std::string_view file, const std::string& label) {
  if (file.size() < kLengthBytes) {
    throw InputError(label + ": " + std::to_string(file.size()) +
                     " bytes are too few for a safetensors file");
  }
  std::uint64_t bytes = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    bytes = bytes << 8 | static_cast<unsigned char>(file[i]);
  }
  const std::uint64_t room = std::min(file.size() - kLengthBytes, kLongestHeader);
  if (bytes > room) {
    throw InputError(label + ": a header of " + std::to_string(bytes) +
                     " bytes, expected at most " + std::to_string(room));
  }
  return bytes;
}

SafetensorsEntries parse_safetensors_header(std::string_view header,
                                            std::uint64_t data_bytes,
                                            const std::string& label) {
  if (header.empty() || header.front() != '{') {
    throw InputError(label + ": the header does not begin with '{'");
  }
  if (header[header.find_last_not_of(' ')] != '}') {
    throw InputError(label + ": the header does not end with '}' and spaces");
  }
  const JsonDocument document = JsonDocument::parse(header, label);
  SafetensorsEntries entries;
  const JsonReader root = document.root();
  for (const auto& [name, tensor] : root.members()) {
    if (name == "__metadata__") {
      check_metadata(tensor);
    } else {
      entries.emplace(name, read_entry(tensor, data_bytes));
    }
  }
  check_coverage(root, entries, data_bytes);
  return entries;
}

}  // namespace hexgen
