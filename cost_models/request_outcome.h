#pragma once

#include <cstdint>

#include "cost_models/sim_time.h"

namespace hexgen {

enum class RequestState : std::uint8_t {
  kInFlight,   // waiting or running at the horizon
  kCompleted,  // emitted its last token
  kRejected,   // longer than the model's context, or than the KV room of every replica
  kFailed      // in the end no replica was up that could have served it
};

/// What became of one request, simulated or real.
struct RequestOutcome {
  SimTime arrival = 0;
  SimTime first_token = 0;
  SimTime last_token = 0;
  int prompt_tokens = 0;
  int output_tokens = 0;
  int replica = -1;  // the last one it was sent to; -1: none
  RequestState state = RequestState::kInFlight;
  std::uint16_t retries = 0;  // times that the replica it was sent to went down

  bool completed() const { return state == RequestState::kCompleted; }

  double arrival_s() const { return to_seconds(arrival); }

  double first_token_s() const { return to_seconds(first_token); }

  double last_token_s() const { return to_seconds(last_token); }

  double ttft_s() const { return to_seconds(first_token - arrival); }

  double e2e_s() const { return to_seconds(last_token - arrival); }

  /// (last token - first token) / (output_tokens - 1); 0 for a single output token.
  double tpot_s() const {
    return output_tokens > 1 ? to_seconds(last_token - first_token) / (output_tokens - 1) : 0.0;
  }

  bool operator==(const RequestOutcome&) const = default;
};

}  // namespace hexgen
