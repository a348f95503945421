// conv.h: 2-D convolution (cross-correlation, as everywhere in deep learning), channels last.
//
//   output[n,y,x,o] = activation(bias[o] + residual[n,y,x,o] + sum over i,j,c of
//       padded[n, y*stride.height + i*dilation.height, x*stride.width + j*dilation.width, g*C/groups + c] *
//       weights[i,j,c,o])
//   where g = o / (O/groups) is the group of output channel o, and c runs over the C/groups channels of that group.
//
//   input [N,H,W,C]   weights [KH,KW,C/groups,O]   bias [O] or {} for none   residual [N,OH,OW,O] or {}
//   output [N,OH,OW,O],  OH = floor((H + top + bottom - dilation.height*(KH-1) - 1) / stride.height) + 1;  OW alike.
//   With SAME padding OH = ceil(H / stride.height).
//
// Float and double; the arithmetic is done in the type of the arrays. N = 0 is valid. The zeros of the padding take
// part in the sum, so that 0 * infinity in a border is NaN, as it is in NumPy. The notebook's forms are in notebook.h.
// Source: sections 3.2 and 3.3 of the notebook. Readable version: src/reference/conv.cc.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "convstep/activation.h"
#include "convstep/numerics.h"
#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

// How to compute it. With Numerics::kNumpy only the first two can be asked for.
enum class ConvAlgorithm {
  kAuto,       // the library chooses, by the shape of one image and the dtype alone
  kReference,  // plain loops, with the bits of Numerics::kNumpy
  kDirect,     // each output is one chain of fused multiply-adds that starts at the bias and runs over (i, j, c)
  kWinograd,   // fewer multiplications; for 3x3 and 5x5, stride 1, no dilation or groups; other layers as with kAuto.
               // |error| <= gamma(2C+74) * (11264 * W * S + |bias|), gamma(2C+82) for 5x5, whatever the range of the
               // data: W is the largest magnitude in the output's own window, S the sum of magnitudes of its own filter
               // (docs/decisions/0011); usual errors are in docs/performance.md
};

struct ConvOptions {
  Size2 stride{1, 1};
  Padding padding{};  // zeros: top, bottom, left, right; or Padding::same_upper(), Padding::same_lower()
  Size2 dilation{1, 1};
  Count groups = 1;
  Activation activation = Activation::kNone;
  double slope = 0.01;  // of kLeakyRelu
  Numerics numerics = Numerics::kFast;
  ConvAlgorithm algorithm = ConvAlgorithm::kAuto;
  Count threads = 0;            // at most so many; 0: num_threads() of runtime.h
  ProgressCallback progress{};  // hears of weights that are being packed, too, while nothing of the output is done
};

// The shape of the output. Throws as conv_forward does.
Shape<4> conv_output_shape(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options = {});

// Writes every element of the output, which must share none with input, weights or bias (it may lie in gaps of them:
// other channels of one array); the residual may be the output itself (the same view), which adds in place. Throws
// ShapeError (shapes) or ParameterError (options, or a bad environment variable of runtime.h) before anything is
// written; and std::bad_alloc where there is no memory for packed weights or for a thread's workspace, perhaps after
// part of the output is written. So does all of ConvPlan.
void conv_forward(View<const float, 4> input, View<const float, 4> weights, View<const float, 1> bias,
                  View<float, 4> output, const ConvOptions& options = {}, View<const float, 4> residual = {});
void conv_forward(View<const double, 4> input, View<const double, 4> weights, View<const double, 1> bias,
                  View<double, 4> output, const ConvOptions& options = {}, View<const double, 4> residual = {});

// The gradients of a layer without activation, where grad [N,OH,OW,O] is that of its output. (Where the layer has an
// activation, activation_backward gives the gradient before it; that of a residual is grad itself.)
//
//   input_grad[n,h,w,c]  = sum over the i,j,o and y,x that read it of  grad[n,y,x,o] * weights[i,j,c,o]
//   weights_grad[i,j,c,o] = sum over n,y,x of  padded[n, y*stride.height + i*dilation.height, ..., c] * grad[n,y,x,o]
//   bias_grad[o]          = sum over n,y,x of  grad[n,y,x,o]
//
// `options` are those of the layer; their activation must be kNone. With `accumulate` the gradients are added to what
// the arrays hold, and without it every element is written. The bits of all three depend on nothing but the shape of
// one image, the dtype and the numerics; and weights_grad and bias_grad of a batch that is taken in parts, one call
// accumulating after the other, have the bits of the whole batch (docs/decisions/0016 has the order of the sums).
// Outputs must share no element with inputs or each other. Errors as in conv_forward. Readable version:
// src/reference/conv.cc.
void conv_backward_input(View<const float, 4> grad, View<const float, 4> weights, View<float, 4> input_grad,
                         const ConvOptions& options = {}, bool accumulate = false);
