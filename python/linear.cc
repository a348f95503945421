// linear.cc: linear layers, and their gradients.
#include "convstep/linear.h"

#include <optional>

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/gradients.h"
#include "python/options.h"

namespace convstep::python {
namespace {

constexpr Rewrite kRows[] = {{1, "one row", "[None]"}, {4, "a batch of images", ".reshape(N, -1)"}};
constexpr Rewrite kBias[] = {{2, "one row or column", ".ravel()"}, {4, "the notebook's biases", ".ravel()"}};

LinearOptions to_linear_options(nb::handle activation, nb::handle slope, nb::handle threads, nb::handle numerics) {
  return {.activation = to_activation(activation),
          .slope = to_real("slope", slope),
          .numerics = to_numerics(numerics),
          .threads = to_threads(threads)};
}

// Weights as PyTorch has them are told so.
template <class T>
void check_weights(const View<const T, 2>& input, const View<const T, 2>& weights) {
  const int64_t C = input.shape(1);
  if (weights.shape(0) == C || weights.shape(1) != C) return;
  throw ShapeError("weights", to_string(weights.shape()), to_string(Shape<2>{C, weights.shape(0)}),
                   "it looks like (O, C): write weights.T");
}

template <class T>
void let_interrupt(LinearOptions& options, const View<const T, 2>& input, const View<const T, 2>& weights) {
  if (double(input.size()) * double(weights.shape(1)) > double(kWorthInterrupting)) options.progress = interruptible();
}

nb::object linear(nb::handle input, nb::handle weights, nb::handle bias, nb::handle activation, nb::handle slope,
                  nb::handle out, nb::handle threads, nb::handle numerics) {
  LinearOptions options = to_linear_options(activation, slope, threads, numerics);
  Input x("input", input), w("weights", weights);
  std::optional<Input> b;
  if (!bias.is_none()) b.emplace("bias", bias);
  return with_value_errors(kLinearWording, [&] {
    return with_scalar(promote({&x, &w, b ? &*b : nullptr}), [&]<class T>(T) {
      const View<const T, 2> rows = x.view<T, 2>(kRows), matrix = w.view<T, 2>();
      const View<const T, 1> biases = b ? b->view<T, 1>(kBias) : View<const T, 1>();
      check_weights(rows, matrix);
      const Output output(out, Shape<2>{rows.shape(0), matrix.shape(1)}, kFormat<T>);
      const View<T, 2> to = output.view<T, 2>();
      let_interrupt(options, rows, matrix);
      without_gil([&] { linear_forward(rows, matrix, biases, to, options); });
      return output.array();
    });
  });
}

nb::object linear_all_gradients(nb::handle grad, nb::handle input, nb::handle weights, nb::handle bias, nb::handle out,
                                nb::handle accumulate, nb::handle threads, nb::handle numerics) {
  LinearOptions options = to_linear_options(nb::none(), nb::float_(0.0), threads, numerics);
  const bool has_bias = to_bool("bias", bias), adds = to_accumulate(accumulate, out);
  const nb::object outs = to_outs(out, has_bias);
  Input given("grad", grad), x("input", input), w("weights", weights);
  return with_value_errors(kLinearWording, [&] {
    return with_scalar(promote({&given, &x, &w}), [&]<class T>(T) {
      const View<const T, 2> g = given.view<T, 2>(kRows), rows = x.view<T, 2>(kRows), matrix = w.view<T, 2>();
      check_weights(rows, matrix);
      const Output input_grad(outs[0], rows.shape(), kFormat<T>, "out[0]");
      const Output weights_grad(outs[1], matrix.shape(), kFormat<T>, "out[1]");
      std::optional<Output> bias_grad;
      if (has_bias) bias_grad.emplace(outs[2], Shape<1>{matrix.shape(1)}, kFormat<T>, "out[2]");
      const View<T, 2> dx = input_grad.view<T, 2>(), dw = weights_grad.view<T, 2>();
      const View<T, 1> db = has_bias ? bias_grad->view<T, 1>() : View<T, 1>();
      clear_new(dx, outs[0], adds);
      clear_new(dw, outs[1], adds);
      if (has_bias) clear_new(db, outs[2], adds);
      let_interrupt(options, rows, matrix);
      without_gil([&] { linear_backward(g, rows, matrix, dx, dw, db, options, adds); });
      return nb::make_tuple(input_grad.array(), weights_grad.array(), has_bias ? bias_grad->array() : nb::none());
    });
  });
}

}  // namespace

void define_linear() {
  define<&linear>("linear");
  define<&linear_all_gradients>("linear_backward");
}

}  // namespace convstep::python
