#include "runner/weights/checkpoint.h"

#include <cstring>
#include <filesystem>

#include "kernels/bfloat16.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "runner/weights/safetensors_index.h"

namespace hexgen {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

template <typename Element>
void convert(const char* from, int count, float* out) {
  for (int i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, from + static_cast<std::size_t>(i) * sizeof(Element), sizeof(Element));
    out[i] = to_float(element);
  }
}

void convert_row(const std::string& dtype, const char* from, int count, float* out) {
  if (dtype == "F32") {
    std::memcpy(out, from, static_cast<std::size_t>(count) * sizeof(float));
  } else if (dtype == "F16") {
    convert<kernels::Float16>(from, count, out);
  } else {
    convert<kernels::Bfloat16>(from, count, out);
  }
}

}  // namespace

Checkpoint::Checkpoint(const std::string& folder)
    : folder_(folder) {
  const fs::path root(folder);
  if (fs::exists(root / kIndexFile)) {
    open_index(folder, (root / kIndexFile).string());
  } else if (fs::exists(root / kSingleFile)) {
    const File& file = open_file((root / kSingleFile).string());
    for (const auto& [name, entry] : file.entries) {
      tensors_[name] = {&file, &entry};
    }
  } else {
    throw InputError(folder + ": holds neither " + kSingleFile + " nor " + kIndexFile);
  }
}

const Checkpoint::File& Checkpoint::open_file(const std::string& path) {
  auto file = std::make_unique<File>(File{.path = path, .mapped = MappedFile(path)});
  const std::string_view bytes = file->mapped.bytes();
  const std::uint64_t header_bytes = safetensors_header_bytes(bytes, path);
  const std::size_t length_bytes = sizeof(header_bytes);
  file->data_begin = length_bytes + header_bytes;
  file->entries = parse_safetensors_header(
      bytes.substr(length_bytes, header_bytes), bytes.size() - file->data_begin, path);
  files_.push_back(std::move(file));
  return *files_.back();
}

void Checkpoint::open_index(const std::string& folder, const std::string& index_path) {
  std::map<std::string, const File*> opened;
  for (const auto& [name, file_name] : parse_safetensors_index(read_file(index_path), index_path)) {
    const File*& file = opened[file_name];
    if (file == nullptr) {
      file = &open_file((fs::path(folder) / file_name).string());
    }
    const auto entry = file->entries.find(name);
    if (entry == file->entries.end()) {
      throw InputError(index_path + ": weight_map." + name + ": the file \"" + file_name +
                       "\" has no such tensor");
    }
    tensors_[name] = {file, &entry->second};
  }
}

const Checkpoint::Tensor& Checkpoint::tensor_for(const TensorSlice& slice) const {
  const auto found = tensors_.find(slice.tensor);
  if (found == tensors_.end()) {
    throw InputError(folder_ + ": tensor " + slice.tensor + " is missing");
  }
  const SafetensorsEntry& entry = *found->second.entry;
  const std::string label = found->second.file->path + ": " + slice.tensor;
  if (entry.dtype != "F32" && entry.dtype != "F16" && entry.dtype != "BF16") {
    throw InputError(label + ".dtype: " + entry.dtype +
                     " is not supported, expected F32, F16 or BF16");
  }
  std::vector<std::int64_t> expected = {slice.tensor_columns};
  if (slice.tensor_rows != TensorSlice::kVector) {
    expected.insert(expected.begin(), slice.tensor_rows);
  }
  if (entry.shape != expected) {
    throw InputError(label + ".shape: " + shape_text(entry.shape) + ", the config.json makes it " +
                     shape_text(expected));
  }
  return found->second;
}

void Checkpoint::read(const TensorSlice& slice, float* out) const {
  const Tensor& tensor = tensor_for(slice);
  const std::size_t element_bytes = tensor.entry->dtype == "F32" ? 4 : 2;
  const char* data =
      tensor.file->mapped.bytes().data() + tensor.file->data_begin + tensor.entry->begin;
  for (int row = slice.rows.first; row < slice.rows.end(); ++row) {
    const std::size_t first =
        static_cast<std::size_t>(row) * static_cast<std::size_t>(slice.tensor_columns) +
        static_cast<std::size_t>(slice.columns.first);
    convert_row(tensor.entry->dtype, data + first * element_bytes, slice.columns.count, out);
    out += slice.columns.count;
  }
}

ElementType Checkpoint::most_common_type() const {
  std::map<std::string, std::uint64_t> elements;
  for (const auto& [name, tensor] : tensors_) {
    const SafetensorsEntry& entry = *tensor.entry;
    elements[entry.dtype] += (entry.end - entry.begin) / (entry.dtype == "F32" ? 4 : 2);
  }
  const auto most = std::max_element(
      elements.begin(), elements.end(), [](auto& a, auto& b) { return a.second < b.second; });
  if (most == elements.end() || most->first == "F32") {
    return ElementType::kFloat32;
  }
  return most->first == "F16" ? ElementType::kFloat16 : ElementType::kBfloat16;
}

}  // namespace hexgen
