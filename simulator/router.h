#pragma once

#include <memory>
#include <vector>

#include "simulator/replica.h"

namespace hexgen {

/// Chooses the replica of an arriving request. One call a request, in order of arrival.
class Router {
 public:
  virtual ~Router() = default;

  /// Index of a replica that fits the request; -1 when none does.
  virtual int choose(const RequestSpec& request, const std::vector<Replica>& replicas) = 0;

  /// True when choose() reads the state of the replicas, which must then be up to date.
  virtual bool reads_state() const = 0;
};

/// `system` outlives the router.
std::unique_ptr<Router> make_router(RouterKind kind, const ServingSystem& system);

}  // namespace hexgen
