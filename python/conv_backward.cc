// conv_backward.cc: the gradients of a convolution.
#include <string>

#include "convstep/conv.h"
#include "convstep/notebook.h"
#include "python/bindings.h"
#include "python/call.h"
#include "python/conv.h"
#include "python/function.h"
#include "python/gradients.h"
#include "python/options.h"

namespace convstep::python {
namespace {

constexpr const char* kOfTheOutput = "the shape of the layer's output";

// The arrays of a call: outputs that are not asked for are none.
template <class T>
struct ConvGradients {
  View<const T, 4> grad{}, input{}, weights{};
  View<T, 4> input_grad{}, weights_grad{};
  View<T, 1> bias_grad{};
};

template <class T>
void compute(const ConvGradients<T>& arrays, const Shape<4>& weights, ConvOptions& options, bool accumulate = false) {
  if (is_worth_interrupting(arrays.grad.shape(), weights)) options.progress = interruptible();
  without_gil([&] {
    if (!arrays.weights_grad) {
      conv_backward_input(arrays.grad, arrays.weights, arrays.input_grad, options, accumulate);
    } else if (!arrays.input_grad) {
      conv_backward_weights(arrays.grad, arrays.input, arrays.weights_grad, arrays.bias_grad, options, accumulate);
    } else {
      conv_backward(arrays.grad, arrays.input, arrays.weights, arrays.input_grad, arrays.weights_grad, arrays.bias_grad,
                    options, accumulate);
    }
  });
}

// The options of a layer without activation.
ConvOptions layer_options(nb::handle stride, nb::handle padding, nb::handle dilation, nb::handle groups,
                          nb::handle threads, nb::handle numerics, nb::handle algorithm) {
  ConvOptions options =
      to_conv_options(stride, padding, dilation, groups, nb::none(), nb::float_(0.0), numerics, algorithm);
  options.threads = to_threads(threads);
  return options;
}

nb::object conv2d_backward_input(nb::handle grad, nb::handle weights, nb::handle input_shape, nb::handle stride,
                                 nb::handle padding, nb::handle dilation, nb::handle groups, nb::handle out,
                                 nb::handle accumulate, nb::handle threads, nb::handle layout_name, nb::handle numerics,
                                 nb::handle algorithm) {
  ConvOptions options = layer_options(stride, padding, dilation, groups, threads, numerics, algorithm);
  const Layout layout = to_layout(layout_name);
  const bool adds = to_accumulate(accumulate, out);
  Input given("grad", grad), filters("weights", weights);
  const Shape<4> input = to_shape("input_shape", input_shape, layout);
  return with_value_errors(gradient_wording(layout, Shapeless::kInput), [&] {
    return with_scalar(promote({&given, &filters}), [&]<class T>(T) {
      const View<const T, 4> g = given.volume<T>(layout), w = filters.weights<T>(layout);
      const Shape<4> output = checked_output_shape(input, w.shape(), options, layout, {.input = false});
      check_grad(g.shape(), output, layout, kOfTheOutput);
      const Output input_grad(out, input, kFormat<T>, layout);
      const View<T, 4> dx = input_grad.volume<T>(layout);
      check_out("input_grad", dx.shape(), input);
      compute<T>({.grad = g, .weights = w, .input_grad = dx}, w.shape(), options, adds);
      return input_grad.array();
    });
  });
}

// `out` where there are two outputs: both of them, or none.
nb::object to_pair_of_outs(nb::handle out) {
  if (out.is_none()) return nb::make_tuple(nb::none(), nb::none());
  const bool is_pair = PyTuple_Check(out.ptr()) && PyTuple_GET_SIZE(out.ptr()) == 2;
  if (!is_pair) {
    const std::string given = Py_TYPE(out.ptr())->tp_name;
    throw nb::type_error(("out: got a " + given + ", expected a tuple of two, (weights_grad, bias_grad)").c_str());
  }
  for (int i = 0; i < 2; ++i) {
    if (!nb::handle(PyTuple_GET_ITEM(out.ptr(), i)).is_none()) continue;
    throw nb::type_error(("out[" + std::to_string(i) + "]: got None, expected a NumPy array").c_str());
  }
  return nb::borrow(out);
}

nb::object conv2d_backward_weights(nb::handle grad, nb::handle input, nb::handle weights_shape_given, nb::handle bias,
                                   nb::handle stride, nb::handle padding, nb::handle dilation, nb::handle groups,
                                   nb::handle out, nb::handle accumulate, nb::handle threads, nb::handle layout_name,
                                   nb::handle numerics, nb::handle algorithm) {
  ConvOptions options = layer_options(stride, padding, dilation, groups, threads, numerics, algorithm);
  const Layout layout = to_layout(layout_name);
  const bool has_bias = to_bool("bias", bias), adds = to_accumulate(accumulate, out);
  Input given("grad", grad), images("input", input);
  const Shape<4> weights = to_weights_shape("weights_shape", weights_shape_given, layout);
  const nb::object outs = has_bias ? to_pair_of_outs(out) : nb::make_tuple(out);
  return with_value_errors(gradient_wording(layout, Shapeless::kWeights, has_bias ? Outs::kPair : Outs::kOne), [&] {
    return with_scalar(promote({&given, &images}), [&]<class T>(T) -> nb::object {
      const View<const T, 4> g = given.volume<T>(layout), x = images.volume<T>(layout);
      const Shape<4> output = checked_output_shape(x.shape(), weights, options, layout, {.weights = false});
      check_grad(g.shape(), output, layout, kOfTheOutput);
      const Output weights_grad(outs[0], weights_shape(weights, layout), kFormat<T>, has_bias ? "out[0]" : "out");
      ConvGradients<T> arrays{.grad = g, .input = x, .weights_grad = weights_grad.weights<T>(layout)};
      check_out("weights_grad", arrays.weights_grad.shape(), weights);
      if (!has_bias) {
        compute(arrays, weights, options, adds);
        return weights_grad.array();
      }
      const Output bias_grad(outs[1], Shape<1>{weights[3]}, kFormat<T>, "out[1]");
      arrays.bias_grad = bias_grad.view<T, 1>();
      compute(arrays, weights, options, adds);
      return nb::make_tuple(weights_grad.array(), bias_grad.array());
    });
  });
}

// Where all gradients of a layer go.
struct AllOuts {
  nb::object outs;  // three
  bool accumulate;
};

// All gradients of a layer; biases(O, view) makes that of the bias, or none.
template <class Biases>
nb::object all_gradients(Input& grad, Input& input, Input& weights, const AllOuts& to, const Biases& biases,
                         ConvOptions& options, Layout layout, const Wording& wording, bool is_notebook) {
  return with_value_errors(wording, [&] {
    return with_scalar(promote({&grad, &input, &weights}), [&]<class T>(T) {
      const View<const T, 4> g = grad.volume<T>(layout), x = input.volume<T>(layout), w = weights.weights<T>(layout);
      const Shape<4> output = checked_output_shape(x.shape(), w.shape(), options, layout);
      check_grad(g.shape(), output, layout,
                 is_notebook ? "the shape of the Z that conv_forward returned with this cache" : kOfTheOutput);
      if (is_notebook) options.numerics = notebook_numerics(w.shape(), output);
      const Output input_grad(to.outs[0], x.shape(), kFormat<T>, layout, "out[0]");
      const Output weights_grad(to.outs[1], weights_shape(w.shape(), layout), kFormat<T>, "out[1]");
      ConvGradients<T> arrays{g, x, w, input_grad.volume<T>(layout), weights_grad.weights<T>(layout), {}};
      const nb::object bias_grad = biases(w.shape(3), arrays.bias_grad);
      clear_new(arrays.input_grad, to.outs[0], to.accumulate);
      clear_new(arrays.weights_grad, to.outs[1], to.accumulate);
      compute(arrays, w.shape(), options, to.accumulate);
      return nb::make_tuple(input_grad.array(), weights_grad.array(), bias_grad);
    });
  });
}

nb::object conv2d_backward(nb::handle grad, nb::handle input, nb::handle weights, nb::handle bias, nb::handle stride,
                           nb::handle padding, nb::handle dilation, nb::handle groups, nb::handle out,
                           nb::handle accumulate, nb::handle threads, nb::handle layout_name, nb::handle numerics,
                           nb::handle algorithm) {
  ConvOptions options = layer_options(stride, padding, dilation, groups, threads, numerics, algorithm);
  const Layout layout = to_layout(layout_name);
  const bool has_bias = to_bool("bias", bias);
  const AllOuts to{to_outs(out, has_bias), to_accumulate(accumulate, out)};
  Input g("grad", grad), x("input", input), w("weights", weights);
  const auto biases = [&]<class T>(int64_t O, View<T, 1>& view) -> nb::object {
    if (!has_bias) return nb::none();
    const Output bias_grad(to.outs[2], Shape<1>{O}, kFormat<T>, "out[2]");
    view = bias_grad.view<T, 1>();
    clear_new(view, to.outs[2], to.accumulate);
    return bias_grad.array();
  };
  return all_gradients(g, x, w, to, biases, options, layout, gradient_wording(layout, Shapeless::kNone, Outs::kTriple),
                       false);
}

nb::object notebook_conv_backward(nb::handle dZ, nb::handle cache) {
  const nb::object items = to_cache(cache, 4, "A_prev, W, b, hparameters", "conv_forward");
  const nb::object hparameters = items[3];
  const int64_t stride = to_hparameter(hparameters, "stride", 1), pad = to_hparameter(hparameters, "pad", 0);
  check_keys(hparameters, "stride", "pad", items[1]);
  ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(pad)};
  Input g("dZ", dZ), x("A_prev", items[0]), w("W", items[1]);
  const auto biases = [&]<class T>(int64_t O, View<T, 1>& view) -> nb::object {
    const Output db(nb::none(), Shape<4>{1, 1, 1, O}, kFormat<T>);
    view = View<T, 1>(db.view<T, 4>().data(), {O});
    return db.array();
  };
  return all_gradients(g, x, w, {to_outs(nb::none(), true), false}, biases, options, Layout::kNHWC,
                       kConvBackwardWording, true);
}

}  // namespace

void define_conv_backward() {
  define<&notebook_conv_backward>("conv_backward");
  define<&conv2d_backward_input>("conv2d_backward_input");
  define<&conv2d_backward_weights>("conv2d_backward_weights");
  define<&conv2d_backward>("conv2d_backward");
}

}  // namespace convstep::python
