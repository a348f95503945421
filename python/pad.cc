#include "convstep/pad.h"

#include <string>

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
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

}  // namespace

void define_pad() {
  define<&notebook_zero_pad>("zero_pad");
  define<&pad2d>("pad2d");
}

}  // namespace convstep::python
