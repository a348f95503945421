// chain_test.h: a test of a method that promises the chain of fma_chain.h: a layer, what it must give, and comparisons.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "conv/checks.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {

inline const ProgressCallback kSilent;

template <class T>
class ChainTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  virtual std::unique_ptr<const ConvMethod<T>> method() const = 0;

  // A layer with random numbers and what it must give.
  void make_random(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
    options_ = options;
    input_ = random_tensor<T, 4>(input, 1);
    weights_ = random_tensor<T, 4>(weights, 2);
    bias_ = random_tensor<T, 1>({weights[3]}, 3);
    update();
  }
  virtual void update() {
    problem_ = check_problem(input_.shape(), weights_.shape(), options_);
    expected_ = fma_chain<T>(problem_, input_, weights_, bias_, residual_);
  }

  // The bits of the chain, on targets that fuse multiply-adds; elsewhere within its error.
  void expect_right(View<const T, 4> output, const std::string& target, const std::string& what) const {
    const auto [N, OH, OW, O] = output.shape();
    const bool exact = target_fuses(target);
    for (int64_t n = 0, at = 0; n < N; ++n) {
      for (int64_t y = 0; y < OH; ++y) {
        for (int64_t x = 0; x < OW; ++x) {
          for (int64_t o = 0; o < O; ++o, ++at) {
            const T wanted = expected_.data()[at], got = output(n, y, x, o);
            ASSERT_TRUE(is_same(wanted, got) || (!exact && std::abs(wanted - got) <= error_bound(at)))
                << what << ", " << target << ": " << got << " for " << wanted << " at (" << n << ", " << y << ", " << x
                << ", " << o << ")";
          }
        }
      }
    }
  }
  void expect_runs_right(const std::string& target, const std::string& what, int threads = 1) const {
    ASSERT_NO_FATAL_FAILURE(expect_runs_right(input_, target, what, threads));
  }
  void expect_runs_right(View<const T, 4> input, const std::string& target, const std::string& what,
                         int threads = 1) const {
    auto output = filled<T, 4>(expected_.shape(), kPoison);
    method()->run({input, residual_, output, threads, kSilent, all_rows()});
    ASSERT_NO_FATAL_FAILURE(expect_right(output, target, what));
  }
  RowRange all_rows() const { return {0, problem_.geometry.height.output}; }
  // The layer without a residual, with one, and with one that is the output itself.
  void expect_runs_right_with_residuals(const std::string& target) {
    // The exponential of a vector and that of the C library differ in the last bits.
    const std::string kind = options_.activation < Activation::kSigmoid ? target : "sse4";
    ASSERT_NO_FATAL_FAILURE(expect_runs_right(kind, "no residual, " + target));
    auto residual = random_tensor<T, 4>(expected_.shape(), 4);
    residual_ = residual;
    update();
    ASSERT_NO_FATAL_FAILURE(expect_runs_right(kind, "residual apart, " + target));
    method()->run({input_, residual.view(), residual.view(), 1, kSilent, all_rows()});
    ASSERT_NO_FATAL_FAILURE(expect_right(residual, kind, "residual in place, " + target));
    residual_ = {};
  }

  // Of a chain without fused multiply-adds, for element `at` of the output. Here all numbers are at most 1.
  virtual T error_bound(int64_t) const {
    const T terms = static_cast<T>(problem_.window_size() + 2);
    return terms * terms * std::numeric_limits<T>::epsilon();
  }

  ConvOptions options_;
  ConvProblem problem_{};
  Tensor<T, 4> input_, weights_, expected_;
  Tensor<T, 1> bias_;
  View<const T, 4> residual_;
};

}  // namespace convstep
