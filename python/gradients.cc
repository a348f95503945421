#include "python/gradients.h"

#include <string>

namespace convstep::python {

void check_grad(const Shape<4>& grad, const Shape<4>& output, Layout layout, const char* whose) {
  if (grad == output) return;
  const auto [N, OH, OW, O] = output;
  std::string hint = whose;
  // What the library sees of an array in the other layout.
  if (layout == Layout::kNHWC && grad == Shape<4>{N, O, OH, OW}) hint = "it looks like (N, C, H, W)";
  if (layout == Layout::kNCHW && grad == Shape<4>{N, OW, O, OH}) hint = "it looks like (N, H, W, C)";
  throw ShapeError("grad", ErrorText::axes("grad", grad), ErrorText::axes("grad", output), hint);
}

void check_out(const char* argument, const Shape<4>& given, const Shape<4>& expected) {
  if (given == expected) return;
  throw ShapeError(argument, ErrorText::axes(argument, given), ErrorText::axes(argument, expected));
}

}  // namespace convstep::python
