#pragma once

#include "cost_models/plan.h"
#include "profiles/cluster.h"
#include "simulator/serving_system.h"

namespace hexgen {

/// Says where the transfers of a plan's pipelines cross the network, so that they share it. Between
/// two nodes the bytes pass the sender's NIC, the link between the nodes, that between their
/// regions when they differ, and the receiver's NIC, each of which has a capacity for each
/// direction. The cluster gives the bandwidth of pairs of nodes: a pair's link has it, a NIC
/// carries the fastest of its node's links, two regions are joined by one link as fast as the
/// fastest between their nodes. Links inside a node belong to the ports of the devices, which serve
/// one stage each, and are not shared. All-reduces go around the group's nodes, region by region;
/// broadcasts go along them.
void share_network(const Plan& plan, const Cluster& cluster, ServingSystem& system);

}  // namespace hexgen
