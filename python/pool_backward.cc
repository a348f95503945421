// pool_backward.cc: the gradients of poolings, and what the notebook makes them of.
#include <algorithm>

#include "convstep/notebook.h"
#include "convstep/pool.h"
#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/gradients.h"
#include "python/options.h"
#include "python/pool.h"

namespace convstep::python {
namespace {

constexpr const char* kOfTheOutput = "the shape of the pooling's output";
constexpr const char* kOfTheCache = "the shape of the A that pool_forward returned with this cache";

// What a call says besides its arrays.
struct PoolGradient {
  PoolOptions options;
  Layout layout;
  nb::handle out;
  bool accumulate;
  const char* whose = kOfTheOutput;  // the shape of grad
};

// Checks grad and calls add(grad, input_grad, options) on their views.
template <class T, class Add>
nb::object with_views(const Input& grad, const Shape<4>& input, const PoolGradient& call, Add add) {
  const View<const T, 4> g = grad.volume<T>(call.layout);
  check_grad(g.shape(), checked_output_shape(input, call.options, call.layout), call.layout, call.whose);
  const Output input_grad(call.out, input, kFormat<T>, call.layout);
  const View<T, 4> dx = input_grad.volume<T>(call.layout);
  check_out("input_grad", dx.shape(), input);
  PoolOptions options = call.options;
  if (is_worth_interrupting(input, g.shape(), options.window)) options.progress = interruptible();
  without_gil([&] { add(g, dx, options); });
  return input_grad.array();
}

nb::object from_input(Input& grad, Input& input, PoolTies ties, const PoolGradient& call, const Wording& wording) {
  return with_value_errors(wording, [&] {
    return with_scalar(promote({&grad, &input}), [&]<class T>(T) {
      const View<const T, 4> x = input.volume<T>(call.layout);
      return with_views<T>(grad, x.shape(), call, [&](const auto& g, const auto& dx, const PoolOptions& options) {
        pool_backward(g, x, dx, options, ties, call.accumulate);
      });
    });
  });
}

nb::object from_shape(const Input& grad, const Shape<4>& input, const PoolGradient& call) {
  return with_value_errors(gradient_wording(call.layout, Shapeless::kInput), [&] {
    return with_scalar(grad.scalar(), [&]<class T>(T) {
      const View<const T, 4> unread(nullptr, input);
      return with_views<T>(grad, input, call, [&](const auto& g, const auto& dx, const PoolOptions& options) {
        pool_backward(g, unread, dx, options, PoolTies::kFirst, call.accumulate);
      });
    });
  });
}

nb::object from_indices(const Input& grad, const Indices& indices, const Shape<4>& input, const PoolGradient& call) {
  return with_value_errors(gradient_wording(call.layout, Shapeless::kInput), [&] {
    const View<const int64_t, 4> positions = indices.volume(call.layout);
    return with_scalar(grad.scalar(), [&]<class T>(T) {
      return with_views<T>(grad, input, call, [&](const auto& g, const auto& dx, const PoolOptions& options) {
        pool_backward(g, positions, dx, options, call.accumulate);
      });
    });
  });
}

PoolGradient to_gradient(const PoolOptions& options, nb::handle out, nb::handle accumulate, nb::handle threads,
                         nb::handle layout) {
  PoolGradient call{options, to_layout(layout), out, to_accumulate(accumulate, out)};
  call.options.threads = to_threads(threads);
  return call;
}

// The shape of the input where indices say where the maxima were: its own, or that of the input.
Shape<4> shape_beside_indices(nb::handle input, nb::handle input_shape, Layout layout) {
  if (input.is_none()) return to_shape("input_shape", input_shape, layout);
  if (input_shape.is_none()) return to_shape("input", input, layout);
  throw nb::value_error("input_shape: got a shape, expected None where there is an input, which has one");
}

nb::object max_pool2d_backward(nb::handle grad, nb::handle input, nb::handle kernel_size, nb::handle stride,
                               nb::handle padding, nb::handle dilation, nb::handle ceil_mode, nb::handle ties_name,
                               nb::handle indices, nb::handle input_shape, nb::handle out, nb::handle accumulate,
                               nb::handle threads, nb::handle layout) {
  const PoolOptions options = to_pool_options(PoolMode::kMax, kernel_size, stride, padding, dilation, ceil_mode);
  const PoolGradient call = to_gradient(options, out, accumulate, threads, layout);
  const PoolTies ties = to_ties(ties_name);
  Input g("grad", grad);
  if (!indices.is_none()) {
    if (ties == PoolTies::kAll) {
      throw nb::value_error("ties: got 'all', expected \"first\" where there are indices, which name one each");
    }
    return from_indices(g, Indices("indices", indices), shape_beside_indices(input, input_shape, call.layout), call);
  }
  if (!input_shape.is_none()) {
    throw nb::value_error("input_shape: got a shape, expected None where there are no indices (it needs the input)");
  }
  if (input.is_none()) {
    throw nb::type_error("input: got None, expected an array of numbers (or indices and input_shape)");
  }
  Input x("input", input);
  return from_input(g, x, ties, call, gradient_wording(call.layout, Shapeless::kNone));
}

nb::object avg_pool2d_backward(nb::handle grad, nb::handle input_shape, nb::handle kernel_size, nb::handle stride,
                               nb::handle padding, nb::handle dilation, nb::handle ceil_mode,
                               nb::handle count_include_pad, nb::handle out, nb::handle accumulate, nb::handle threads,
                               nb::handle layout) {
  PoolOptions options = to_pool_options(PoolMode::kAverage, kernel_size, stride, padding, dilation, ceil_mode);
  options.count_include_pad = to_bool("count_include_pad", count_include_pad);
  const PoolGradient call = to_gradient(options, out, accumulate, threads, layout);
  const Input g("grad", grad);
  return from_shape(g, to_shape("input_shape", input_shape, call.layout), call);
}

nb::object lp_pool2d_backward(nb::handle grad, nb::handle input, nb::handle p, nb::handle kernel_size,
                              nb::handle stride, nb::handle padding, nb::handle dilation, nb::handle ceil_mode,
                              nb::handle out, nb::handle accumulate, nb::handle threads, nb::handle layout) {
  PoolOptions options = to_pool_options(PoolMode::kLp, kernel_size, stride, padding, dilation, ceil_mode);
  options.p = to_real("p", p);
  const PoolGradient call = to_gradient(options, out, accumulate, threads, layout);
  Input g("grad", grad), x("input", input);
  return from_input(g, x, PoolTies::kFirst, call, gradient_wording(call.layout, Shapeless::kNone));
}

nb::object notebook_pool_backward(nb::handle dA, nb::handle cache, nb::handle mode, nb::handle ties) {
  const nb::object items = to_cache(cache, 2, "A_prev, hparameters", "pool_forward");
  const nb::object hparameters = items[1];
  const int64_t stride = to_hparameter(hparameters, "stride", 1), f = to_hparameter(hparameters, "f", 1);
  check_keys(hparameters, "stride", "f");
  const PoolOptions options{.window = {f, f}, .stride = {stride, stride}, .mode = to_pool_mode(mode)};
  const PoolTies which = to_ties(ties);
  Input g("dA", dA), x("A_prev", items[0]);
  return from_input(g, x, which, {options, Layout::kNHWC, nb::none(), false, kOfTheCache}, kPoolBackwardWording);
}

constexpr Rewrite kOneWindow[] = {{3, "one channel of them", "[..., 0]"}, {4, "one channel of them", "[0, ..., 0]"}};

nb::object create_mask(nb::handle x) {
  const Input window("x", x);
  return with_value_errors(kPoolBackwardWording, [&] {
    return with_scalar(window.scalar(), [&]<class T>(T) {
      const Tensor<bool, 2> mask = create_mask_from_window(window.view<T, 2>(kOneWindow));
      const Output output(nb::none(), mask.shape(), '?');
      std::copy(mask.data(), mask.data() + mask.size(), output.view<bool, 2>().data());
      return output.array();
    });
  });
}

// A NumPy float32 keeps its type; any other number is a float64.
nb::object distribute(nb::handle dz, nb::handle shape) {
  const Shape<2> plane = to_plane_shape("shape", shape);
  const double number = to_real("dz", dz);
  return with_value_errors(kPoolBackwardWording, [&] {
    return with_scalar(is_float32(dz) ? Scalar::kFloat : Scalar::kDouble, [&]<class T>(T) {
      const Tensor<T, 2> values = distribute_value(static_cast<T>(number), plane);
      const Output output(nb::none(), plane, kFormat<T>);
      std::copy(values.data(), values.data() + values.size(), output.view<T, 2>().data());
      return output.array();
    });
  });
}

}  // namespace

void define_pool_backward() {
  define<&notebook_pool_backward>("pool_backward");
  define<&create_mask>("create_mask_from_window");
  define<&distribute>("distribute_value");
  define<&max_pool2d_backward>("max_pool2d_backward");
  define<&avg_pool2d_backward>("avg_pool2d_backward");
  define<&lp_pool2d_backward>("lp_pool2d_backward");
}

}  // namespace convstep::python
