// conv_pairwise.cc: layers of the notebook's size, with the bits of the reference at a multiple of its speed.
#include "kernels/conv_pairwise.h"

#include <algorithm>

#include "core/threads.h"
#include "layers/conv_io.h"
#include "layers/conv_method.h"

namespace convstep {
namespace {

// Of the workspace that the rows computed at a time may take: half of a level-1 cache of 32 KB, in doubles. One row may
// take more.
constexpr int64_t kBlockValues = 2048;

// Values of the workspace for so many output rows of an image: the input with its padding, where there is some, and
// `scratch_per_value` for every output.
int64_t values_of(const ConvProblem& problem, int64_t rows, int64_t scratch_per_value) {
  const auto& [height, width] = problem.geometry;
  const int64_t patch = height.reach_of(rows) * width.reach_of(width.output) * problem.channels;
  return (problem.geometry.reads_padding() ? patch : 0) +
         rows * width.output * problem.group_outputs() * scratch_per_value;
}

template <class T>
class ConvPairwise final : public ConvMethod<T> {
 public:
  ConvPairwise(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        weights_(Tensor<T, 1>({problem.groups * problem.window_size() * width()})),
        bias_(Tensor<T, 1>({problem.groups * width()})),
        has_bias_(weights.bias) {
    const auto [KH, KW, channels, O] = weights.weights.shape();
    const int64_t outputs = problem.group_outputs(), step = weights.weights.stride(3);
    T* to = weights_.data();
    for (int64_t g = 0; g < problem.groups; ++g) {
      for (int64_t i = 0; i < KH; ++i) {
        for (int64_t j = 0; j < KW; ++j) {
          for (int64_t c = 0; c < channels; ++c, to += width()) {
            const T* from = &weights.weights(i, j, c, g * outputs);
            for (int64_t o = 0; o < outputs; ++o) to[o] = from[o * step];
          }
        }
      }
      for (int64_t o = 0; has_bias_ && o < outputs; ++o) bias_(g * width() + o) = weights.bias(g * outputs + o);
    }
  }

  void run(const ConvCall<T>& call) const override;
  std::string describe() const override { return std::string("sums in NumPy's order, ") + this->target_; }

 private:
  size_t workspace_for(int64_t scratch_per_value) const override {
    return bytes_of(rows_of(scratch_per_value), scratch_per_value);
  }
  int64_t width() const {
    constexpr int64_t kLanes = kernels::kVectorBytes / static_cast<int64_t>(sizeof(T));
    return round_up(problem_.group_outputs(), kLanes);
  }
  // Output rows at a time, and what they and the offsets take of the workspace.
  int64_t rows_of(int64_t scratch_per_value) const {
    int64_t rows = problem_.geometry.height.output;
    while (rows > 1 && values_of(problem_, rows, scratch_per_value) > kBlockValues) rows = divide_up(rows, 2);
    return rows;
  }
  size_t bytes_of(int64_t rows, int64_t scratch_per_value) const {
    return static_cast<size_t>(values_of(problem_, rows, scratch_per_value)) * sizeof(T) +
           static_cast<size_t>(problem_.window_size()) * sizeof(int64_t);
  }
  void run_group(const ConvCall<T>& call, const Block& at, int64_t group, const Pixels<const T>& input,
                 const int64_t* offsets, T* scratch) const;

  ConvProblem problem_;
  Tensor<T, 1> weights_, bias_;
  bool has_bias_;
};

// The pixels of `input` are those that the block reads, `offsets` where a window finds its taps among them.
template <class T>
void ConvPairwise<T>::run_group(const ConvCall<T>& call, const Block& at, int64_t group, const Pixels<const T>& input,
                                const int64_t* offsets, T* scratch) const {
  const int64_t outputs = problem_.group_outputs(), K = problem_.window_size();
  const OutputBlock<T> output(call, at, {group * outputs, outputs}, scratch);
  const auto [to, row_step, pixel_step] = output.output();
  const auto [residual, residual_row_step, residual_pixel_step] = output.residual();
  kernels::conv_pairwise<T>({.input = input.data,
                             .input_row_step = problem_.geometry.height.stride * input.row_step,
                             .input_pixel_step = problem_.geometry.width.stride * input.pixel_step,
                             .offsets = offsets,
                             .size = K,
                             .rows = at.rows,
                             .columns = at.columns,
                             .weights = weights_.data() + group * K * width(),
                             .bias = has_bias_ ? bias_.data() + group * width() : nullptr,
                             .width = width(),
                             .outputs = outputs,
                             .output = to,
                             .output_row_step = row_step,
                             .output_pixel_step = pixel_step,
                             .epilogue = {residual, residual_row_step, residual_pixel_step, problem_.activation,
                                          static_cast<T>(problem_.slope)}});
  output.commit();
}

// On the caller's thread: these layers are small. Windows are read where they lie, in any order of memory; but for
// those with padding, whose rows are copied with it.
template <class T>
void ConvPairwise<T>::run(const ConvCall<T>& call) const {
  const auto& [height, width] = problem_.geometry;
  const auto [N, OH, OW, O] = call.output.shape();
  const int64_t scratch_per_value = OutputBlock<T>::scratch_per_value(call), rows = rows_of(scratch_per_value);
  int64_t* offsets = static_cast<int64_t*>(thread_workspace(bytes_of(rows, scratch_per_value)));
  T* patch = reinterpret_cast<T*>(offsets + problem_.window_size());
  const bool is_copied = problem_.geometry.reads_padding();
  const int64_t columns = width.reach_of(OW), C = problem_.channels;
  T* scratch = is_copied ? patch + height.reach_of(rows) * columns * C : patch;
  Pixels<const T> input{patch, columns * C, C};
  int64_t channel_step = 1;
  if (!is_copied) {
    input = {nullptr, call.input.stride(1), call.input.stride(2)};
    channel_step = call.input.stride(3);
  }
  int64_t* offset = offsets;
  for (int64_t i = 0; i < height.window; ++i) {
    for (int64_t j = 0; j < width.window; ++j) {
      const int64_t tap = i * height.dilation * input.row_step + j * width.dilation * input.pixel_step;
      for (int64_t c = 0; c < problem_.group_channels(); ++c) *offset++ = tap + c * channel_step;
    }
  }
  int64_t done = 0;
  for (Block at{0, 0, 0, 0, OW}; at.image < N; ++at.image) {
    for (at.first_row = 0; at.first_row < OH; at.first_row += rows) {
      at.rows = std::min(rows, OH - at.first_row);
      const int64_t row = height.source(at.first_row, 0);
      if (is_copied) {
        copy_padded(call.input[at.image], row, height.reach_of(at.rows), width.source(0, 0), columns, patch);
      } else {
        input.data = &call.input(at.image, row, width.source(0, 0), 0);
      }
      const T* first = input.data;
      for (int64_t g = 0; g < problem_.groups; ++g) {
        input.data = first + g * problem_.group_channels() * channel_step;
        run_group(call, at, g, input, offsets, scratch);
      }
      input.data = first;
      if (call.progress) call.progress(done += at.rows, N * OH);
    }
  }
}

}  // namespace

bool pairwise_fits(const ConvProblem& problem) {
  const bool has_vector_activation =
      problem.activation == Activation::kSigmoid || problem.activation == Activation::kTanh;
  if (has_vector_activation || problem.products() > double(kNotebookProducts)) return false;
  // One row of the output, however its views are laid out, must fit into the workspace.
  if (!problem.has_countable_padding()) return false;
  constexpr int64_t kMaxValues = kWorkspaceLimit / static_cast<int64_t>(sizeof(double));
  return problem.window_size() <= kMaxValues / 2 && values_of(problem, 1, 2) <= kMaxValues / 2;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_pairwise(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvPairwise<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_pairwise(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_pairwise(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
