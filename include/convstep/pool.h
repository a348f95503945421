// pool.h: 2-D pooling, channels last. A window slides over each channel by itself and leaves one number. The gradient,
// pool_backward, is described further down.
//
//   kMax      the largest element: IEEE 754-2019 `maximum` (NaN if any is NaN, +0 > -0). Padding is -infinity.
//   kAverage  the sum divided by the number of elements. Padding is 0 and counts only with count_include_pad; the rows
//             that ceil_mode adds beyond the padding never count.
//   kLp       (sum of |x|^p)^(1/p); p = 2, the default, is L2 pooling, p = 1 the sum of magnitudes. Padding is 0.
//             Where the result is a number of the type, powers that are too large or too small for it do no harm.
//
//   input [N,H,W,C]   output [N,OH,OW,C]
//   OH = floor((H + top + bottom - dilation.height*(window.height-1) - 1) / stride.height) + 1;  OW alike.
//   ceil_mode takes the ceiling instead, and drops a last window that would start beyond input and leading padding.
//   With SAME padding OH = ceil(H / stride.height).
//
// Every window must read at least one element of the input: padding that would make an empty one is an error.
//
// Float and double; sums are kept in the type of the arrays. Their order:
//   Numerics::kNumpy   NumPy's pairwise order over the elements that a window reads, row by row.
//   Numerics::kFast    The same, but by column where that pays: each column under a window from top to bottom, then
//                      these sums from left to right. That is so with dilation 1 for windows at least 5 high and at
//                      least 5 strides wide, with more than one column of output; and for averages of 3x3 windows at
//                      stride 1 over at least 16 channels. Not for windows of which four in a row, or in a column,
//                      reach over more than 128 KB (32768 floats).
// So the bits of the result follow from the input and the geometry alone: not from threads, batch, strides of the views
// or SIMD target. N = 0 is valid. The notebook's form is in notebook.h. Source: section 4 of the notebook. Readable
// version: src/reference/pool.cc.
#pragma once

#include <memory>
#include <string>

#include "convstep/numerics.h"
#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

enum class PoolMode { kMax, kAverage, kLp };

// Window and stride are 1 unless they are given. So without `.window` the output is a copy of the input, and that is no
// error; without `.stride` windows move by 1, where Python and the command move them by their size.
struct PoolOptions {
  Size2 window{1, 1};
  Size2 stride{1, 1};
  PoolMode mode = PoolMode::kMax;
  Padding padding{};  // top, bottom, left, right; or Padding::same_upper(), Padding::same_lower()
  Size2 dilation{1, 1};
  bool ceil_mode = false;
  bool count_include_pad = false;       // read by kAverage alone
  double p = 2;                         // read by kLp alone; finite and at least 1
  Numerics numerics = Numerics::kFast;  // the same for kMax
  Count threads = 0;                    // at most so many; 0: num_threads() of runtime.h
  ProgressCallback progress{};
};

// The shape of the output. Throws as pool_forward does.
Shape<4> pool_output_shape(const Shape<4>& input, const PoolOptions& options);

// Writes every element of the output, which must share none with the input (it may lie in gaps of it). Throws
// ShapeError (shapes) or ParameterError (options, or a bad environment variable of runtime.h) before anything is
// written; and std::bad_alloc where there is no memory for a thread's workspace, perhaps after part of the output is
// written.
void pool_forward(View<const float, 4> input, View<float, 4> output, const PoolOptions& options);
void pool_forward(View<const double, 4> input, View<double, 4> output, const PoolOptions& options);

// Max pooling that also says where each maximum was: indices[n,y,x,c] = row*W + column in the unpadded image n, the
// first in row order among equals, and the first NaN where there is one. `options.mode` must be kMax.
void pool_forward(View<const float, 4> input, View<float, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options);
void pool_forward(View<const double, 4> input, View<double, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options);

// The same pooling again and again: checks and chooses once.
//
//   const PoolPlan<float> plan({1, 56, 56, 64}, {.window = 3, .stride = 2});
//   plan.run(image, output);
//
// `input` is the shape of what run() will be given, but for N, which may differ from run to run. run() is const, may be
// called by many threads at once, gives the bits that pool_forward gives, and throws what it throws. Threads and
// progress that a run leaves out are those that the plan was made with.
//
// A plan is for the SIMD target in use when it was made (runtime.h), and keeps to it. A plan that was moved from may
// only be assigned to or destroyed.
template <class T>
class PoolPlan {
 public:
  PoolPlan(const Shape<4>& input, const PoolOptions& options);
  ~PoolPlan();
  PoolPlan(PoolPlan&&) noexcept;
  PoolPlan& operator=(PoolPlan&&) noexcept;

