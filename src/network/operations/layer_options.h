// layer_options.h: the options of conv.h and pool.h, of the attributes of a node.
#pragma once

#include "convstep/conv.h"
#include "network/operations/images.h"

namespace convstep::network {

// Of Conv, for images of so many axes besides N and C.
ConvOptions conv_options(const Node& node, int axes);
// Of MaxPool, AveragePool and LpPool.
PoolOptions pool_options(const Node& node, int axes);
// Of GlobalMaxPool, GlobalAveragePool and GlobalLpPool.
PoolOptions global_pool_options(const Node& node, const Shape<4>& input);

}  // namespace convstep::network
