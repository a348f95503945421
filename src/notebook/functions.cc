// functions.cc: the notebook's functions over the operations that they are named for.
#include <utility>

#include "convstep/conv.h"
#include "convstep/notebook.h"
#include "convstep/pad.h"
#include "convstep/pool.h"
#include "core/array_checks.h"
#include "notebook/checks.h"
#include "notebook/words.h"
#include "reference/reference.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

template <class T>
Tensor<T, 4> pad_all(View<const T, 4> X, int64_t pad, const RunOptions& options) {
  check_at_least(0, "pad", pad);
  return in_words({.arguments = kPadWords}, options.progress, [&](const ProgressCallback& progress) {
    const Padding padding = Padding::all(pad);
    auto X_pad = Tensor<T, 4>::uninitialized(pad_output_shape(X.shape(), padding));
    zero_pad(X, X_pad, padding, {options.threads, progress});
    return X_pad;
  });
}

template <class T>
T single_step(View<const T, 3> a_slice_prev, View<const T, 3> W, View<const T, 3> b, const RunOptions& options) {
  check_full_shape("W", W.shape().data(), 3, sizeof(T));
  check_shape("a_slice_prev", a_slice_prev.shape().data(), W.shape().data(), 3, "the shape of W");
  check_shape("b", b.shape().data(), Shape<3>{1, 1, 1}.data(), 3, "one filter has one bias");
  check_readable(extent_of("a_slice_prev", a_slice_prev));
  check_readable(extent_of("W", W));
  check_readable(extent_of("b", b));
  resolve_threads(options.threads, true);
  return reference::conv_single_step(a_slice_prev, W, b(0, 0, 0), options.progress);
}

template <class T>
ConvResult<T> convolve(View<const T, 4> A_prev, View<const T, 4> W, View<const T, 4> b,
                       const ConvHparameters& hparameters, const RunOptions& run) {
  const int64_t stride = hparameters.stride, pad = hparameters.pad;
  check_at_least(1, "stride", stride);
  check_at_least(0, "pad", pad);
  return in_words({kConvWords, kConvPhrases}, run.progress, [&](const ProgressCallback& progress) {
    ConvOptions options{
        .stride = {stride, stride}, .padding = Padding::all(pad), .threads = run.threads, .progress = progress};
    const Shape<4> shape = conv_output_shape(A_prev.shape(), W.shape(), options);
    check_shape("b", b.shape().data(), Shape<4>{1, 1, 1, W.shape(3)}.data(), 4, "one bias per filter of W");
    check_readable(extent_of("b", b));
    auto Z = Tensor<T, 4>::uninitialized(shape);
    options.numerics = hparameters.numerics.value_or(notebook_numerics(W.shape(), shape));
    const View<const T, 1> bias(b.data(), {b.shape(3)}, {b.stride(3)});
    conv_forward(A_prev, W, bias, Z, options);
    return ConvResult<T>{std::move(Z), {A_prev, W, b, hparameters}};
  });
}

template <class T>
PoolResult<T> pool(View<const T, 4> A_prev, const PoolHparameters& hparameters, const std::string& mode,
                   const RunOptions& run) {
  const int64_t stride = hparameters.stride, f = hparameters.f;
  check_at_least(1, "stride", stride);
  check_at_least(1, "f", f);
  return in_words({.arguments = kPoolWords}, run.progress, [&](const ProgressCallback& progress) {
    const PoolOptions options{.window = {f, f},
                              .stride = {stride, stride},
                              .mode = to_pool_mode(mode),
                              .numerics = Numerics::kNumpy,
                              .threads = run.threads,
                              .progress = progress};
    auto A = Tensor<T, 4>::uninitialized(pool_output_shape(A_prev.shape(), options));
    pool_forward(A_prev, A, options);
    return PoolResult<T>{std::move(A), {A_prev, hparameters}};
  });
}

}  // namespace

Tensor<float, 4> zero_pad(View<const float, 4> X, Count pad, const RunOptions& options) {
  return pad_all(X, pad, options);
}
Tensor<double, 4> zero_pad(View<const double, 4> X, Count pad, const RunOptions& options) {
  return pad_all(X, pad, options);
}

float conv_single_step(View<const float, 3> a_slice_prev, View<const float, 3> W, View<const float, 3> b,
                       const RunOptions& options) {
  return single_step(a_slice_prev, W, b, options);
}
double conv_single_step(View<const double, 3> a_slice_prev, View<const double, 3> W, View<const double, 3> b,
                        const RunOptions& options) {
  return single_step(a_slice_prev, W, b, options);
}

Numerics notebook_numerics(const Shape<4>& W, const Shape<4>& Z) {
  double products = double(Z[1]) * double(Z[2]);  // may exceed 63 bits
  for (const int64_t length : W) products *= double(length);
  return products <= double(kNotebookProducts) ? Numerics::kNumpy : Numerics::kFast;
}

ConvResult<float> conv_forward(View<const float, 4> A_prev, View<const float, 4> W, View<const float, 4> b,
                               const ConvHparameters& hparameters, const RunOptions& options) {
  return convolve(A_prev, W, b, hparameters, options);
}
ConvResult<double> conv_forward(View<const double, 4> A_prev, View<const double, 4> W, View<const double, 4> b,
                                const ConvHparameters& hparameters, const RunOptions& options) {
  return convolve(A_prev, W, b, hparameters, options);
}

PoolResult<float> pool_forward(View<const float, 4> A_prev, const PoolHparameters& hparameters, const std::string& mode,
                               const RunOptions& options) {
  return pool(A_prev, hparameters, mode, options);
}
PoolResult<double> pool_forward(View<const double, 4> A_prev, const PoolHparameters& hparameters,
                                const std::string& mode, const RunOptions& options) {
  return pool(A_prev, hparameters, mode, options);
}

}  // namespace convstep