void conv_backward_input(View<const double, 4> grad, View<const double, 4> weights, View<double, 4> input_grad,
                         const ConvOptions& options = {}, bool accumulate = false);
void conv_backward_weights(View<const float, 4> grad, View<const float, 4> input, View<float, 4> weights_grad,
                           View<float, 1> bias_grad = {}, const ConvOptions& options = {}, bool accumulate = false);
void conv_backward_weights(View<const double, 4> grad, View<const double, 4> input, View<double, 4> weights_grad,
                           View<double, 1> bias_grad = {}, const ConvOptions& options = {}, bool accumulate = false);

// All three in one call, from the layer's input and weights; bias_grad may be {}. Nothing is written before all is
// checked.
void conv_backward(View<const float, 4> grad, View<const float, 4> input, View<const float, 4> weights,
                   View<float, 4> input_grad, View<float, 4> weights_grad, View<float, 1> bias_grad = {},
                   const ConvOptions& options = {}, bool accumulate = false);
void conv_backward(View<const double, 4> grad, View<const double, 4> input, View<const double, 4> weights,
                   View<double, 4> input_grad, View<double, 4> weights_grad, View<double, 1> bias_grad = {},
                   const ConvOptions& options = {}, bool accumulate = false);

// The same layer again and again: checks, chooses the algorithm and packs the weights once (it keeps no view of them).
//
//   const ConvPlan<float> plan({1, 56, 56, 64}, weights, bias, {.padding = 1});
//   plan.run(image, output);
//
// Threads and progress that a run leaves out are those that the plan was made with.
//
// `input` is the shape of what run() will be given, but for N, which may differ from run to run. run() is const, may be
// called by many threads at once, and gives the bits that conv_forward gives; it throws what conv_forward throws.
//
// A plan is for the SIMD target in use when it was made (runtime.h), and keeps to it. A plan that was moved from may
// only be assigned to or destroyed.
template <class T>
class ConvPlan {
 public:
  ConvPlan(const Shape<4>& input, View<const T, 4> weights, View<const T, 1> bias, const ConvOptions& options = {});
  ~ConvPlan();
  ConvPlan(ConvPlan&&) noexcept;
  ConvPlan& operator=(ConvPlan&&) noexcept;

  void run(View<const T, 4> input, View<T, 4> output, View<const T, 4> residual = {},
           const RunOptions& options = {}) const;

  // Some rows of the output alone, with the bits that run() gives to them: for images of which memory holds a band at a
  // time. The views are those of whole images, as for run(); but only the rows input_rows(rows) of the input are read,
  // and only these rows of output and residual are touched, so that no others need be there. The rows begin with a
  // multiple of row_step(), and are as many, unless they end with the image. Throws as run(), and ParameterError.
  void run_rows(const RowRange& rows, View<const T, 4> input, View<T, 4> output, View<const T, 4> residual = {},
                const RunOptions& options = {}) const;
  // The rows of the input that these rows of the output need.
  RowRange input_rows(const RowRange& rows) const;
  // 1, or the height of a tile; OH where the method computes whole images alone.
  int64_t row_step() const;

  // [N,OH,OW,O] for so many images. Throws ShapeError where N is negative or makes the output too large.
  Shape<4> output_shape(int64_t images) const;
  // The algorithm, its tile and the SIMD target, for people: "direct 7x64, avx512".
  std::string describe() const;
  // The SIMD target that was in use when it was made: "avx512".
  std::string target() const;
  // The most memory that run() needs per thread besides its arguments, whatever their strides and the number of images
  // and threads; with dense views it may be less, or none. Each thread keeps it for the next call.
  size_t workspace_bytes() const;

 private:
  template <class>
  friend class ConvLayer;
  // With threads and progress of the packing alone.
  ConvPlan(const Shape<4>& input, View<const T, 4> weights, View<const T, 1> bias, const ConvOptions& options,
           const RunOptions& packing);
  void run_layer(const RowRange& rows, const View<const T, 4>& input, const View<T, 4>& output,
                 const View<const T, 4>& residual, const RunOptions& options) const;

