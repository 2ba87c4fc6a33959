#pragma once

#include <string>
#include <vector>

namespace hexgen {

/// Time of an operator by its rows: tokens, or sequences where only their last tokens take part.
struct RowTime {
  int rows = 0;
  double time_s = 0;

  bool operator==(const RowTime&) const = default;
};

/// An operator of every layer, rising by rows.
struct LayerOperator {
  std::string name;
  int per_layer = 1;  // calls in one layer
  std::vector<RowTime> times;

  bool operator==(const LayerOperator&) const = default;
};

/// Attention of one layer over one batch: a prompt chunk of `prefill_tokens` that finds
/// `prefill_kv_tokens` in its cache, beside `decode_sequences` that read `decode_kv_tokens` each. 0
/// where the batch has no such part.
struct AttentionTime {
  int prefill_tokens = 0;
  int prefill_kv_tokens = 0;
  int decode_sequences = 0;
  int decode_kv_tokens = 0;
  double time_s = 0;

  bool operator==(const AttentionTime&) const = default;
};

/// What unlike contexts in one decode batch cost: the share of the way from the time with all
/// contexts at the mean to the time with all at the maximum. `prefill_tokens` and
/// `decode_sequences` are measured points, the others the upper ends of the ranges that `share`
/// holds for.
struct SkewShare {
  int prefill_tokens = 0;
  int decode_sequences = 0;
  double mean_position = 0;  // of the mean context between shortest (0) and longest (1)
  int longest_kv_tokens = 0;
  int prefill_kv_tokens = 0;
  double share = 0;

  bool operator==(const SkewShare&) const = default;
};

/// Times of the operators of one model on one GPU type at one TP degree, measured inside a serving
/// engine: one GPU's part of the work, without the all-reduces.
struct LayerProfile {
  std::string source;    // what the values came from
  std::string gpu_type;  // name in the catalogue
  std::string model;
  int tp_degree = 1;
  std::vector<LayerOperator> layer_operators;  // by tokens, all but attention
  std::vector<RowTime> embedding;              // by tokens
  std::vector<RowTime> final_norm;             // by tokens
  std::vector<RowTime> lm_head;                // by sequences
  std::vector<RowTime> sampler;                // by sequences
  std::vector<AttentionTime> attention;
  std::vector<SkewShare> skew;  // empty: not measured

  bool operator==(const LayerProfile&) const = default;
};

/// Reads a layer profile (`hexgen.layer_profile/1`); throws InputError naming file and JSON path.
/// Tables come in any order and may have gaps, but no point twice.
LayerProfile read_layer_profile(const std::string& path);

/// "llama-2-70b on T4 at TP degree 1"
std::string subject_of(const LayerProfile& profile);

/// The file's text, one point of a table a line.
std::string layer_profile_text(const LayerProfile& profile);

}  // namespace hexgen
