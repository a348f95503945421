#include "python/conv_layer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "python/bindings.h"
#include "python/call.h"
#include "python/conv.h"
#include "python/options.h"

namespace convstep::python {
namespace {

// The shape of an empty batch of images that every window fits into. What overflows is too large in itself, and found
// to be so.
Shape<4> fitting_input(const Shape<4>& weights, const ConvOptions& options) {
  const auto fitting = [](int64_t window, int64_t step) {
    int64_t reach;
    return __builtin_mul_overflow(window - 1, step, &reach) ? 1 : std::max<int64_t>(reach, 0) + 1;
  };
  const int64_t groups = std::clamp<int64_t>(options.groups, 1, std::max<int64_t>(weights[3], 1));
  return {0, fitting(weights[0], options.dilation.height), fitting(weights[1], options.dilation.width),
          std::max<int64_t>(weights[2], 1) * groups};
}

// All that can be wrong without an input, found by a call with an empty batch, which reads no element.
void check_parameters(const Shape<4>& weights, const std::optional<Shape<1>>& bias, ConvOptions options) {
  options.threads = 1;  // how many there are, and what the environment says of it, matters to calls alone
  const Shape<4> input = fitting_input(weights, options);
  const float any = 0;
  const View<const float, 4> x(&any, input), w(&any, weights, {});
  const View<float, 4> y(nullptr, conv_output_shape(input, weights, options));
  conv_forward(x, w, bias ? View<const float, 1>(&any, *bias, {1}) : View<const float, 1>(), y, options);
}

}  // namespace

template <class T>
typename PlanCache<T>::Plan PlanCache<T>::find(const Size2& image, const std::string& target) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto is_it = [&](const Entry& entry) { return entry.image == image && entry.target == target; };
  const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
  if (found == entries_.end()) return nullptr;
  std::rotate(entries_.begin(), found, found + 1);
  return entries_.front().plan;
}

template <class T>
void PlanCache<T>::keep(const Size2& image, const std::string& target, Plan plan) {
  if (find(image, target)) return;  // another thread was faster
  Plan forgotten;                   // freed after the mutex
  const std::lock_guard<std::mutex> lock(mutex_);
  if (entries_.size() == kPlans) {
    forgotten = std::move(entries_.back().plan);
    entries_.pop_back();
  }
  entries_.insert(entries_.begin(), Entry{image, target, std::move(plan)});
}

template <class T>
typename PlanCache<T>::Plan PlanCache<T>::latest() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entries_.empty() ? nullptr : entries_.front().plan;
}

ConvLayer::ConvLayer(nb::handle weights, nb::handle bias, const ConvOptions& options, Layout layout)
    : weights_(nb::borrow(weights)), bias_(nb::borrow(bias)), options_(options), layout_(layout) {
  with_value_errors(words_for(layout), [&] {
    Input w("weights", weights);
    shape_ = with_scalar(w.scalar(), [&]<class T>(T) { return w.weights<T>(layout).shape(); });
    std::optional<Input> b;
    if (!bias.is_none()) b.emplace("bias", bias);
    std::optional<Shape<1>> bias_shape;
    if (b) bias_shape = with_scalar(b->scalar(), [&]<class T>(T) { return b->view<T, 1>().shape(); });
    check_parameters(shape_, bias_shape, options);
    scalar_ = promote({&w, b ? &*b : nullptr});
    latest_scalar_ = scalar_;
  });
}

template <class T>
std::shared_ptr<const ConvPlan<T>> ConvLayer::plan_for(const Shape<4>& input, Count threads) {
  PlanCache<T>* plans;
  if constexpr (sizeof(T) == sizeof(float)) {
    plans = &float_plans_;
  } else {
    plans = &double_plans_;
  }
  latest_scalar_ = sizeof(T) == sizeof(float) ? Scalar::kFloat : Scalar::kDouble;
  const Size2 image{input[1], input[2]};
  const std::string target = simd_target();
  if (auto plan = plans->find(image, target)) return plan;

  Input weights("weights", weights_);
  std::optional<Input> bias;
  if (!bias_.is_none()) bias.emplace("bias", bias_);
  if (latest_scalar_ == Scalar::kDouble) {
    weights.make_double();
    if (bias) bias->make_double();
  }
  const View<const T, 4> w = weights.weights<T>(layout_);
  const View<const T, 1> b = bias ? bias->view<T, 1>() : View<const T, 1>();
  std::shared_ptr<const ConvPlan<T>> plan;
  ConvOptions options = options_;
  options.threads = threads;
  options.progress = interruptible();  // of runs, too
  without_gil([&] { plan = std::make_shared<const ConvPlan<T>>(input, w, b, options); });
  plans->keep(image, plan->target(), plan);  // which another thread may have set meanwhile
  return plan;
}

