#include "python/conv.h"

#include <optional>
#include <string>

#include "convstep/notebook.h"
#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/options.h"

namespace convstep::python {
namespace {

constexpr Rewrite kBias[] = {{2, "one row or column", ".ravel()"}, {4, "the notebook's biases", ".ravel()"}};
constexpr Rewrite kNotebookBias[] = {{1, "one number per filter", ".reshape(1, 1, 1, -1)"}};
constexpr Rewrite kOneWindow[] = {{4, "one window of a batch", "[0]"}};
constexpr Rewrite kOneFilter[] = {{4, "one filter of them", "[..., 0]"}};

struct ConvInputs {
  ConvInputs(const char* input_name, nb::handle input_array, const char* weights_name, nb::handle weights_array)
      : input(input_name, input_array), weights(weights_name, weights_array) {}

  Scalar scalar() { return promote({&input, &weights, bias ? &*bias : nullptr, residual ? &*residual : nullptr}); }

  Input input, weights;
  std::optional<Input> bias, residual;
};

// The layer, its bias given as a view by bias_of<T>(). `is_notebook`: with the numerics of the notebook's form.
template <class BiasOf>
nb::object convolve(ConvInputs& inputs, BiasOf bias_of, ConvOptions& options, nb::handle out, Layout layout,
                    const Wording& wording, bool is_notebook) {
  return with_value_errors(wording, [&] {
    return with_scalar(inputs.scalar(), [&]<class T>(T) {
      const View<const T, 4> x = inputs.input.volume<T>(layout), w = inputs.weights.weights<T>(layout);
      const View<const T, 4> r = inputs.residual ? inputs.residual->volume<T>(layout) : View<const T, 4>();
      const Shape<4> shape = checked_output_shape(x.shape(), w.shape(), options, layout);
      const View<const T, 1> b = bias_of(T(), w.shape(3));
      if (is_notebook) options.numerics = notebook_numerics(w.shape(), shape);
      const Output output(out, shape, kFormat<T>, layout);
      const View<T, 4> y = output.volume<T>(layout);
      if (is_worth_interrupting(y.shape(), w.shape())) options.progress = interruptible();
      without_gil([&] { conv_forward(x, w, b, y, options, r); });
      return output.array();
    });
  });
}

nb::object conv2d(nb::handle input, nb::handle weights, nb::handle bias, nb::handle stride, nb::handle padding,
                  nb::handle dilation, nb::handle groups, nb::handle activation, nb::handle slope, nb::handle residual,
                  nb::handle out, nb::handle threads, nb::handle layout_name, nb::handle numerics,
                  nb::handle algorithm) {
  ConvOptions options = to_conv_options(stride, padding, dilation, groups, activation, slope, numerics, algorithm);
  const Layout layout = to_layout(layout_name);
  options.threads = to_threads(threads);
  ConvInputs inputs("input", input, "weights", weights);
  if (!bias.is_none()) inputs.bias.emplace("bias", bias);
  if (!residual.is_none()) inputs.residual.emplace("residual", residual);
  const auto bias_of = [&]<class T>(T, int64_t) {
    return inputs.bias ? inputs.bias->view<T, 1>(kBias) : View<const T, 1>();
  };
  return convolve(inputs, bias_of, options, out, layout, wording_for(layout), false);
}

nb::object notebook_conv_forward(nb::handle A_prev, nb::handle W, nb::handle b, nb::handle hparameters) {
  const int64_t stride = to_hparameter(hparameters, "stride", 1), pad = to_hparameter(hparameters, "pad", 0);
  check_keys(hparameters, "stride", "pad", W);
  ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(pad)};
  ConvInputs inputs("A_prev", A_prev, "W", W);
  inputs.bias.emplace("b", b);
  const auto bias_of = [&]<class T>(T, int64_t O) {
    const View<const T, 4> given = inputs.bias->view<T, 4>(kNotebookBias);
    if (given.shape() != Shape<4>{1, 1, 1, O}) {
      throw ShapeError("b", to_string(given.shape()), to_string(Shape<4>{1, 1, 1, O}), "one bias per filter of W");
    }
    return View<const T, 1>(given.data(), {O}, {given.stride(3)});
  };
  const nb::object Z = convolve(inputs, bias_of, options, nb::none(), Layout::kNHWC, kNotebookWording, true);
  return nb::make_tuple(Z, nb::make_tuple(A_prev, W, b, hparameters));
}

// The bias of one step. As in the notebook, where float() makes a number of it, it may be any array of one number, or
// a number itself: that has no dtype of its own and leaves those of the arrays as they are.
nb::object notebook_conv_single_step(nb::handle a_slice_prev, nb::handle W, nb::handle b) {
  ConvInputs inputs("a_slice_prev", a_slice_prev, "W", W);
  const bool is_number = PyFloat_CheckExact(b.ptr()) || PyLong_CheckExact(b.ptr());
  const double number = is_number ? to_real("b", b) : 0;
  if (!is_number) inputs.bias.emplace("b", b);
  return with_value_errors(kNotebookWording, [&] {
    return with_scalar(inputs.scalar(), [&]<class T>(T) {
      const T own = static_cast<T>(number);
      const View<const T, 3> bias = is_number ? View<const T, 3>(&own, {1, 1, 1}) : inputs.bias->one_number<T>();
      const View<const T, 3> slice = inputs.input.view<T, 3>(kOneWindow),
                             filter = inputs.weights.view<T, 3>(kOneFilter);
      T Z{};
      const auto compute = [&](const ProgressCallback& progress) {
        Z = conv_single_step(slice, filter, bias, {.progress = progress});
      };
      if (filter.size() > kWorthInterrupting) {
        without_gil([&] { compute(interruptible()); });
      } else {
        compute({});  // for less, giving up the GIL would take longer than the sum
      }
      return numpy_scalar(Z);
    });
  });
}

}  // namespace

ConvOptions to_conv_options(nb::handle stride, nb::handle padding, nb::handle dilation, nb::handle groups,
                            nb::handle activation, nb::handle slope, nb::handle numerics, nb::handle algorithm) {
  return {.stride = to_size("stride", stride),
          .padding = to_padding(padding),
          .dilation = to_size("dilation", dilation),
          .groups = to_integer("groups", groups),
          .activation = to_activation(activation),
          .slope = to_real("slope", slope),
          .numerics = to_numerics(numerics),
          .algorithm = to_algorithm(algorithm)};
}

bool is_worth_interrupting(const Shape<4>& output, const Shape<4>& weights) {
  const int64_t products_per_output = weights[0] * weights[1] * weights[2];
  return output[0] * output[1] * output[2] * output[3] > kWorthInterrupting / products_per_output;
}

void define_conv() {
  define<&notebook_conv_single_step>("conv_single_step");
  define<&notebook_conv_forward>("conv_forward");
  define<&conv2d>("conv2d");
}

}  // namespace convstep::python
