#include "runner/graph_timing.h"

#include "runner/cuda_graph.h"
#include "runner/event_timer.h"

namespace hexgen {

Timing time_in_graph(const Stream& stream, int calls, const std::function<void(int)>& call) {
  constexpr int kWarmUps = 2;
  constexpr int kSamples = 11;
  call(0);  // outside the graph: loads modules, which a capture may not
  const CudaGraph graph(stream, [&] {
    for (int i = 0; i < calls; ++i) {
      call(i);
    }
  });
  EventTimer timer;
  std::vector<double> samples_s;
  for (int i = 0; i < kWarmUps + kSamples; ++i) {
    timer.start(stream);
    graph.launch(stream);
    timer.stop(stream);
    stream.synchronize();
    if (i >= kWarmUps) {
      samples_s.push_back(timer.elapsed_s() / calls);
    }
  }
  return summarize(std::move(samples_s));
}

}  // namespace hexgen
