#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cost_models/ragged_table.h"
#include "profiles/layer_profile.h"

namespace hexgen {

/// One iteration of a stage as the measured tables are asked for it.
struct MeasuredBatch {
  double prefill_tokens = 0;     // summed over the prompt chunks
  double prefill_kv_tokens = 0;  // cached before its chunk, for the average prompt token
  double decode_sequences = 0;
  double mean_kv_tokens = 0;  // read by each decoding sequence
  double shortest_kv_tokens = 0;
  double longest_kv_tokens = 0;
  double logit_rows = 0;  // sequences that emit a token

  double tokens() const { return prefill_tokens + decode_sequences; }
};

/// Time from tables; `outside` when a part of it lay above the measured range.
struct MeasuredTime {
  double time_s = 0;
  bool outside = false;
};

/// The tables of a layer profile, ready to be looked up. All times are of one GPU of the TP group
/// and without all-reduces. Immutable, so threads may share one.
///
/// Between measured points times are interpolated linearly. Above the last point they go on along
/// the last two, which is how a roofline continues. Skew: decode attention reads contexts of
/// different lengths in time mean + share * (longest - mean), where mean and longest are the times
/// with all contexts that long and the share was measured with two lengths in the batch.
class MeasuredLayers {
 public:
  explicit MeasuredLayers(const LayerProfile& profile);

  /// All operators of one layer but attention.
  MeasuredTime dense(double tokens) const;

  /// Attention of one layer.
  MeasuredTime attention(const MeasuredBatch& batch) const;

  /// Embedding of the first stage.
  MeasuredTime embedding(double tokens) const;

  /// Final norm, LM head and sampler of the last stage; the latter two only for `logit_rows` > 0.
  MeasuredTime head(double tokens, double logit_rows) const;

 private:
  Lookup attention_at(const MeasuredBatch& batch, double kv_tokens) const;
  double skew_share(const MeasuredBatch& batch) const;

  RaggedTable dense_;       // tokens -> s
  RaggedTable embedding_;   // tokens -> s
  RaggedTable final_norm_;  // tokens -> s
  RaggedTable lm_head_;     // sequences -> s
  RaggedTable sampler_;     // sequences -> s
  RaggedTable attention_;   // prefill tokens, prefill KV, decode sequences, decode KV -> s
  RaggedTable skew_;  // mean position, longest KV, prefill KV, prefill tokens, decode sequences
};

/// A stage whose times come from tables.
struct MeasuredStage {
  std::shared_ptr<const MeasuredLayers> layers;
  int num_layers = 0;
  bool first = true;  // holds the embedding
  bool last = true;   // holds the final norm, LM head and sampler

  /// All but attention.
  MeasuredTime without_attention(double tokens, double logit_rows) const;
  MeasuredTime attention(const MeasuredBatch& batch) const;

  double time_s(const MeasuredBatch& batch) const {
    return without_attention(batch.tokens(), batch.logit_rows).time_s + attention(batch).time_s;
  }
};

/// The layer profiles at hand, each ready to be looked up. Cheap to copy.
class LayerTables {
 public:
  /// A later profile of the same model, GPU type and TP degree comes second.
  void add(const LayerProfile& profile);

  bool empty() const { return tables_.empty(); }

  /// Null: not measured. Names are compared ignoring case.
  std::shared_ptr<const MeasuredLayers> find(const std::string& model,
                                             const std::string& gpu_type,
                                             int tp_degree) const;

 private:
  struct Table {
    std::string model;
    std::string gpu_type;
    int tp_degree = 1;
    std::shared_ptr<const MeasuredLayers> layers;
  };

  std::vector<Table> tables_;
};

}  // namespace hexgen
