#pragma once

#include <string>

#include "profiles/import_llmservingsim.h"
#include "profiles/layer_profile.h"

namespace hexgen {

/// Reads the layer times of one machine of Helix (Thesys-lab/Helix-ASPLOS25, simulator/
/// model_manager/MODEL/MACHINE): prompt_bs2time.csv and decode_bs2time.csv in `folder`, "tokens of
/// the batch, ms" and "sequences, ms" of one whole layer. As there, times are linear between the
/// rows, a batch takes the sum of its prompt and its decode time, and contexts do not matter.
/// The layer stands as attention; the other operators, embedding and heads take nothing (1 ns).
/// `subject.gpu_type` need not be in the catalogue: a machine of several GPUs is one device here.
/// Throws InputError naming file and line.
LayerProfile import_helix(const std::string& folder, const LayerProfileSubject& subject);

}  // namespace hexgen
