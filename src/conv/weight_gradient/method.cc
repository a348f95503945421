// method.cc: the direct method. Values under the window are broadcast from where they lie, outputs are in the lanes.
#include "conv/weight_gradient/method.h"

#include <algorithm>
#include <cstring>

#include "conv/weight_gradient/cut.h"
#include "conv/weight_gradient/kernel.h"
#include "core/pixel_view.h"
#include "runtime/task_progress.h"
#include "runtime/threads.h"
#include "tiling/region.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer products than this (some 15 microseconds) do not pay for waking a thread.
constexpr double kProductsPerThread = 1'000'000;

// The gradient of a part, computed by one task from all images.
template <class T>
class PartTask {
 public:
  PartTask(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientCut<T>& cut,
           const GradientWorkspace<T>& workspace, const GradientPart& part, void* memory)
      : problem_(problem),
        call_(call),
        cut_(cut),
        part_(part),
        kernel_(kernels::weight_gradient_kernel<T>(kernels::chosen_target())),
        patch_(workspace.patch.in(memory)),
        grad_(workspace.grad.in(memory)),
        sums_(workspace.sums.in(memory)),
        bias_sums_(workspace.bias_sums.in(memory)),
        copies_(cut.needs_copy() || (call.input.stride(3) != 1 && part.channels > 1)),
        has_bias_(call.bias_grad && part.first_channel == 0 && part.first_window_row == 0) {}

  void run(const TaskProgress& progress) {
    if (!call_.accumulate) begin_from_zero();
    const auto [rows, columns] = cut_.region();
    const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
    for (int64_t n = 0; n < call_.input.shape(0); ++n) {
      std::fill_n(sums_, values() * padded_outputs(), T(0));
      std::fill_n(bias_sums_, padded_outputs(), T(0));
      for (int64_t y = 0; y < OH; y += rows) {
        for (int64_t x = 0; x < OW; x += columns) {
          if (!progress.keep_going()) return;
          add_region(n, {y, std::min(rows, OH - y), x, std::min(columns, OW - x)});
        }
      }
      add_image();
    }
  }

 private:
  struct Region {
    int64_t first_row, rows, first_column, columns;
  };

  // Elements of the gradient for one output.
  int64_t values() const { return part_.window_rows * problem_.geometry.width.window * part_.channels; }
  int64_t padded_outputs() const { return round_up(part_.outputs, kernel_.panel_lanes); }
  int64_t channel() const { return part_.group * problem_.group_channels() + part_.first_channel; }  // of the input
  int64_t output() const { return part_.group * problem_.group_outputs() + part_.first_output; }
  // Of the panel that begins at output `first` of the part.
  int64_t lanes_of(int64_t first) const {
    return part_.outputs - first <= kernel_.lanes ? kernel_.lanes : kernel_.panel_lanes;
  }

  // Calls visit(row of the gradient, its sums) for each panel.
  template <class Visit>
  void for_each_row(const Visit& visit) {
    const int64_t KW = problem_.geometry.width.window;
    for (int64_t first = 0; first < part_.outputs; first += kernel_.panel_lanes) {
      const int64_t lanes = lanes_of(first), count = std::min(lanes, part_.outputs - first);
      const T* sums = sums_ + values() * first;
      for (int64_t i = 0; i < part_.window_rows; ++i) {
        for (int64_t j = 0; j < KW; ++j) {
          for (int64_t c = 0; c < part_.channels; ++c, sums += lanes) {
            visit(&call_.weights_grad(part_.first_window_row + i, j, part_.first_channel + c, output() + first),
                  call_.weights_grad.stride(3), count, sums);
          }
        }
      }
      if (has_bias_) visit(&call_.bias_grad(output() + first), call_.bias_grad.stride(0), count, bias_sums_ + first);
    }
  }
  void begin_from_zero() {
    for_each_row([](T* to, int64_t step, int64_t count, const T*) {
      for (int64_t o = 0; o < count; ++o) to[o * step] = 0;
    });
  }
  void add_image() {
    for_each_row([](T* to, int64_t step, int64_t count, const T* sums) {
      if (step == 1) {
        for (int64_t o = 0; o < count; ++o) to[o] += sums[o];
      } else {
        for (int64_t o = 0; o < count; ++o) to[o * step] += sums[o];
      }
    });
  }