nb::object ConvLayer::output_shape(nb::handle input_shape) const {
  const Shape<4> shape = to_shape("input_shape", input_shape, layout_);
  const auto [N, OH, OW, O] =
      with_value_errors(words_for(layout_), [&] { return checked_output_shape(shape, shape_, options_, layout_); });
  return layout_ == Layout::kNHWC ? nb::make_tuple(N, OH, OW, O) : nb::make_tuple(N, O, OH, OW);
}

nb::object ConvLayer::run(nb::handle input, nb::handle residual, nb::handle out, nb::handle threads) {
  ConvRunOptions options{.threads = to_threads(threads)};
  Input x("input", input);
  std::optional<Input> added;
  if (!residual.is_none()) added.emplace("residual", residual);
  if (scalar_ == Scalar::kDouble) x.make_double();
  const Scalar scalar = promote({&x, added ? &*added : nullptr});
  return with_value_errors(words_for(layout_), [&] {
    if (options.threads == 0) options.threads = num_threads();  // not as many as the plan was made with
    return with_scalar(scalar, [&]<class T>(T) {
      const View<const T, 4> images = x.volume<T>(layout_);
      const View<const T, 4> r = added ? added->volume<T>(layout_) : View<const T, 4>();
      const Output output(out, checked_output_shape(images.shape(), shape_, options_, layout_), kFormat<T>, layout_);
      const View<T, 4> y = output.volume<T>(layout_);
      const std::shared_ptr<const ConvPlan<T>> plan = plan_for<T>(images.shape(), options.threads);
      without_gil([&] { plan->run(images, y, r, options); });
      return output.array();
    });
  });
}

template <class Use>
auto ConvLayer::with_plan(nb::handle input_shape, Use use) {
  const Shape<4> shape = to_shape("input_shape", input_shape, layout_);
  return with_value_errors(words_for(layout_), [&] {
    checked_output_shape(shape, shape_, options_, layout_);
    return with_scalar(scalar_, [&]<class T>(T) { return use(*plan_for<T>(shape, 0)); });
  });
}

std::string ConvLayer::describe(nb::handle input_shape) {
  return with_plan(input_shape, [](const auto& plan) { return plan.describe(); });
}

size_t ConvLayer::workspace_bytes(nb::handle input_shape) {
  return with_plan(input_shape, [](const auto& plan) { return plan.workspace_bytes(); });
}

std::string ConvLayer::describe_latest() {
  const auto describe = [](const auto& plan) { return plan ? plan->describe() : ""; };
  return latest_scalar_ == Scalar::kFloat ? describe(float_plans_.latest()) : describe(double_plans_.latest());
}

void bind_conv_layer(nb::module_& module) {
  const auto make = [](ConvLayer* layer, nb::handle weights, nb::handle bias, nb::handle stride, nb::handle padding,
                       nb::handle dilation, nb::handle groups, nb::handle activation, nb::handle slope,
                       nb::handle layout, nb::handle algorithm) {
    const ConvOptions options = to_conv_options(stride, padding, dilation, groups, activation, slope, algorithm);
    new (layer) ConvLayer(weights, bias, options, to_layout(layout));
  };
  nb::class_<ConvLayer>(module, "ConvLayer", "The compiled half of Conv2d.")
      .def("__init__", make, nb::arg("weights").none(), nb::arg("bias").none(), nb::arg("stride").none(),
           nb::arg("padding").none(), nb::arg("dilation").none(), nb::arg("groups").none(),
           nb::arg("activation").none(), nb::arg("slope").none(), nb::arg("layout").none(), nb::arg("algorithm").none())
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
