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

nb::object to_outs(nb::handle out, bool has_bias) {
  if (out.is_none()) return nb::make_tuple(nb::none(), nb::none(), nb::none());
  if (!PyTuple_Check(out.ptr()) || PyTuple_GET_SIZE(out.ptr()) != 3) {
    const std::string given = Py_TYPE(out.ptr())->tp_name;
    throw nb::type_error(
        ("out: got a " + given + ", expected a tuple of three, (input_grad, weights_grad, bias_grad)").c_str());
  }
  const nb::handle bias_grad = PyTuple_GET_ITEM(out.ptr(), 2);
  if (!has_bias && !bias_grad.is_none()) {
    const std::string given = Py_TYPE(bias_grad.ptr())->tp_name;
    throw nb::type_error(("out[2]: got a " + given + ", expected None where there is no bias").c_str());
  }
  return nb::borrow(out);
}

}  // namespace convstep::python
