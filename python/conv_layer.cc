#include "python/conv_layer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "python/bindings.h"
#include "python/call.h"
#include "python/conv.h"
#include "python/options.h"

namespace convstep::python {

template <class T>
TypedLayer<T>::TypedLayer(nb::handle weights_array, nb::handle bias_array, const ConvOptions& options, Layout layout)
    : weights("weights", weights_array), layer([&] {
        if (!bias_array.is_none()) bias.emplace("bias", bias_array);
        if constexpr (sizeof(T) == sizeof(double)) {
          weights.make_double();
          if (bias) bias->make_double();
        }
        return convstep::ConvLayer<T>(weights.weights<T>(layout), bias ? bias->view<T, 1>() : View<const T, 1>(),
                                      options);
      }()) {}

ConvLayer::ConvLayer(nb::handle weights, nb::handle bias, const ConvOptions& options, Layout layout)
    : weights_(nb::borrow(weights)), bias_(nb::borrow(bias)), options_(options), layout_(layout) {
  with_value_errors(wording_for(layout), [&] {
    Input w("weights", weights);
    std::optional<Input> b;
    if (!bias.is_none()) b.emplace("bias", bias);
    scalar_ = promote({&w, b ? &*b : nullptr});
    shape_ = with_scalar(scalar_, [&]<class T>(T) { return layer<T>().weights().shape(); });
  });
}

template <class T>
const convstep::ConvLayer<T>& ConvLayer::layer() {
  std::unique_ptr<TypedLayer<T>>* made;
  if constexpr (sizeof(T) == sizeof(float)) {
    made = &float_layer_;
  } else {
    made = &double_layer_;
  }
  latest_scalar_ = sizeof(T) == sizeof(float) ? Scalar::kFloat : Scalar::kDouble;
  if (!*made) {
    auto own = std::make_unique<TypedLayer<T>>(weights_, bias_, options_, layout_);  // may let other threads run
    if (!*made) *made = std::move(own);
  }
  return (*made)->layer;
}

template <class T>
std::shared_ptr<const ConvPlan<T>> ConvLayer::plan_for(const Shape<4>& input) {
  const convstep::ConvLayer<T>& own = layer<T>();
  std::shared_ptr<const ConvPlan<T>> plan;
  without_gil([&] { plan = own.plan(input, {.progress = interruptible()}); });
  return plan;
}

nb::object ConvLayer::output_shape(nb::handle input_shape) const {
  const Shape<4> shape = to_shape("input_shape", input_shape, layout_);
  const auto [N, OH, OW, O] =
      with_value_errors(wording_for(layout_), [&] { return checked_output_shape(shape, shape_, options_, layout_); });
  return layout_ == Layout::kNHWC ? nb::make_tuple(N, OH, OW, O) : nb::make_tuple(N, O, OH, OW);
}

nb::object ConvLayer::run(nb::handle input, nb::handle residual, nb::handle out, nb::handle threads) {
  const RunOptions options{.threads = to_threads(threads), .progress = interruptible()};
  Input x("input", input);
  std::optional<Input> added;
  if (!residual.is_none()) added.emplace("residual", residual);
  if (scalar_ == Scalar::kDouble) x.make_double();
  const Scalar scalar = promote({&x, added ? &*added : nullptr});
  return with_value_errors(wording_for(layout_), [&] {
    return with_scalar(scalar, [&]<class T>(T) {
      const View<const T, 4> images = x.volume<T>(layout_);
      const View<const T, 4> r = added ? added->volume<T>(layout_) : View<const T, 4>();
      const Output output(out, checked_output_shape(images.shape(), shape_, options_, layout_), kFormat<T>, layout_);
      const View<T, 4> y = output.volume<T>(layout_);
      const convstep::ConvLayer<T>& own = layer<T>();
      without_gil([&] { own.run(images, y, r, options); });
      return output.array();
    });
  });
}

template <class Use>
auto ConvLayer::with_plan(nb::handle input_shape, Use use) {
  const Shape<4> shape = to_shape("input_shape", input_shape, layout_);
  return with_value_errors(wording_for(layout_), [&] {
    checked_output_shape(shape, shape_, options_, layout_);
    return with_scalar(scalar_, [&]<class T>(T) { return use(*plan_for<T>(shape)); });
  });
}

std::string ConvLayer::describe(nb::handle input_shape) {
  return with_plan(input_shape, [](const auto& plan) { return plan.describe(); });
}

size_t ConvLayer::workspace_bytes(nb::handle input_shape) {
  return with_plan(input_shape, [](const auto& plan) { return plan.workspace_bytes(); });
}

std::string ConvLayer::describe_latest() {
  return with_scalar(latest_scalar_, [&]<class T>(T) {
    const std::shared_ptr<const ConvPlan<T>> plan = layer<T>().latest_plan();
    return plan ? plan->describe() : "";
  });
}

void bind_conv_layer(nb::module_& module) {
  const auto make = [](ConvLayer* layer, nb::handle weights, nb::handle bias, nb::handle stride, nb::handle padding,
                       nb::handle dilation, nb::handle groups, nb::handle activation, nb::handle slope,
                       nb::handle layout, nb::handle numerics, nb::handle algorithm) {
    const ConvOptions options =
        to_conv_options(stride, padding, dilation, groups, activation, slope, numerics, algorithm);
    new (layer) ConvLayer(weights, bias, options, to_layout(layout));
  };
  nb::class_<ConvLayer>(module, "ConvLayer", "The compiled half of Conv2d.")
      .def("__init__", make, nb::arg("weights").none(), nb::arg("bias").none(), nb::arg("stride").none(),
           nb::arg("padding").none(), nb::arg("dilation").none(), nb::arg("groups").none(),
           nb::arg("activation").none(), nb::arg("slope").none(), nb::arg("layout").none(), nb::arg("numerics").none(),
           nb::arg("algorithm").none())
      .def("output_shape", &ConvLayer::output_shape, nb::arg("input_shape").none())
      .def("run", &ConvLayer::run, nb::arg("input").none(), nb::arg("residual").none(), nb::arg("out").none(),
           nb::arg("threads").none())
      .def(
          "describe", [](ConvLayer& layer, nb::handle shape) { return nb::str(layer.describe(shape).c_str()); },
          nb::arg("input_shape").none())
      .def("describe_latest", [](ConvLayer& layer) { return nb::str(layer.describe_latest().c_str()); })
      .def(
          "workspace_bytes", [](ConvLayer& layer, nb::handle shape) { return layer.workspace_bytes(shape); },
          nb::arg("input_shape").none())
      .def_prop_ro(
          "latest_dtype",
          [](const ConvLayer& layer) { return layer.latest_scalar() == Scalar::kFloat ? "float32" : "float64"; })
      .def_prop_ro("shape", [](const ConvLayer& layer) {
        const auto [KH, KW, channels, O] = layer.shape();
        return nb::make_tuple(KH, KW, channels, O);
      });
}

}  // namespace convstep::python
