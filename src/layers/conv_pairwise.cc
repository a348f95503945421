// conv_pairwise.cc: layers of the notebook's size, with the bits of the reference at a multiple of its speed.
#include "kernels/conv_pairwise.h"

#include <algorithm>

#include "core/threads.h"
#include "layers/conv_io.h"
#include "layers/conv_method.h"

namespace convstep {
namespace {

constexpr int64_t kCachedValues = 2048;

template <class T>
class ConvPairwise final : public ConvMethod<T> {
 public:
  ConvPairwise(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        weights_(Tensor<T, 1>({problem.groups * problem.window_size() * width()})),
        bias_(Tensor<T, 1>({problem.groups * width()})),
        has_bias_(weights.bias) {
    const auto [KH, KW, channels, O] = weights.weights.shape();
    T* to = weights_.data();
    for (int64_t g = 0; g < problem.groups; ++g) {
      const int64_t first = g * problem.group_outputs();
      for (int64_t i = 0; i < KH; ++i) {
        for (int64_t j = 0; j < KW; ++j) {
          for (int64_t c = 0; c < channels; ++c, to += width()) {
            for (int64_t o = 0; o < problem.group_outputs(); ++o) to[o] = weights.weights(i, j, c, first + o);
          }
        }
      }
      for (int64_t o = 0; has_bias_ && o < problem.group_outputs(); ++o) {
        bias_(g * width() + o) = weights.bias(first + o);
      }
    }
  }

  // On the caller's thread: these layers are small.
  void run(const ConvCall<T>& call) const override {
    const auto [N, OH, OW, O] = call.output.shape();
    T* windows = static_cast<T*>(thread_workspace(workspace_bytes()));
    int64_t done = 0;
    for (Place at{}; at.n < N; ++at.n) {
      for (at.y = 0; at.y < OH; ++at.y) {
        for (at.x = 0; at.x < OW; at.x += pixels_) {
          at.pixels = std::min(pixels_, OW - at.x);
          for (at.group = 0; at.group < problem_.groups; ++at.group) compute(call, at, windows);
          if (call.progress) call.progress(done += at.pixels, N * OH * OW);
        }
      }
    }
  }
  std::string describe() const override { return "sums in NumPy's order, " + simd_target(); }
  size_t workspace_bytes() const override {
    return static_cast<size_t>(pixels_ * (problem_.window_size() + 2 * problem_.group_outputs())) * sizeof(T);
  }

 private:
  // Pixels (n, y, x), (n, y, x + 1), ... of a group of channels.
  struct Place {
    int64_t n, y, x, pixels, group;
  };

  int64_t width() const {
    constexpr int64_t kLanes = kernels::kVectorBytes / static_cast<int64_t>(sizeof(T));
    return (problem_.group_outputs() + kLanes - 1) / kLanes * kLanes;
  }

  // Taps on the padding become zeros; those on the input are, row by row, one run where nothing lies between them.
  void gather_window(const View<const T, 4>& input, const Place& at, int64_t x, T* window) const {
    const auto& [height, width] = problem_.geometry;
    const int64_t channels = problem_.group_channels(), step = input.stride(3);
    const int64_t tap_step = width.dilation * input.stride(2);
    const auto columns = width.taps_on_input(x);
    const bool is_one_run = step == 1 && tap_step == channels;
    for (int64_t i = 0; i < height.window; ++i, window += width.window * channels) {
      const int64_t row = height.source(at.y, i);
      if (!height.is_inside(row) || columns.count() == 0) {
        std::fill_n(window, width.window * channels, T(0));
        continue;
      }
      std::fill_n(window, columns.first * channels, T(0));
      std::fill_n(window + columns.end * channels, (width.window - columns.end) * channels, T(0));
      T* to = window + columns.first * channels;
      const T* from = &input(at.n, row, width.source(x, columns.first), at.group * channels);
      if (is_one_run) {
        std::copy_n(from, columns.count() * channels, to);
        continue;
      }
      for (int64_t j = columns.first; j < columns.end; ++j, from += tap_step) {
        for (int64_t c = 0; c < channels; ++c) *to++ = from[c * step];
      }
    }
  }

  // Behind the windows there is room for the outputs and their residuals, for views whose channels are apart.
  void compute(const ConvCall<T>& call, const Place& at, T* windows) const {
    const int64_t outputs = problem_.group_outputs(), K = problem_.window_size();
    for (int64_t x = 0; x < at.pixels; ++x) gather_window(call.input, at, at.x + x, windows + x * K);
    const Channels channels{at.group * outputs, outputs};
    const OutputBlock<T> to(call, {at.n, at.y, 1, at.x, at.pixels}, channels, windows + at.pixels * K);
    kernels::conv_pairwise<T>({.windows = windows,
                               .pixels = at.pixels,
                               .size = K,
                               .weights = weights_.data() + at.group * K * width(),
                               .bias = has_bias_ ? bias_.data() + at.group * width() : nullptr,
                               .width = width(),
                               .outputs = outputs,
                               .output = to.output().data,
                               .output_step = to.output().pixel_step,
                               .residual = to.residual().data,
                               .residual_step = to.residual().pixel_step,
                               .activation = problem_.activation,
                               .slope = static_cast<T>(problem_.slope)});
    to.commit();
  }

  ConvProblem problem_;
  Tensor<T, 1> weights_, bias_;
  bool has_bias_;
  // Computed at a time: as many as the level-1 cache has room for windows of.
  int64_t pixels_ = std::clamp<int64_t>(kCachedValues / problem_.window_size(), 1, 16);
};

}  // namespace

bool pairwise_fits(const ConvProblem& problem) {
  const bool has_vector_activation =
      problem.activation == Activation::kSigmoid || problem.activation == Activation::kTanh;
  return problem.products() <= double(kNotebookProducts) && problem.window_size() <= kNotebookProducts &&
         !has_vector_activation;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_pairwise(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvPairwise<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_pairwise(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_pairwise(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
