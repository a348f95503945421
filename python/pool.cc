#include "python/pool.h"

#include <algorithm>
#include <string>

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/options.h"

namespace convstep::python {
namespace {

// Are these the channels and sizes of images? There are fewer channels than rows and columns, of which neither
// are many times more than of the other.
bool like_image(int64_t C, int64_t H, int64_t W) {
  const auto [least, most] = std::minmax(H, W);
  return C < least && most / least < 4;
}

// Pools; options.window = {0, 0} stands for the whole image. With indices, a pair.
nb::object pool(const Input& input, PoolOptions& options, bool with_indices, nb::handle out, Layout layout,
                const Wording& wording) {
  return with_value_errors(wording, [&] {
    return with_scalar(input.scalar(), [&]<class T>(T) -> nb::object {
      const View<const T, 4> x = input.volume<T>(layout);
      if (options.window == Size2{0, 0}) options.window = global_pool_options(x.shape(), options.mode).window;
      const Shape<4> shape = checked_output_shape(x.shape(), options, layout);
      const Output output(out, shape, kFormat<T>, layout);
      const View<T, 4> y = output.volume<T>(layout);
      if (is_worth_interrupting(x.shape(), shape, options.window)) options.progress = interruptible();
      if (!with_indices) {
        without_gil([&] { pool_forward(x, y, options); });
        return output.array();
      }
      const Output indices(nb::none(), shape, 'l', layout);
      const View<int64_t, 4> positions = indices.volume<int64_t>(layout);
      without_gil([&] { pool_forward(x, y, positions, options); });
      return nb::make_tuple(output.array(), indices.array());
    });
  });
}

nb::object notebook_pool_forward(nb::handle A_prev, nb::handle hparameters, nb::handle mode) {
  const int64_t stride = to_hparameter(hparameters, "stride", 1), f = to_hparameter(hparameters, "f", 1);
  check_keys(hparameters, "stride", "f");
  PoolOptions options{
      .window = {f, f}, .stride = {stride, stride}, .mode = to_pool_mode(mode), .numerics = Numerics::kNumpy};
  const nb::object A = pool(Input("A_prev", A_prev), options, false, nb::none(), Layout::kNHWC, kNotebookWording);
  return nb::make_tuple(A, nb::make_tuple(A_prev, hparameters));
}

nb::object pool2d(nb::handle input, PoolOptions options, bool with_indices, nb::handle out, nb::handle threads,
                  nb::handle layout_name) {
  const Layout layout = to_layout(layout_name);
  options.threads = to_threads(threads);
  return pool(Input("input", input), options, with_indices, out, layout, wording_for(layout));
}

nb::object max_pool2d(nb::handle input, nb::handle kernel_size, nb::handle stride, nb::handle padding,
                      nb::handle dilation, nb::handle ceil_mode, nb::handle return_indices, nb::handle out,
                      nb::handle threads, nb::handle layout) {
  const PoolOptions options = to_pool_options(PoolMode::kMax, kernel_size, stride, padding, dilation, ceil_mode);
  return pool2d(input, options, to_bool("return_indices", return_indices), out, threads, layout);
}

nb::object avg_pool2d(nb::handle input, nb::handle kernel_size, nb::handle stride, nb::handle padding,
                      nb::handle dilation, nb::handle ceil_mode, nb::handle count_include_pad, nb::handle out,
                      nb::handle threads, nb::handle layout, nb::handle numerics) {
  PoolOptions options = to_pool_options(PoolMode::kAverage, kernel_size, stride, padding, dilation, ceil_mode);
  options.count_include_pad = to_bool("count_include_pad", count_include_pad);
  options.numerics = to_numerics(numerics);
  return pool2d(input, options, false, out, threads, layout);
}

nb::object lp_pool2d(nb::handle input, nb::handle p, nb::handle kernel_size, nb::handle stride, nb::handle padding,
                     nb::handle dilation, nb::handle ceil_mode, nb::handle out, nb::handle threads, nb::handle layout,
                     nb::handle numerics) {
  PoolOptions options = to_pool_options(PoolMode::kLp, kernel_size, stride, padding, dilation, ceil_mode);
  options.p = to_real("p", p);
  options.numerics = to_numerics(numerics);
  return pool2d(input, options, false, out, threads, layout);
}

nb::object l2_pool2d(nb::handle input, nb::handle kernel_size, nb::handle stride, nb::handle padding,
                     nb::handle dilation, nb::handle ceil_mode, nb::handle out, nb::handle threads, nb::handle layout,
                     nb::handle numerics) {
  PoolOptions options = to_pool_options(PoolMode::kLp, kernel_size, stride, padding, dilation, ceil_mode);
  options.numerics = to_numerics(numerics);
  return pool2d(input, options, false, out, threads, layout);
}

nb::object global_max_pool2d(nb::handle input, nb::handle out, nb::handle threads, nb::handle layout) {
  return pool2d(input, {.window = {0, 0}, .mode = PoolMode::kMax}, false, out, threads, layout);
}

template <PoolMode kMode>
nb::object global_sum_pool2d(nb::handle input, nb::handle out, nb::handle threads, nb::handle layout,
                             nb::handle numerics) {
  return pool2d(input, {.window = {0, 0}, .mode = kMode, .numerics = to_numerics(numerics)}, false, out, threads,
                layout);
}

}  // namespace

PoolOptions to_pool_options(PoolMode mode, nb::handle kernel_size, nb::handle stride, nb::handle padding,
                            nb::handle dilation, nb::handle ceil_mode) {
  const Size2 window = to_size("kernel_size", kernel_size);
  if (window.height < 1 || window.width < 1) {
    throw nb::value_error(("kernel_size: got " + to_string(window) + ", expected 1 or more, high and wide").c_str());
  }
  return {.window = window,
          .stride = stride.is_none() ? window : to_size("stride", stride),
          .mode = mode,
          .padding = to_padding(padding),
          .dilation = to_size("dilation", dilation),
          .ceil_mode = to_bool("ceil_mode", ceil_mode)};
}

Shape<4> checked_output_shape(const Shape<4>& input, const PoolOptions& options, Layout layout) {
  const Shape<4> other = layout == Layout::kNHWC
                             ? Shape<4>{input[0], input[2], input[3], input[1]}   // from (N, C, H, W)
                             : Shape<4>{input[0], input[3], input[1], input[2]};  // from (N, W, C, H)
  const auto fit_the_other_order = [&] {
    try {
      pool_output_shape(other, options);
      return true;
    } catch (const ArgumentError&) {
      return false;
    }
  };
  try {
    return pool_output_shape(input, options);
  } catch (const ShapeError& error) {
    const bool is_cause = error.argument() == "window" && like_image(other[3], other[1], other[2]);
    if (!is_cause || error.hint().empty() || !fit_the_other_order()) throw;
    throw ShapeError(error.argument(), error.given(), error.expected(),
                     ErrorText(error.hint()) + "; " + Guess::kImagesAreNchw);
  }
}

// Counts elements window by window, as some calls read them; a window reads no more than there are.
bool is_worth_interrupting(const Shape<4>& input, const Shape<4>& output, const Size2& window) {
  const double taps = double(std::min(window.height, input[1])) * double(std::min(window.width, input[2]));
  return double(output[0]) * double(output[1]) * double(output[2]) * double(output[3]) * taps > kWorthInterrupting;
}

void define_pool() {
  define<&notebook_pool_forward>("pool_forward");
  define<&max_pool2d>("max_pool2d");
  define<&avg_pool2d>("avg_pool2d");
  define<&l2_pool2d>("l2_pool2d");
  define<&lp_pool2d>("lp_pool2d");
  define<&global_max_pool2d>("global_max_pool2d");
  define<&global_sum_pool2d<PoolMode::kAverage>>("global_avg_pool2d");
  define<&global_sum_pool2d<PoolMode::kLp>>("global_l2_pool2d");
}

}  // namespace convstep::python
