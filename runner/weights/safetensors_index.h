#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hexgen {

/// Reads a model.safetensors.index.json: for each tensor the file that holds it, the name of a file
/// in the same folder. Throws InputError: `model.safetensors.index.json: weight_map.lm_head.weight:
/// ...`.
std::map<std::string, std::string> parse_safetensors_index(std::string_view text,
                                                           const std::string& label);

}  // namespace hexgen
