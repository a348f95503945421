// input.cc: the gradient of the input, in bands of rows. Where windows read padding at their sides a band is computed
// with it, and what lies on padding is left behind.
#include <algorithm>

#include "conv/numpy_order_gradient/method.h"
#include "conv/weights.h"
#include "reference/store.h"
#include "runtime/machine.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer products than this do not pay for waking a thread; and so many take some milliseconds, after which progress is
// heard of.
constexpr double kProductsPerThread = 1'000'000;
constexpr int64_t kProductsOfAReport = int64_t{1} << 22;

// Images that take turns, and what a band of theirs takes of the level-1 cache where it is not computed in place; or it
// has one row.
constexpr int64_t kMostImages = 4, kBandBytes = kLevel1Bytes / 2;

template <class T>
void clear(const View<T, 4>& view) {
  if (view.is_dense()) {
    std::fill_n(view.data(), view.size(), T(0));
  } else {
    reference::fill(view, T(0));
  }
}

template <class T>
View<T, 4> some_images(const View<T, 4>& batch, int64_t first, int64_t count) {
  return {
      batch.data() + first * batch.stride(0), {count, batch.shape(1), batch.shape(2), batch.shape(3)}, batch.strides()};
}

// A finished gradient of one image, whose channels lie side by side.
template <class T>
void store(const View<const T, 3>& from, const View<T, 3>& to, bool accumulate) {
  const int64_t C = to.shape(2), values = to.shape(1) * C;
  if (accumulate || to.stride(2) != 1 || to.stride(1) != C) return reference::store(from, to, accumulate);
  for (int64_t y = 0; y < to.shape(0); ++y) {
    std::copy_n(from.data() + y * from.stride(0), values, to.data() + y * to.stride(0));
  }
}

}  // namespace

template <class T>
NumpyOrderInputGradient<T>::NumpyOrderInputGradient(const ConvProblem& problem, const ConvWeights<T>& weights)
    : problem_(problem),
      rows_are_lines_(problem.groups == 1 && problem.geometry.width.dilation == 1),
      lines_(rows_are_lines_ ? 1 : problem.geometry.width.window),
      values_(problem.group_channels() * (rows_are_lines_ ? problem.geometry.width.window : 1)),
      line_step_(round_up(values_, kernels::kGradientLanes<T>)) {
  const WindowAxis& width = problem.geometry.width;
  first_output_ = 0;
  while (first_output_ < width.output && width.taps_on_input(first_output_).count() == 0) ++first_output_;
  end_output_ = width.output;
  while (end_output_ > first_output_ && width.taps_on_input(end_output_ - 1).count() == 0) --end_output_;

  const int64_t KH = problem.geometry.height.window, outputs = problem.group_outputs();
  const int64_t channels = problem.group_channels(), lines = problem.groups * KH * lines_;
  weights_ = Tensor<T, 1>({lines * outputs * line_step_});
  const int64_t step = weights.weights.stride(3);
  pack_in_parts(weights, lines, outputs * values_, [&](int64_t first, int64_t end) {
    for (int64_t line = first; line < end; ++line) {
      const int64_t group = line / (KH * lines_), i = line / lines_ % KH;
      for (int64_t v = 0; v < values_; ++v) {
        const int64_t j = rows_are_lines_ ? v / channels : line % lines_, c = rows_are_lines_ ? v % channels : v;
        const T* from = &weights.weights(i, j, c, group * outputs);
        T* to = weights_.data() + line * outputs * line_step_ + v;
        for (int64_t o = 0; o < outputs; ++o) to[o * line_step_] = from[o * step];
      }
    }
  });
}

// Those of the image, and of the padding at its sides.
template <class T>
int64_t NumpyOrderInputGradient<T>::columns_read() const {
  const WindowAxis& width = problem_.geometry.width;
  return width.before + std::max(width.input, width.source(width.output - 1, width.window - 1) + 1);
}

