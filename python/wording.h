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

// Their words. With `has_pair` weights_grad is the first of two outputs.
const Wording& gradient_wording(Layout layout, Shapeless shapeless, bool has_pair = false);

}  // namespace convstep::python
