// backward.cc: the notebook's backward pass.
#include <cmath>
#include <utility>

#include "convstep/conv.h"
#include "convstep/notebook.h"
#include "convstep/pool.h"
#include "core/array_checks.h"
#include "notebook/checks.h"
#include "notebook/words.h"

namespace convstep {
namespace {

constexpr const char* kOfTheCache = "the shape of what the forward pass that made the cache returned";

template <class T>
ConvGradients<T> convolve_backward(View<const T, 4> dZ, const ConvCache<T>& cache, const RunOptions& run) {
  const auto& [A_prev, W, b, hparameters] = cache;
  const int64_t stride = hparameters.stride, pad = hparameters.pad;
  check_at_least(1, "stride", stride);
  check_at_least(0, "pad", pad);
  ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(pad), .threads = run.threads};
  const Wording wording{.arguments = kConvWords, .phrases = kConvPhrases};
  const auto compute = [&, input = A_prev, weights = W, given = hparameters](const ProgressCallback& progress) {
    const Shape<4> Z = conv_output_shape(input.shape(), weights.shape(), options);
    check_shape("dZ", dZ.shape().data(), Z.data(), 4, kOfTheCache);
    check_readable(extent_of("dZ", dZ));
    check_readable(extent_of("A_prev", input));
    check_readable(extent_of("W", weights));
    options.numerics = given.numerics.value_or(notebook_numerics(weights.shape(), Z));
    ConvGradients<T> result{Tensor<T, 4>::uninitialized(input.shape()), Tensor<T, 4>::uninitialized(weights.shape()),
                            Tensor<T, 4>::uninitialized({1, 1, 1, Z[3]})};
    options.progress = progress;
    conv_backward(dZ, input, weights, result.dA_prev.view(), result.dW.view(), result.db.template reshape<1>({Z[3]}),
                  options);
    return result;
  };
  return in_words(wording, run.progress, compute);
}

template <class T>
Tensor<bool, 2> mask_of(View<const T, 2> x) {
  check_full_shape("x", x.shape().data(), 2, sizeof(T));
  check_readable(extent_of("x", x));
  T largest = x(0, 0);
  auto mask = Tensor<bool, 2>::uninitialized(x.shape());
  for (int64_t i = 0; i < x.shape(0); ++i) {
    for (int64_t j = 0; j < x.shape(1); ++j) {
      if (x(i, j) > largest || std::isnan(x(i, j))) largest = x(i, j);  // nothing is larger than NaN
    }
  }
  for (int64_t i = 0; i < x.shape(0); ++i) {
    for (int64_t j = 0; j < x.shape(1); ++j) mask(i, j) = x(i, j) == largest;
  }
  return mask;
}

template <class T>
Tensor<T, 2> distribute(T dz, const Shape<2>& shape) {
  check_full_shape("shape", shape.data(), 2, sizeof(T));
  return Tensor<T, 2>::full(shape, dz / static_cast<T>(shape[0] * shape[1]));
}

template <class T>
Tensor<T, 4> pool_back(View<const T, 4> dA, const PoolCache<T>& cache, const std::string& mode, PoolTies ties,
                       const RunOptions& run) {
  const auto& [A_prev, hparameters] = cache;
  const int64_t stride = hparameters.stride, f = hparameters.f;
  check_at_least(1, "stride", stride);
  check_at_least(1, "f", f);
  const PoolOptions options{.window = {f, f},
                            .stride = {stride, stride},
                            .mode = to_pool_mode(mode),
                            .threads = run.threads,
                            .progress = run.progress};
  const Shape<4> A =
      in_words({.arguments = kPoolWords}, [&, &input = A_prev] { return pool_output_shape(input.shape(), options); });
  check_shape("dA", dA.shape().data(), A.data(), 4, kOfTheCache);
  check_readable(extent_of("dA", dA));
  check_readable(extent_of("A_prev", A_prev));

  auto dA_prev = Tensor<T, 4>::uninitialized(A_prev.shape());
  pool_backward(dA, A_prev, dA_prev, options, ties);
  return dA_prev;
}

}  // namespace

ConvGradients<float> conv_backward(View<const float, 4> dZ, const ConvCache<float>& cache, const RunOptions& options) {
  return convolve_backward(dZ, cache, options);
}
ConvGradients<double> conv_backward(View<const double, 4> dZ, const ConvCache<double>& cache,
                                    const RunOptions& options) {
  return convolve_backward(dZ, cache, options);
}

Tensor<bool, 2> create_mask_from_window(View<const float, 2> x) { return mask_of(x); }
Tensor<bool, 2> create_mask_from_window(View<const double, 2> x) { return mask_of(x); }

Tensor<float, 2> distribute_value(float dz, const Shape<2>& shape) { return distribute(dz, shape); }
Tensor<double, 2> distribute_value(double dz, const Shape<2>& shape) { return distribute(dz, shape); }

Tensor<float, 4> pool_backward(View<const float, 4> dA, const PoolCache<float>& cache, const std::string& mode,
                               PoolTies ties, const RunOptions& options) {
  return pool_back(dA, cache, mode, ties, options);
}
Tensor<double, 4> pool_backward(View<const double, 4> dA, const PoolCache<double>& cache, const std::string& mode,
                                PoolTies ties, const RunOptions& options) {
  return pool_back(dA, cache, mode, ties, options);
}

}  // namespace convstep
