// wording.h: the words of the package's messages: the names of its arguments, the order of the caller's axes, and what
// to write where arrays are in another one.
#pragma once

#include "convstep/wording.h"
#include "python/arrays.h"

namespace convstep::python {

extern const Wording kZeroPadWording, kNotebookWording, kNhwcWording, kNchwWording;

inline const Wording& wording_for(Layout layout) { return layout == Layout::kNHWC ? kNhwcWording : kNchwWording; }

}  // namespace convstep::python
