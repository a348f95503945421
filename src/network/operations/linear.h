// linear.h: rows times a matrix, which Gemm and MatMul both are: a convolution of one row of pixels.
#pragma once

#include "convstep/conv.h"
#include "network/operation.h"

namespace convstep::network {

// output[m,n] = activation(bias[n] + residual[m,n] + sum over k of rows[m,k] * weights[k,n])
//
// Packed once, where the weights are given here (and the bias, if there is one); else in each run.
template <class T>
class Linear {
 public:
  // Rows, their length, and what follows them. Of the options, activation and slope count.
  Linear(int64_t M, int64_t K, const ConvOptions& options) : rows_(M), length_(K), options_(options) {}
  void pack(const View<const T, 2>& weights, const View<const T, 1>& bias);

  // Weights are read where they are not packed. Arrays may have any strides, and the residual may repeat elements.
  void run(const View<const T, 2>& rows, const View<const T, 2>& weights, const View<const T, 2>& residual,
           const View<T, 2>& output, const RunOptions& options) const;
  std::string describe() const { return plan_ ? plan_->describe() : "weights packed in each run"; }

 private:
  int64_t rows_, length_;
  ConvOptions options_;
  std::shared_ptr<const ConvPlan<T>> plan_;
};

// The attributes `activation` and `slope` of a node.
ConvOptions linear_options(const Node& node);

}  // namespace convstep::network
