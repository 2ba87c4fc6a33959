#pragma once

#include <nlohmann/json_fwd.hpp>

#include "profiles/catalogue.h"

namespace hexgen {

class JsonReader;

/// An entry of gpus.json or of a cluster file's "gpu_types". Keys left out keep the values of
/// `base`; with no base they are refused as missing. A number may stand alone or as
/// {"value": .., "source": "..", "certainty": "read"}.
CatalogueGpu gpu_from_json(const JsonReader& entry, const CatalogueGpu* base);

/// An entry of links.json or of a cluster file's "link_types"; `base` as above.
LinkType link_type_from_json(const JsonReader& entry, const LinkType* base);

/// The inverse, complete: what is written reads back as the same type without any catalogue.
nlohmann::ordered_json gpu_to_json(const CatalogueGpu& gpu);
nlohmann::ordered_json link_type_to_json(const LinkType& link);

/// The number that, read in `unit`, gives back exactly `value`: in_unit(1.555e12, 1e9) = 1555.
double in_unit(double value, double unit);

}  // namespace hexgen