  void add_region(int64_t n, const Region& region) {
    const auto& [height, width] = problem_.geometry;
    pack_grad(n, region);
    const PixelView<const T> input = input_of(n, region);
    const bool is_one_run = width.dilation == 1 && input.pixel_step == part_.channels;
    const int64_t runs = is_one_run ? 1 : width.window, run = is_one_run ? width.window * part_.channels : part_.channels;
    kernels::WeightGradientBlock<T> block{.values = nullptr,
                                          .row_step = height.stride * input.row_step,
                                          .pixel_step = width.stride * input.pixel_step,
                                          .grad = nullptr,
                                          .rows = region.rows,
                                          .columns = region.columns,
                                          .rows_of_a_chunk = cut_.chunk().rows,
                                          .count = run,
                                          .sums = nullptr};
    const int64_t pixels = region.rows * region.columns;
    for (int64_t first = 0; first < part_.outputs; first += kernel_.panel_lanes) {
      const int64_t lanes = lanes_of(first);
      const auto kernel = lanes == kernel_.panel_lanes ? kernel_.run : kernel_.run_narrow;
      block.grad = grad_ + first * pixels;
      block.sums = sums_ + first * values();
      for (int64_t i = 0; i < part_.window_rows; ++i) {
        for (int64_t j = 0; j < runs; ++j, block.sums += run * lanes) {
          block.values = input.data + i * height.dilation * input.row_step + j * width.dilation * input.pixel_step;
          kernel(block);
        }
      }
      if (has_bias_) add_bias(block, kernel, bias_sums_ + first);
    }
  }

  // The gradient of the bias is that of a weight that multiplies ones.
  void add_bias(kernels::WeightGradientBlock<T> block, void (*kernel)(const kernels::WeightGradientBlock<T>&), T* sums) {
    static constexpr T kOne = 1;
    block.values = &kOne;
    block.row_step = block.pixel_step = 0;
    block.count = 1;
    block.sums = sums;
    kernel(block);
  }

  void pack_grad(int64_t n, const Region& region) {
    T* to = grad_;
    const View<const T, 4>& grad = call_.grad;
    const int64_t pixel_step = grad.stride(2), step = grad.stride(3);
    for (int64_t first = 0; first < part_.outputs; first += kernel_.panel_lanes) {
      const int64_t lanes = lanes_of(first), count = std::min(lanes, part_.outputs - first);
      for (int64_t y = 0; y < region.rows; ++y) {
        const T* from = &grad(n, region.first_row + y, region.first_column, output() + first);
        for (int64_t x = 0; x < region.columns; ++x, from += pixel_step, to += lanes) {
          if (step == 1) {
            std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
          } else {
            for (int64_t o = 0; o < count; ++o) to[o] = from[o * step];
          }
          std::fill(to + count, to + lanes, T(0));
        }
      }
    }
  }

  // What tap (first row of the part, 0) of the region's first pixel reads, first channel of the part.
  PixelView<const T> input_of(int64_t n, const Region& region) {
    const auto& [height, width] = problem_.geometry;
    const int64_t row = height.source(region.first_row, part_.first_window_row), column = width.source(region.first_column, 0);
    const View<const T, 4>& input = call_.input;
    if (!copies_) return {&input(n, row, column, channel()), input.stride(1), input.stride(2)};
    const int64_t rows = (region.rows - 1) * height.stride + (part_.window_rows - 1) * height.dilation + 1;
    const int64_t columns = width.reach_of(region.columns), step = part_.channels + cut_.gap();
    copy_padded(some_channels(input[n], channel(), part_.channels), row, rows, column, columns, patch_, cut_.gap());
    return {patch_, columns * step, step};
  }

  const ConvProblem& problem_;
  const WeightGradientCall<T>& call_;
  const GradientCut<T>& cut_;
  const GradientPart part_;
  const kernels::WeightGradientKernel<T>& kernel_;
  T *const patch_, *const grad_, *const sums_, *const bias_sums_;
  const bool copies_, has_bias_;
};

}  // namespace

template <class T>
void run_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call) {
  const int threads = threads_worth(double(call.input.shape(0)) * problem.products(), kProductsPerThread, call.threads);
  const auto& kernel = kernels::weight_gradient_kernel<T>(kernels::chosen_target());
  const GradientCut<T> cut(problem, kernel.panel_lanes, threads);
  const GradientWorkspace<T> workspace = cut.workspace();
  TaskProgress progress(call.progress, cut.parts());
  parallel_for(cut.parts(), threads, progress.after_task(), [&](int64_t number) {
    const ThreadWorkspace memory(workspace.layout.bytes());
    PartTask<T>(problem, call, cut, workspace, cut[number], memory.data()).run(progress);
  });
}

template void run_weight_gradient(const ConvProblem&, const WeightGradientCall<float>&);
template void run_weight_gradient(const ConvProblem&, const WeightGradientCall<double>&);

}  // namespace convstep
