#pragma once

#include <memory>
#include <vector>

#include "simulator/replica.h"

namespace hexgen {

/// Chooses the replica of a request that arrives or lost its replica. Calls are in order of time.
class Router {
 public:
  virtual ~Router() = default;

  /// Index of a replica that is up and fits the request; -1 when none does. The request comes at
  /// `now`, for the first time or again.
  virtual int choose(const RequestSpec& request,
                     SimTime now,
                     const std::vector<Replica>& replicas) = 0;

  /// A replica went down and lost all that was sent there.
  virtual void lost(int /*replica*/, SimTime /*now*/) {}

  /// True when choose() reads the state of the replicas, which must then be up to date.
  virtual bool reads_state() const = 0;
};

/// `system` outlives the router.
std::unique_ptr<Router> make_router(RouterKind kind, const ServingSystem& system);

}  // namespace hexgen
