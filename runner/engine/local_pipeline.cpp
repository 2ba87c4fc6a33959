#include "runner/engine/local_pipeline.h"

#include <mutex>
#include <thread>

#include "profiles/errors.h"
#include "runner/comm/thread_transport.h"

namespace hexgen {
namespace {

/// The first of the errors that threads report.
class FirstError {
 public:
  void report(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) {
      error_ = std::move(error);
    }
  }

  void rethrow() const {
    if (error_) {
      std::rethrow_exception(error_);
    }
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

/// A rank's work, whose device errors say where and when they happened.
void work(const PipelineSetup& setup,
          Transport& transport,
          const BackendFactory& make_backend,
          const std::function<void(PipelineRank&)>& body) {
  std::int64_t step = -1;
  try {
    const int device = place_of(setup.pipeline, transport.rank()).device;
    const std::unique_ptr<Backend> backend =
        make_backend(device, setup.cluster.gpu_of(device).sm_limit);
    PipelineRank rank(setup, transport, *backend);
    try {
      if (transport.rank() == 0) {
        body(rank);
        rank.dismiss();
      } else {
        rank.follow();
      }
    } catch (...) {
      step = rank.last_step();
      throw;
    }
  } catch (const DeviceError& error) {
    const std::string when = step < 0 ? "before the first step" : "step " + std::to_string(step);
    throw DeviceError(rank_name(setup, transport.rank()) + ", " + when + ": " + error.what());
  }
}

void work_or_report(const PipelineSetup& setup,
                    Transport& transport,
                    const BackendFactory& make_backend,
                    const std::function<void(PipelineRank&)>& body,
                    FirstError& first) {
  try {
    work(setup, transport, make_backend, body);
  } catch (const std::exception& error) {
    first.report(std::current_exception());
    transport.abort(error.what());
  }
}

}  // namespace

void run_ranks(const PipelineSetup& setup,
               const std::vector<Transport*>& transports,
               const BackendFactory& make_backend,
               const std::function<void(PipelineRank&)>& body) {
  FirstError first;
  std::vector<std::thread> threads;
  for (Transport* transport : transports) {
    threads.emplace_back(
        [&, transport] { work_or_report(setup, *transport, make_backend, body, first); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  first.rethrow();
}

void run_local_pipeline(const PipelineSetup& setup,
                        const BackendFactory& make_backend,
                        double deadline_s,
                        const std::function<void(PipelineRank&)>& body) {
  const int ranks = num_ranks(setup.pipeline);
  ThreadNetwork network(ranks, std::chrono::milliseconds(static_cast<int>(deadline_s * 1e3)));
  std::vector<std::unique_ptr<Transport>> ends;
  std::vector<Transport*> transports;
  for (int rank = 0; rank < ranks; ++rank) {
    ends.push_back(network.transport(rank));
    transports.push_back(ends.back().get());
  }
  run_ranks(setup, transports, make_backend, body);
}

}  // namespace hexgen
