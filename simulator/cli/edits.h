#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace hexgen {

/// What --set asks for: `cluster.nodes.il-0.gpu_type=T4`. The path goes through keys, separated by
/// dots, and elements of arrays, by position ([0]) or by their "name"; a link is also called by its
/// two ends, joined by a hyphen. The value is JSON, or else a string. A last key that is not there
/// is added, for what reads the document to judge.
class Edits {
 public:
  /// Throws InputError for what is not PATH=VALUE or does not start with one of `roots`.
  Edits(const std::vector<std::string>& texts, const std::vector<std::string>& roots);

  bool any_of(const std::string& root) const;

  /// Makes the edits of this root in `document`, which is that root's value. Throws InputError with
  /// the nearest name for a path that is not there.
  void apply(const std::string& root, nlohmann::json& document) const;

 private:
  struct Edit {
    std::string text;
    std::string root;
    std::string path;  // below the root: ".nodes[0].gpus"
    std::string value;
  };

  std::vector<Edit> edits_;
};

}  // namespace hexgen
