#pragma once

#include <string>
#include <vector>

#include "profiles/cluster.h"
#include "profiles/input_file.h"

namespace hexgen {

/// Machines that can be rented: "hexgen.price_list/1".
struct PriceList {
  Cluster machines;                // one node an offer, under the offer's name
  std::vector<int> available;      // [offer]: machines, at least 1
  std::vector<Link> links_within;  // [offer]: between two of its machines; unused where only one is

  std::size_t num_offers() const { return available.size(); }
};

/// Types, links and their precedence are those of a cluster file (profiles/cluster_json.h), with
/// links.offers in place of links.nodes; an offer may have a link to itself there, between two of
/// its machines. Throws InputError.
PriceList parse_price_list(const InputFile& file);

/// The offers without those named. Throws InputError for a name that is not there and when nothing
/// would be left.
PriceList without_offers(const PriceList& list, const std::vector<std::string>& names);

/// The cluster of `counts[offer]` machines of each offer, named "offer-0", "offer-1" and so on, in
/// the order of the offers.
Cluster rented_cluster(const PriceList& list, const std::vector<int>& counts);

}  // namespace hexgen
