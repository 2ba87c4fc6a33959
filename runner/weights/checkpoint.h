#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runner/element_type.h"
#include "runner/weights/mapped_file.h"
#include "runner/weights/safetensors_header.h"
#include "runner/weights/weight_source.h"

namespace hexgen {

/// The tensors of a Hugging Face folder: model.safetensors, or the files that
/// model.safetensors.index.json names. Files are mapped; read() touches only the slice it is asked
/// for. F32, F16 and BF16.
class Checkpoint : public WeightSource {
 public:
  /// Throws InputError for a file that is missing or breaks a rule of the format, and for tensors
  /// that the index names and its file does not have.
  explicit Checkpoint(const std::string& folder);

  void read(const TensorSlice& slice, float* out) const override;

  /// That of most elements; some checkpoints keep a few small tensors in fp32.
  ElementType most_common_type() const;

 private:
  struct File {
    std::string path;
    MappedFile mapped;
    std::size_t data_begin = 0;
    SafetensorsEntries entries;
  };

  struct Tensor {
    const File* file = nullptr;
    const SafetensorsEntry* entry = nullptr;
  };

  const File& open_file(const std::string& path);
  void open_index(const std::string& folder, const std::string& index_path);
  const Tensor& tensor_for(const TensorSlice& slice) const;

  std::string folder_;
  std::vector<std::unique_ptr<File>> files_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace hexgen
