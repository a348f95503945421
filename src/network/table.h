// table.h: the steps of a plan, for people.
#pragma once

#include "convstep/network.h"
#include "network/dims.h"

namespace convstep::network {

// The lengths of the axes in this order.
std::vector<int64_t> in_order(const Dims& shape, const Dims& order);

// A line for each step, and one for their sums; with times, where they were measured.
std::string table_of(const std::vector<NetworkStep>& steps, size_t memory_bytes, bool has_times);

}  // namespace convstep::network
