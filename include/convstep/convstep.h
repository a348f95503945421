// convstep.h: all operations. Files are apart, in npy.h and image.h: they need more libraries (convstep::io).
//
//   #include <convstep/convstep.h>
//
//   convstep::Tensor<float, 4> image({1, 224, 224, 3}), weights({3, 3, 3, 64});
//   convstep::Tensor<float, 1> bias({64});
//   // ... fill them ...
//   convstep::ConvOptions options{.stride = 2, .padding = 1, .activation = convstep::Activation::kRelu};
//   convstep::Tensor<float, 4> output(convstep::conv_output_shape(image.shape(), weights.shape(), options));
//   convstep::conv_forward(image, weights, bias, output, options);  // output is (1, 112, 112, 64)
#pragma once

#include "convstep/activation.h"  // IWYU pragma: export
#include "convstep/conv.h"        // IWYU pragma: export
#include "convstep/error.h"       // IWYU pragma: export
#include "convstep/linear.h"      // IWYU pragma: export
#include "convstep/loss.h"        // IWYU pragma: export
#include "convstep/network.h"     // IWYU pragma: export
#include "convstep/notebook.h"    // IWYU pragma: export
#include "convstep/numerics.h"    // IWYU pragma: export
#include "convstep/pad.h"         // IWYU pragma: export
#include "convstep/pool.h"        // IWYU pragma: export
#include "convstep/runtime.h"     // IWYU pragma: export
#include "convstep/shape.h"       // IWYU pragma: export
#include "convstep/tensor.h"      // IWYU pragma: export
#include "convstep/training.h"    // IWYU pragma: export
#include "convstep/version.h"     // IWYU pragma: export
#include "convstep/wording.h"     // IWYU pragma: export