  void run(View<const T, 4> input, View<T, 4> output, const RunOptions& options = {}) const;
  // Max pooling with indices, as above.
  void run_with_indices(View<const T, 4> input, View<T, 4> output, View<int64_t, 4> indices,
                        const RunOptions& options = {}) const;
  // Some rows of the output alone, as ConvPlan's run_rows; any of them.
  void run_rows(const RowRange& rows, View<const T, 4> input, View<T, 4> output, const RunOptions& options = {}) const;
  RowRange input_rows(const RowRange& rows) const;

  // [N,OH,OW,C] for so many images. Throws ShapeError where N is negative or makes the output too large.
  Shape<4> output_shape(int64_t images) const;
  // How, without indices, and the SIMD target, for people: "strips, avx512".
  std::string describe() const;
  // The SIMD target that was in use when it was made: "avx512".
  std::string target() const;
  // The most memory that run() needs per thread besides its arguments, as ConvPlan's.
  size_t workspace_bytes() const;

 private:
  struct Layer;
  void run_layer(const RowRange& rows, const View<const T, 4>& input, const View<T, 4>& output,
                 const View<int64_t, 4>* indices, const RunOptions& options) const;
  std::unique_ptr<const Layer> layer_;
};
extern template class PoolPlan<float>;
extern template class PoolPlan<double>;

// Which elements of a window get the gradient of its maximum, where several are as large?
//   kFirst  The first in row order, which is the one that the indices of pool_forward name (the first NaN, where there
//           is one; +0 before -0). Frameworks do so.
//   kAll    All that are equal to it, each the whole gradient. This is the notebook's mask, x == max(x), so +0 and -0
//           are equal, and a window with a NaN, which equals nothing, passes nothing on.
enum class PoolTies { kFirst, kAll };

// The gradient of a pooling's input, from g, that of its outputs. Each window adds to the elements that it reads:
//   kMax      g to the maximum, as PoolTies says
//   kAverage  g / count to each, count being what the sum was divided by
//   kLp       g * sign(x) * |x|^(p-1) / A^(p-1) to each that is not 0, where A is the norm of the window; so for p = 1
//             g * sign(x), and for a window of zeros nothing
//
//   grad [N,OH,OW,C]   input [N,H,W,C]   input_grad [N,H,W,C]
//
// What several windows give to an element is added in row order of the windows, from 0, in the type of the arrays; an
// element that no window reads gets 0. With `accumulate` the finished sum is added to what input_grad holds. So bits
// follow from the arrays and the geometry alone; options.numerics changes nothing here.
//
// NaN and infinity of g reach the elements to which the window adds, and no others. The powers of a norm are taken of x
// divided by the largest magnitude in the window, so that none overflows. Where an input of a norm is infinite its own
// gradient is NaN, and that of finite ones beside it 0; for p = 1 infinity is a number like others.
//
// The input is that of the forward pass. For kAverage only its shape is read, and its data may be null. input_grad is
// written in full; it must share no element with grad or input (it may lie in gaps of them). Throws as pool_forward
// does. Readable version: src/reference/pool.cc.
void pool_backward(View<const float, 4> grad, View<const float, 4> input, View<float, 4> input_grad,
                   const PoolOptions& options, PoolTies ties = PoolTies::kFirst, bool accumulate = false);
void pool_backward(View<const double, 4> grad, View<const double, 4> input, View<double, 4> input_grad,
                   const PoolOptions& options, PoolTies ties = PoolTies::kFirst, bool accumulate = false);

// Max pooling by the indices that pool_forward gave: input_grad[n, index / W, index % W, c] += grad[n,y,x,c], otherwise
// as above. `options.mode` must be kMax. An index outside 0 .. H*W - 1 is a ParameterError; all are looked at before
// anything is written.
//   indices [N,OH,OW,C]
void pool_backward(View<const float, 4> grad, View<const int64_t, 4> indices, View<float, 4> input_grad,
                   const PoolOptions& options, bool accumulate = false);
void pool_backward(View<const double, 4> grad, View<const int64_t, 4> indices, View<double, 4> input_grad,
                   const PoolOptions& options, bool accumulate = false);

// Global pooling is a window as large as the image: output [N,1,1,C].
PoolOptions global_pool_options(const Shape<4>& input, PoolMode mode);

}  // namespace convstep
