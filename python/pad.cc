#include "convstep/pad.h"

#include <string>

#include "python/bindings.h"
#include "python/call.h"
#include "python/options.h"

namespace convstep::python {
namespace {

nb::object pad(const Input& input, const Padding& padding, nb::handle out, Layout layout, const Words& words) {
  return with_value_errors(words, [&] {
    return with_scalar(input.scalar(), [&]<class T>(T) {
      const View<const T, 4> x = input.volume<T>(layout);
      const Output output(out, pad_output_shape(x.shape(), padding), kFormat<T>, layout);
      const View<T, 4> y = output.volume<T>(layout);
      const ProgressCallback progress = y.size() > kWorthInterrupting ? interruptible() : ProgressCallback();
      without_gil([&] { zero_pad(x, y, padding, progress); });
      return output.array();
    });
  });
}

nb::object notebook_zero_pad(nb::handle X, nb::handle pad_size) {
  const Input input("X", X);
  const int64_t size = to_integer("pad", pad_size);
  if (size < 0) throw nb::value_error(("pad: got " + std::to_string(size) + ", expected 0 or more").c_str());
  return pad(input, Padding::all(size), nb::none(), Layout::kNHWC, kZeroPadWords);
}

nb::object pad2d(nb::handle input, nb::handle padding, nb::handle out, nb::handle layout_name) {
  const Layout layout = to_layout(layout_name);
  return pad(Input("input", input), to_padding(padding), out, layout, words_for(layout));
}

constexpr const char* kZeroPadDoc = R"(Add `pad` rows and columns of zeros around every image.

``X_pad[i, h + pad, w + pad, c] = X[i, h, w, c]``, and 0 elsewhere.

Parameters
----------
X : array_like, shape (m, n_H, n_W, n_C)
    Images; float32 and float64 are kept, integers and bools become float64.
pad : int
    How many on each side, 0 or more.

Returns
-------
X_pad : ndarray, shape (m, n_H + 2*pad, n_W + 2*pad, n_C)

Raises
------
ValueError
    X has not four axes, an axis of length 0 other than the first, or `pad` is negative.
TypeError
    X is no array of numbers that fit in float64, or `pad` is no integer.

Examples
--------
>>> import numpy as np
>>> zero_pad(np.ones((4, 3, 3, 2)), 2).shape
(4, 7, 7, 2)
)";

constexpr const char* kPad2dDoc = R"(Pad height and width with zeros.

``output[n, y + top, x + left, c] = input[n, y, x, c]``, and 0 elsewhere.

Parameters
----------
input : array_like, shape (N, H, W, C), or (N, C, H, W) for layout "NCHW"
padding : int, (height, width) or ((top, bottom), (left, right))
out : ndarray, optional
    Where to write the result: of its shape and dtype, writable, not overlapping the input.
layout : {"NHWC", "NCHW"}

Returns
-------
output : ndarray, shape (N, top + H + bottom, left + W + right, C), or with C second
    `out`, if it was given.

Raises
------
ValueError, TypeError
    As `conv2d` does.

Examples
--------
>>> import numpy as np
>>> pad2d(np.ones((1, 2, 2, 1)), padding=((1, 0), (0, 1)))[0, :, :, 0]
array([[0., 0., 0.],
       [1., 1., 0.],
       [1., 1., 0.]])
)";

}  // namespace

void bind_pad(nb::module_& module) {
  module.def("zero_pad", &notebook_zero_pad, nb::arg("X").none(), nb::arg("pad").none(), kZeroPadDoc);
  module.def("pad2d", &pad2d, nb::arg("input").none(), nb::kw_only(), nb::arg("padding").none(),
             nb::arg("out") = nb::none(), nb::arg("layout").none() = "NHWC", kPad2dDoc);
}

}  // namespace convstep::python
