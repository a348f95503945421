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
  void update() {
    problem_ = check_problem(input_.shape(), weights_.shape(), options_, kConvNames);
    expected_ = fma_chain<T>(problem_, input_, weights_, bias_, residual_);
  }

  // The bits of the chain, on targets that fuse multiply-adds; elsewhere within its error: all numbers are at most 1.
  void expect_right(View<const T, 4> output, const std::string& target, const std::string& what) const {
    const auto [N, OH, OW, O] = output.shape();
    const T terms = static_cast<T>(problem_.window_size() + 2);
    const T tolerance = target_fuses(target) ? 0 : terms * terms * std::numeric_limits<T>::epsilon();
    const T* wanted = expected_.data();
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t y = 0; y < OH; ++y) {
        for (int64_t x = 0; x < OW; ++x) {
          for (int64_t o = 0; o < O; ++o, ++wanted) {
            const T got = output(n, y, x, o);
            ASSERT_TRUE(is_same(*wanted, got) || std::abs(*wanted - got) <= tolerance)
                << what << ", " << target << ": " << got << " for " << *wanted << " at (" << n << ", " << y << ", " << x
                << ", " << o << ")";
          }
        }
      }
    }
  }
  void expect_runs_right(const std::string& target, const std::string& what, int threads = 1) const {
    auto output = filled<T, 4>(expected_.shape(), kPoison);
    method()->run({input_, residual_, output, threads, kSilent});
    ASSERT_NO_FATAL_FAILURE(expect_right(output, target, what));
  }

  ConvOptions options_;
  ConvProblem problem_{};
  Tensor<T, 4> input_, weights_, expected_;
  Tensor<T, 1> bias_;
  View<const T, 4> residual_;
};

}  // namespace convstep
