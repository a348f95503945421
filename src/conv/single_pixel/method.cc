// method.cc: the direct chain for windows that no workspace could hold, straight from the caller's input.
#include <algorithm>

#include "conv/methods.h"
#include "conv/single_pixel/kernel.h"
#include "conv/weights.h"
#include "runtime/task_progress.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

template <class T>
class ConvSinglePixel final : public ConvMethod<T> {
 public:
  ConvSinglePixel(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        kernel_(kernels::single_pixel_kernel<T>(this->target_)),
        weights_(dense_weights(weights)),
        bias_(dense_bias(weights)) {}

  // A task is a part of the channels of one pixel.
  void run(const ConvCall<T>& call) const override {
    const auto [N, OH, OW, O] = call.output.shape();
    const int64_t width = OW, height = OH, parts = (O - 1) / kernels::kSinglePixelStep + 1;
    TaskProgress progress(call.progress, N * OH * OW * parts);
    parallel_for(N * OH * OW * parts, call.threads, progress.after_task(), [&](int64_t task) {
      const int64_t first = task % parts * kernels::kSinglePixelStep, pixel = task / parts;
      compute(
          call, pixel / width / height,
          {pixel / width % height, pixel % width, first, std::min(problem_.outputs - first, kernels::kSinglePixelStep)},
          progress);
    });
  }
  std::string describe() const override { return std::string("direct, one pixel at a time, ") + this->target_.name; }

 private:
  size_t workspace_for(int64_t) const override { return 0; }
  void compute(const ConvCall<T>& call, int64_t n, const kernels::SinglePixelRange& range,
               const TaskProgress& progress) const {
    T output[kernels::kSinglePixelStep], residual[kernels::kSinglePixelStep];
    for (int64_t o = 0; call.residual && o < range.count; ++o) {
      residual[o] = call.residual(n, range.y, range.x, range.first + o);
    }
    const kernels::Epilogue<T> epilogue{call.residual ? residual : nullptr, 0, 0, problem_.activation,
                                        static_cast<T>(problem_.slope)};
    const int64_t height = problem_.geometry.height.window, rows = rows_at_a_time();
    Tensor<T, 1> sums;
    if (rows < height) sums = Tensor<T, 1>({problem_.outputs});
    for (int64_t first = 0; first + rows < height; first += rows) {
      add_rows(call.input[n], first, rows, first == 0 ? bias_.data() : sums.data(), range,
               {.residual = nullptr,
                .residual_row_step = 0,
                .residual_pixel_step = 0,
                .activation = Activation::kNone,
                .slope = 0},
               sums.data() + range.first);
      if (!progress.keep_going()) return;
    }
    const int64_t done = (height - 1) / rows * rows;
    add_rows(call.input[n], done, height - done, done == 0 ? bias_.data() : sums.data(), range, epilogue, output);
    for (int64_t o = 0; o < range.count; ++o) call.output(n, range.y, range.x, range.first + o) = output[o];
  }

  // A window of many millions of elements is summed some rows at a time, each of which goes on from the sum before.
  int64_t rows_at_a_time() const {
    constexpr int64_t kLongWindow = int64_t{1} << 20;  // some milliseconds
    return std::max<int64_t>(kLongWindow / (problem_.geometry.width.window * problem_.group_channels()), 1);
  }
  void add_rows(const View<const T, 3>& image, int64_t first, int64_t rows, const T* bias,
                const kernels::SinglePixelRange& range, const kernels::Epilogue<T>& epilogue, T* out) const {
    WindowGeometry part = problem_.geometry;
    part.height.window = rows;
    part.height.before -= first * part.height.dilation;
    const T* const weights = weights_.data() + first * part.width.window * problem_.group_channels() * problem_.outputs;
    kernel_({part, problem_.channels, problem_.outputs, problem_.groups, weights, bias},
            {image.data(), image.stride(0), image.stride(1), image.stride(2)}, range, epilogue, out);
  }

  ConvProblem problem_;
  kernels::SinglePixelKernel<T> kernel_;
  Tensor<T, 4> weights_;
  Tensor<T, 1> bias_;  // or none
};

}  // namespace

template <class T>
const ConvMethodKind<T> SinglePixelMethod<T>::kKind{ConvAlgorithm::kDirect, Numerics::kFast, always, always,
                                                    make_method<ConvSinglePixel, T>};
template struct SinglePixelMethod<float>;
template struct SinglePixelMethod<double>;

}  // namespace convstep
