#include "network/operations/linear.h"

#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class U>
View<U, 4> as_pixels(const View<U, 2>& rows) {
  if (!rows) return {};
  return {rows.data(), {1, 1, rows.shape(0), rows.shape(1)}, {0, 0, rows.stride(0), rows.stride(1)}};
}

template <class T>
View<const T, 4> as_window(const View<const T, 2>& weights) {
  return as_pixels(weights);
}

}  // namespace

template <class T>
void Linear<T>::pack(const View<const T, 2>& weights, const View<const T, 1>& bias) {
  plan_ = std::make_shared<const ConvPlan<T>>(Shape<4>{1, 1, rows_, length_}, as_window(weights), bias, options_);
}

template <class T>
void Linear<T>::run(const View<const T, 2>& rows, const View<const T, 2>& weights, const View<const T, 2>& residual,
                    const View<T, 2>& output, const RunOptions& options) const {
  if (plan_) {
    plan_->run(as_pixels(rows), as_pixels(output), as_pixels(residual), options);
    return;
  }
  ConvOptions all = options_;
  all.threads = options.threads;
  all.progress = options.progress;
  conv_forward(as_pixels(rows), as_window(weights), {}, as_pixels(output), all, as_pixels(residual));
}

ConvOptions linear_options(const Node& node) {
  return {.activation = activation_attribute(node), .slope = node.real("slope", 0.01)};
}

template class Linear<float>;
template class Linear<double>;

}  // namespace convstep::network
