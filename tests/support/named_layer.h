// named_layer.h: a convolution as tables of tests have it, with a name that says what is special about it.
#pragma once

#include "convstep/conv.h"

namespace convstep {

struct NamedLayer {
  const char* name;
  Shape<4> input, weights;
  ConvOptions options;
};

}  // namespace convstep
