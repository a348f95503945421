// loss.cc: cross-entropy of a softmax, one row at a time.
#include <cmath>

#include "reference/reference.h"

namespace convstep::reference {
namespace {

// The first of the largest. Where the first logit is NaN it is that one, and then all that follows is NaN.
template <class T>
int64_t largest(const View<const T, 1>& logits) {
  int64_t best = 0;
  for (int64_t k = 1; k < logits.shape(0); ++k) {
    if (logits(k) > logits(best)) best = k;
  }
  return best;
}

// exp(logit - top) of all classes but one.
template <class T>
T sum_of_others(const View<const T, 1>& logits, T top, int64_t one) {
  T sum = 0;
  for (int64_t k = 0; k < logits.shape(0); ++k) {
    if (k != one) sum += std::exp(logits(k) - top);
  }
  return sum;
}

}  // namespace

// -log(e_label / (1 + others)), where the largest logit's e is 1 and others the sum of all e but that one.
template <class T>
T cross_entropy(View<const T, 1> logits, int64_t label) {
  const int64_t best = largest(logits);
  const T top = logits(best), its_own = top - top;  // 0, or NaN where it is infinite
  return std::log1p(sum_of_others(logits, top, best) + its_own) + (top - logits(label));
}

// The label's p - 1 is -others / sum, where others is the sum of all e but its own.
template <class T>
void cross_entropy_backward(View<const T, 1> logits, int64_t label, T count, View<T, 1> logits_grad) {
  const T top = logits(largest(logits));
  const T others = sum_of_others(logits, top, label);
  const T sum = others + std::exp(logits(label) - top);
  for (int64_t k = 0; k < logits.shape(0); ++k) {
    const T difference = k == label ? 0 - others : std::exp(logits(k) - top);
    logits_grad(k) = difference / sum / count;
  }
}

template float cross_entropy(View<const float, 1>, int64_t);
template double cross_entropy(View<const double, 1>, int64_t);
template void cross_entropy_backward(View<const float, 1>, int64_t, float, View<float, 1>);
template void cross_entropy_backward(View<const double, 1>, int64_t, double, View<double, 1>);

}  // namespace convstep::reference
