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
// part in the sum, so that 0 * infinity in a border is NaN, as it is in NumPy. Source: sections 3.2 and 3.3 of the
// notebook (`conv_single_step`, `conv_forward`). Readable version: src/reference/conv.cc.
#pragma once

#include <memory>
#include <string>

#include "convstep/activation.h"
#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace convstep {

enum class ConvAlgorithm {
  kAuto,       // the library chooses, by the shape of one image and the dtype alone
  kReference,  // plain loops; each sum in the order of NumPy's np.sum, then the bias, then the residual
  kDirect,     // each output is one chain of fused multiply-adds that starts at the bias and runs over (i, j, c)
  kWinograd,  // fewer multiplications; for 3x3 windows of stride 1 without dilation and groups, kAuto for other layers.
              // |error| <= gamma(2C+74) * (11264 * W * S + |bias|), whatever the range of the data: W is the largest
              // magnitude in the output's own window, S the sum of magnitudes of its own filter (docs/decisions/0011);
              // usual errors are in docs/performance.md
  kNotebook,  // the bits of kReference for layers of the notebook's size (kNotebookProducts), kAuto for larger ones
};

// Products of an input and a weight, per image, up to which kNotebook gives NumPy's bits. The largest layer of the
// notebook has 156,000.
inline constexpr int64_t kNotebookProducts = int64_t{1} << 18;

struct ConvOptions {
  Size2 stride{1, 1};
  Padding padding{};  // zeros: top, bottom, left, right; or Padding::same_upper(), Padding::same_lower()
  Size2 dilation{1, 1};
  Count groups = 1;
  Activation activation = Activation::kNone;
  double slope = 0.01;  // of kLeakyRelu
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

// What may differ from one run of a plan to the next; where it is left out, what the plan was made with holds.
struct ConvRunOptions {
  Count threads = 0;
  ProgressCallback progress{};
};

// The same layer again and again: checks, chooses the algorithm and packs the weights once (it keeps no view of them).
//
//   const ConvPlan<float> plan({1, 56, 56, 64}, weights, bias, {.padding = 1});
//   plan.run(image, output);
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
           const ConvRunOptions& options = {}) const;

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
  struct Layer;
  std::unique_ptr<const Layer> layer_;
};
extern template class ConvPlan<float>;
extern template class ConvPlan<double>;

// The notebook's forms, with the notebook's names and shapes.

// One window, one filter, one number: sum(a_slice_prev * W) + b.
//   a_slice_prev [f,f,n_C_prev]   W the same shape   b [1,1,1]
// The sum is taken in NumPy's order, so that its last bit is NumPy's. Throws ShapeError, std::bad_alloc.
float conv_single_step(View<const float, 3> a_slice_prev, View<const float, 3> W, View<const float, 3> b,
                       const ProgressCallback& progress = {});
double conv_single_step(View<const double, 3> a_slice_prev, View<const double, 3> W, View<const double, 3> b,
                        const ProgressCallback& progress = {});

struct ConvHparameters {
  Count stride = 1;
  Count pad = 0;
  ConvAlgorithm algorithm = ConvAlgorithm::kNotebook;
};

// What the notebook keeps for its backward pass, which convstep does not have. Its views are the very ones that were
// passed in: they borrow.
template <class T>
struct ConvCache {
  View<const T, 4> A_prev, W, b;
  ConvHparameters hparameters;
};

template <class T>
struct ConvResult {
  Tensor<T, 4> Z;
  ConvCache<T> cache;
};

// A whole layer without activation:  auto [Z, cache] = conv_forward(A_prev, W, b, {.stride = 2, .pad = 1});
//   A_prev [m,n_H_prev,n_W_prev,n_C_prev]   W [f,f,n_C_prev,n_C]   b [1,1,1,n_C]   Z [m,n_H,n_W,n_C]
// Throws ShapeError, ParameterError, std::bad_alloc.
ConvResult<float> conv_forward(View<const float, 4> A_prev, View<const float, 4> W, View<const float, 4> b,
                               const ConvHparameters& hparameters);
ConvResult<double> conv_forward(View<const double, 4> A_prev, View<const double, 4> W, View<const double, 4> b,
                                const ConvHparameters& hparameters);

}  // namespace convstep
