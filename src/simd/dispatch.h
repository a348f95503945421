// dispatch.h: how a kernel's functions are found, one for each SIMD target. For kernel.cc files, which include Highway.
#pragma once

#include "runtime/targets.h"

// The function of a target that HWY_EXPORT(name) knows. HWY_DYNAMIC_DISPATCH(name) would be that of Highway's own
// choice, which belongs to all users of Highway in the process.
#define CONVSTEP_KERNEL(name, target) (*HWY_DISPATCH_TABLE(name)[(target).table_index])
