// table.h: the steps of a plan, for people.
#pragma once

#include "convstep/network.h"
#include "network/dims.h"

namespace convstep::network {

// A line for each step, and one for their sums; with times, where they were measured.
std::string table_of(const std::vector<NetworkStep>& steps, size_t memory_bytes, bool has_times);

}  // namespace convstep::network
