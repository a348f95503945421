// activation.cc: the gradients of activations, which are options of a layer on the way forward.
#include "convstep/activation.h"

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/options.h"

namespace convstep::python {
namespace {

nb::object python_activation_backward(nb::handle grad, nb::handle input, nb::handle activation_name, nb::handle slope,
                                      nb::handle out, nb::handle threads) {
  const Activation activation = to_activation(activation_name);
  const double below = to_real("slope", slope);
  RunOptions options{.threads = to_threads(threads)};
  Input g("grad", grad), x("input", input);
  return with_value_errors(gradient_wording(Layout::kNHWC, Shapeless::kNone), [&] {
    return with_scalar(promote({&g, &x}), [&]<class T>(T) {
      const View<const T, 4> gradients = g.volume<T>(Layout::kNHWC), values = x.volume<T>(Layout::kNHWC);
      const Output output(out, values.shape(), kFormat<T>, Layout::kNHWC);
      const View<T, 4> input_grad = output.volume<T>(Layout::kNHWC);
      if (values.size() > kWorthInterrupting) options.progress = interruptible();
      without_gil([&] { activation_backward(gradients, values, input_grad, activation, below, options); });
      return output.array();
    });
  });
}

}  // namespace

void define_activation() { define<&python_activation_backward>("activation_backward"); }

}  // namespace convstep::python