template <class T>
void NumpyOrderInputGradient<T>::run(const InputGradientCall<T>& call) const {
  const int64_t N = call.input_grad.shape(0), C = problem_.channels, H = problem_.geometry.height.input;
  const bool is_in_place = !call.accumulate && !problem_.geometry.width.reads_padding() &&
                           has_dense_pixels(call.input_grad) && (!rows_are_lines_ || call.input_grad.stride(2) == C);
  const int64_t row = columns_read() * C * int64_t{sizeof(T)};
  const int threads = threads_worth(double(N) * problem_.products(), kProductsPerThread, call.threads);
  const int64_t images = std::clamp<int64_t>(is_in_place ? kMostImages : kBandBytes / (H * row), 1,
                                             std::min(kMostImages, divide_up(N, threads)));
  const int64_t tasks = divide_up(N, images);
  TaskProgress progress(call.progress, tasks);
  parallel_for(tasks, threads, progress.after_task(), [&](int64_t task) {
    const int64_t first = task * images, count = std::min(images, N - first);
    const InputGradientCall<T> own{some_images(call.grad, first, count), some_images(call.input_grad, first, count),
                                   call.accumulate, 1, call.progress};
    if (!is_in_place) return run_staged(own, std::clamp<int64_t>(kBandBytes / (count * row), 1, H), progress);
    clear(own.input_grad);
    add_to({own.input_grad, 0, H, 0}, own.grad, progress);
  });
}

template <class T>
void NumpyOrderInputGradient<T>::run_staged(const InputGradientCall<T>& images, int64_t rows_of_a_band,
                                            const TaskProgress& progress) const {
  const auto [N, H, W, C] = images.input_grad.shape();
  const int64_t left = problem_.geometry.width.before, columns = columns_read();
  const ThreadWorkspace memory(static_cast<size_t>(N * rows_of_a_band * columns * C) * sizeof(T));
  for (int64_t first = 0; first < H; first += rows_of_a_band) {
    const int64_t rows = std::min(rows_of_a_band, H - first);
    const View<T, 4> band(static_cast<T*>(memory.data()), {N, rows, columns, C});
    clear(band);
    add_to({band, first, first + rows, left}, images.grad, progress);
    if (!progress.keep_going()) return;
    for (int64_t n = 0; n < N; ++n) {
      const View<T, 4>& all = images.input_grad;
      const Shape<3> shape{rows, W, C};
      store<T>({&band(n, 0, left, 0), shape, {columns * C, C, 1}},
               {&all(n, first, 0, 0), shape, {all.stride(1), all.stride(2), all.stride(3)}}, images.accumulate);
    }
  }
}

// Of each output's window the rows that lie in the band: one output after the other gives back to them.
template <class T>
void NumpyOrderInputGradient<T>::add_to(const Band& band, const View<const T, 4>& grad,
                                        const TaskProgress& progress) const {
  const auto& [height, width] = problem_.geometry;
  const int64_t channels = problem_.group_channels(), outputs = problem_.group_outputs();
  const int64_t line = outputs * line_step_, row_of_lines = lines_ * line;
  const int64_t most = std::max<int64_t>(kProductsOfAReport / (problem_.window_size() * problem_.outputs), 1);
  const WindowAxis own{
      band.end - band.first, height.window, height.stride, height.dilation, height.before + band.first, 0,
      height.output};
  const kernels::NumpyOrderGradientKernel<T>& kernel = kernels::numpy_order_gradient_kernel<T>(target_);
  for (int64_t y = 0; y < height.output; ++y) {
    const WindowAxis::Taps rows = own.taps_on_input(y);
    if (rows.count() == 0) continue;
    for (int64_t x = first_output_; x < end_output_; x += most) {
      if (!progress.keep_going()) return;
      const int64_t row = own.source(y, rows.first), column = width.source(x, 0) + band.left;
      for (int64_t g = 0; g < problem_.groups; ++g) {
        kernel.add_to_input({.input_grad = &band.rows(0, row, column, g * channels),
                             .image_step = band.rows.stride(0),
                             .pixel_step = width.stride * band.rows.stride(2),
                             .row_step = height.dilation * band.rows.stride(1),
                             .line_step = width.dilation * band.rows.stride(2),
                             .images = grad.shape(0),
                             .pixels = std::min(end_output_ - x, most),
                             .rows = rows.count(),
                             .lines = lines_,
                             .values = values_,
                             .weights = weights_.data() + (g * height.window + rows.first) * row_of_lines,
                             .weights_row_step = row_of_lines,
                             .weights_line_step = line,
                             .weights_output_step = line_step_,
                             .grad = &grad(0, y, x, g * outputs),
                             .grad_image_step = grad.stride(0),
                             .grad_pixel_step = grad.stride(2),
                             .grad_output_step = grad.stride(3),
                             .outputs = outputs});
      }
    }
  }
}

template class NumpyOrderInputGradient<float>;
template class NumpyOrderInputGradient<double>;

}  // namespace convstep
