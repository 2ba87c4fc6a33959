#include "profiles/catalogue.h"

#include <algorithm>

#include "profiles/builtin_files.h"
#include "profiles/catalogue_json.h"
#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/names.h"

namespace hexgen {

namespace {

JsonDocument parse_builtin(const std::string& name, const std::string& format) {
  JsonDocument document = JsonDocument::parse(builtin_file(name).value(), name);
  document.root().expect_format(format);
  return document;
}

bool has_alias(const CatalogueGpu& gpu, const std::string& name) {
  return std::any_of(gpu.aliases.begin(), gpu.aliases.end(), [&](const std::string& alias) {
    return equal_ignoring_case(alias, name);
  });
}

}  // namespace

Catalogue::Catalogue(std::vector<CatalogueGpu> gpus, std::vector<LinkType> links)
    : gpus_(std::move(gpus)),
      links_(std::move(links)) {}

Catalogue Catalogue::builtin() {
  Catalogue catalogue({}, {});
  const JsonDocument links = parse_builtin("links.json", "hexgen.links/1");
  for (const JsonReader& entry : links.root().at("links").items()) {
    catalogue.add(link_type_from_json(entry, nullptr));
  }
  const JsonDocument gpus = parse_builtin("gpus.json", "hexgen.gpus/1");
  for (const JsonReader& entry : gpus.root().at("gpus").items()) {
    catalogue.add(gpu_from_json(entry, nullptr));
  }
  return catalogue;
}

const CatalogueGpu* Catalogue::find_gpu(const std::string& name) const {
  for (const CatalogueGpu& gpu : gpus_) {
    if (equal_ignoring_case(gpu.type.name, name)) {
      return &gpu;
    }
  }
  for (const CatalogueGpu& gpu : gpus_) {
    if (has_alias(gpu, name)) {
      return &gpu;
    }
  }
  return nullptr;
}

const LinkType* Catalogue::find_link(const std::string& name) const {
  for (const LinkType& link : links_) {
    if (equal_ignoring_case(link.name, name)) {
      return &link;
    }
  }
  return nullptr;
}

const CatalogueGpu& Catalogue::gpu(const std::string& name) const {
  if (const CatalogueGpu* found = find_gpu(name)) {
    return *found;
  }
  throw InputError("'" + name + "' is no known GPU type, " + advice(name, gpu_names()));
}

const LinkType& Catalogue::link(const std::string& name) const {
  if (const LinkType* found = find_link(name)) {
    return *found;
  }
  throw InputError("'" + name + "' is no known link type, " + advice(name, link_names()));
}

void Catalogue::add(CatalogueGpu gpu) {
  for (CatalogueGpu& known : gpus_) {
    if (equal_ignoring_case(known.type.name, gpu.type.name)) {
      known = std::move(gpu);
      return;
    }
  }
  gpus_.push_back(std::move(gpu));
}

void Catalogue::add(LinkType link) {
  for (LinkType& known : links_) {
    if (equal_ignoring_case(known.name, link.name)) {
      known = std::move(link);
      return;
    }
  }
  links_.push_back(std::move(link));
}

std::vector<std::string> Catalogue::gpu_names() const {
  std::vector<std::string> names;
  for (const CatalogueGpu& gpu : gpus_) {
    names.push_back(gpu.type.name);
  }
  return names;
}

std::vector<std::string> Catalogue::link_names() const {
  std::vector<std::string> names;
  for (const LinkType& link : links_) {
    names.push_back(link.name);
  }
  return names;
}

Cluster one_node_cluster(const Catalogue& catalogue, const std::string& gpu_type, int gpus) {
  const CatalogueGpu& gpu = catalogue.gpu(gpu_type);
  return {std::to_string(gpus) + "x " + gpu.type.name,
          {gpu.type},
          {catalogue.link(gpu.usual_link)},
          {{.name = "node", .region = "local", .gpus = gpus}},
          {Link{}}};
}

}  // namespace hexgen
