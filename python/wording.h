// wording.h: the words of the package's messages: the names of its arguments, the order of the caller's axes, and what
// to write where arrays are in another one.
#pragma once

#include "convstep/wording.h"
#include "python/arrays.h"

namespace convstep::python {

extern const Wording kZeroPadWording, kNotebookWording, kNhwcWording, kNchwWording;

inline const Wording& wording_for(Layout layout) { return layout == Layout::kNHWC ? kNhwcWording : kNchwWording; }

// Of the notebook's conv_backward and pool_backward.
extern const Wording kConvBackwardWording, kPoolBackwardWording;

// What the functions of gradients take in the place of arrays of the layer: the shape of what they compute.
enum class Shapeless { kNone, kInput, kWeights };

// What is `out`: the one gradient; a tuple of weights_grad and bias_grad; or one of input_grad, weights_grad,
// bias_grad.
enum class Outs { kOne, kPair, kTriple };

// Their words.
const Wording& gradient_wording(Layout layout, Shapeless shapeless, Outs outs = Outs::kOne);

// Of linear layers, whose arrays have two axes, and of losses.
extern const Wording kLinearWording, kLossWording;

}  // namespace convstep::python
