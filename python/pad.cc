#include "convstep/pad.h"

#include <string>

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/gradients.h"
#include "python/options.h"

namespace convstep::python {
namespace {

nb::object pad(const Input& input, const Padding& padding, nb::handle out, Count threads, Layout layout,
               const Wording& wording) {
  return with_value_errors(wording, [&] {
    return with_scalar(input.scalar(), [&]<class T>(T) {
      const View<const T, 4> x = input.volume<T>(layout);
      const Output output(out, pad_output_shape(x.shape(), padding), kFormat<T>, layout);
      const View<T, 4> y = output.volume<T>(layout);
      RunOptions options{.threads = threads};
      if (y.size() > kWorthInterrupting) options.progress = interruptible();
      without_gil([&] { zero_pad(x, y, padding, options); });
      return output.array();
    });
  });
}

nb::object notebook_zero_pad(nb::handle X, nb::handle pad_size) {
  const Input input("X", X);
  const int64_t size = to_integer("pad", pad_size);
  if (size < 0) throw nb::value_error(("pad: got " + std::to_string(size) + ", expected 0 or more").c_str());
  return pad(input, Padding::all(size), nb::none(), 0, Layout::kNHWC, kZeroPadWording);
}

nb::object pad2d(nb::handle input, nb::handle padding, nb::handle out, nb::handle threads, nb::handle layout_name) {
  const Layout layout = to_layout(layout_name);
  return pad(Input("input", input), to_padding(padding), out, to_threads(threads), layout, wording_for(layout));
}

// A length without its padding.
int64_t inner_length(int64_t padded, int64_t before, int64_t after) {
  return padded - before > after ? padded - before - after : 0;
}

nb::object pad2d_backward(nb::handle grad, nb::handle padding, nb::handle out, nb::handle threads,
                          nb::handle layout_name) {
  const Layout layout = to_layout(layout_name);
  const Padding sides = to_padding(padding);
  RunOptions options{.threads = to_threads(threads)};
  const Input given("grad", grad);
  return with_value_errors(gradient_wording(layout, Shapeless::kNone), [&] {
    return with_scalar(given.scalar(), [&]<class T>(T) {
      const View<const T, 4> g = given.volume<T>(layout);
      const auto [N, H, W, C] = g.shape();
      pad_output_shape({1, 1, 1, 1}, sides);  // throws what is wrong with the padding
      const ErrorText shape = ErrorText::axes("grad", g.shape());
      if (H == 0 || W == 0 || C == 0) throw ShapeError("grad", shape, "no axis of length 0 but the first, the batch");
      const Shape<4> input{N, inner_length(H, sides.top, sides.bottom), inner_length(W, sides.left, sides.right), C};
      if (input[1] == 0 || input[2] == 0) {
        throw ShapeError("grad", shape, ErrorText::axes("grad", pad_output_shape({N, 1, 1, C}, sides)) + " or larger",
                         "the shape of the padded input");
      }
      const Output output(out, input, kFormat<T>, layout);
      const View<T, 4> dx = output.volume<T>(layout);
      check_out("input_grad", dx.shape(), input);
      if (dx.size() > kWorthInterrupting) options.progress = interruptible();
      without_gil([&] { zero_pad_backward(g, dx, sides, options); });
      return output.array();
    });
  });
}

}  // namespace

void define_pad() {
  define<&notebook_zero_pad>("zero_pad");
  define<&pad2d>("pad2d");
  define<&pad2d_backward>("pad2d_backward");
}

}  // namespace convstep::python
