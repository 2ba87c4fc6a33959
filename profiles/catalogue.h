#pragma once

#include <string>
#include <vector>

#include "profiles/cluster.h"
#include "profiles/gpu_type.h"

namespace hexgen {

/// A GPU type with the other names it is known by and the link its machines usually have.
struct CatalogueGpu {
  GpuType type;
  std::vector<std::string> aliases;  // as nvidia-smi and Kubernetes labels print it
  std::string usual_link;            // name of a link type
};

/// GPU and link types by name.
class Catalogue {
 public:
  Catalogue(std::vector<CatalogueGpu> gpus, std::vector<LinkType> links);

  /// What is compiled in: profiles/gpus.json and profiles/links.json.
  static Catalogue builtin();

  /// By name, else by alias, upper or lower case alike; null when there is none.
  const CatalogueGpu* find_gpu(const std::string& name) const;
  const LinkType* find_link(const std::string& name) const;

  /// The same, but a name that is not known throws InputError with the nearest known one.
  const CatalogueGpu& gpu(const std::string& name) const;
  const LinkType& link(const std::string& name) const;

  /// Adds a type, in place of the one of that name if there is one.
  void add(CatalogueGpu gpu);
  void add(LinkType link);

  const std::vector<CatalogueGpu>& gpus() const { return gpus_; }

  std::vector<std::string> gpu_names() const;
  std::vector<std::string> link_names() const;

 private:
  std::vector<CatalogueGpu> gpus_;
  std::vector<LinkType> links_;
};

/// One node of `gpus` devices joined by the type's usual link, such as the reference deployment of
/// an SLO scale. Throws InputError when the type is not known.
Cluster one_node_cluster(const Catalogue& catalogue, const std::string& gpu_type, int gpus);

}  // namespace hexgen
