// activation.cc: the gradients of activations, which are options of a layer on the way forward.
#include "convstep/activation.h"

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/options.h"

namespace convstep::python {
namespace {

// Rows, as linear layers have them, as an image of one row.
template <class T>
View<T, 4> as_image(const View<T, 2>& rows) {
  return {rows.data(), {1, 1, rows.shape(0), rows.shape(1)}, {0, 0, rows.stride(0), rows.stride(1)}};
}

nb::object python_activation_backward(nb::handle grad, nb::handle input, nb::handle activation_name, nb::handle slope,
                                      nb::handle out, nb::handle threads) {
  const Activation activation = to_activation(activation_name);
  const double below = to_real("slope", slope);
  RunOptions options{.threads = to_threads(threads)};
  Input g("grad", grad), x("input", input);
  return with_value_errors(gradient_wording(Layout::kNHWC, Shapeless::kNone), [&] {
    return with_scalar(promote({&g, &x}), [&]<class T>(T) {
      const auto run = [&](const View<const T, 4>& gradients, const View<const T, 4>& values, const View<T, 4>& to) {
        if (values.size() > kWorthInterrupting) options.progress = interruptible();
        without_gil([&] { activation_backward(gradients, values, to, activation, below, options); });
      };
      if (g.axes() == 2 && x.axes() == 2) {
        const View<const T, 2> gradients = g.view<T, 2>(), values = x.view<T, 2>();
        const Output output(out, values.shape(), kFormat<T>);
        run(as_image(gradients), as_image(values), as_image(output.view<T, 2>()));
        return output.array();
      }
      const View<const T, 4> gradients = g.volume<T>(Layout::kNHWC), values = x.volume<T>(Layout::kNHWC);
      const Output output(out, values.shape(), kFormat<T>, Layout::kNHWC);
      run(gradients, values, output.volume<T>(Layout::kNHWC));
      return output.array();
    });
  });
}

}  // namespace

void define_activation() { define<&python_activation_backward>("activation_backward"); }

}  // namespace convstep::python