  struct Layer;
  std::unique_ptr<const Layer> layer_;
};
extern template class ConvPlan<float>;
extern template class ConvPlan<double>;

// The gradients of a layer again and again, for one image size: checks once, and packs the weights once for the
// gradient of the input. To ConvPlan it is what conv_backward_input and conv_backward_weights are to conv_forward: it
// gives their bits and throws what they throw, and all that is said of ConvPlan holds for it.
template <class T>
class ConvBackwardPlan {
 public:
  ConvBackwardPlan(const Shape<4>& input, View<const T, 4> weights, const ConvOptions& options = {});
  ~ConvBackwardPlan();
  ConvBackwardPlan(ConvBackwardPlan&&) noexcept;
  ConvBackwardPlan& operator=(ConvBackwardPlan&&) noexcept;

  void run_input(View<const T, 4> grad, View<T, 4> input_grad, bool accumulate = false,
                 const RunOptions& options = {}) const;
  void run_weights(View<const T, 4> grad, View<const T, 4> input, View<T, 4> weights_grad, View<T, 1> bias_grad = {},
                   bool accumulate = false, const RunOptions& options = {}) const;

  // How the gradient of the input is computed, for people: "4 phases, direct 14x32, avx512".
  std::string describe() const;

 private:
  struct Layer;
  std::unique_ptr<const Layer> layer_;
};
extern template class ConvBackwardPlan<float>;
extern template class ConvBackwardPlan<double>;

// An array that a ConvLayer takes over, where it is moved or temporary; of any other it keeps a view, and the memory
// must stay alive and unchanged for as long as the layer. {} is none.
template <class T, int Rank>
class LayerArray {
 public:
  LayerArray() = default;
  LayerArray(Tensor<T, Rank>&& tensor) : own_(std::move(tensor)), view_(own_.view()) {}
  LayerArray(const Tensor<T, Rank>& tensor) : view_(tensor) {}
  LayerArray(View<const T, Rank> view) : view_(view) {}
  LayerArray(View<T, Rank> view) : view_(view) {}
  LayerArray(LayerArray&&) = default;  // a tensor that is moved keeps its memory, and so the view holds
  LayerArray& operator=(LayerArray&&) = default;

  View<const T, Rank> view() const { return view_; }

 private:
  Tensor<T, Rank> own_;
  View<const T, Rank> view_;
};

// A layer for images of any size: its weights, and the plans for those sizes of image that it met last.
//
//   const ConvLayer<float> layer(std::move(weights), std::move(bias), {.padding = 1});
//   Tensor<float, 4> output(layer.output_shape(image.shape()));
//   layer.run(image, output);
//
// All that can be wrong with a layer without an input is found when it is
// made. It may be called by many threads at once, and gives the bits that conv_forward gives. A layer that was moved
// from may only be assigned to or destroyed.
template <class T>
class ConvLayer {
 public:
  // So many plans are kept, each with its packed copy of the weights: enough for pictures of some sizes, and for a
  // large one in tiles and their edges.
  static constexpr size_t kPlans = 4;

  ConvLayer(LayerArray<T, 4> weights, LayerArray<T, 1> bias, const ConvOptions& options = {});
  ~ConvLayer();
  ConvLayer(ConvLayer&&) noexcept;
  ConvLayer& operator=(ConvLayer&&) noexcept;

  // As conv_forward with the layer's weights, bias and options.
  void run(View<const T, 4> input, View<T, 4> output, View<const T, 4> residual = {},
           const RunOptions& options = {}) const;

  // The plan for inputs of this shape, whatever their N, on the SIMD target in use: one that is kept, or a new one,
  // packed with these threads and this progress.
  std::shared_ptr<const ConvPlan<T>> plan(const Shape<4>& input, const RunOptions& options = {}) const;
  // The plan that was asked for last, by run() or plan(); null before the first.
  std::shared_ptr<const ConvPlan<T>> latest_plan() const;

  Shape<4> output_shape(const Shape<4>& input) const;
  View<const T, 4> weights() const;
  View<const T, 1> bias() const;
  const ConvOptions& options() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};
extern template class ConvLayer<float>;
extern template class ConvLayer<double>;

}  // namespace convstep
