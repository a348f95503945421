// cross_entropy.cc: checks a loss's arrays and has the plain loops compute it, row by row.
#include <string>

#include "convstep/error.h"
#include "convstep/loss.h"
#include "core/array_checks.h"
#include "reference/reference.h"

namespace convstep {
namespace {

template <class T>
void check(const View<const T, 2>& logits, const View<const int64_t, 1>& labels, const View<T, 2>& logits_grad,
           int64_t count) {
  check_batch_shape("logits", logits.shape().data(), 2, sizeof(T));
  check_shape("labels", labels.shape().data(), logits.shape().data(), 1, "one for each row of the logits");
  if (count < 0) throw ParameterError("count", std::to_string(count), "1 or more, or 0 for the number of rows");
  check_readable(extent_of("logits", logits));
  check_readable(extent_of("labels", labels));
  if (logits_grad) {
    check_shape("logits_grad", logits_grad.shape().data(), logits.shape().data(), 2, "the shape of the logits");
    check_writable(extent_of("logits_grad", logits_grad));
    check_no_partial_overlap(extent_of("logits_grad", logits_grad), extent_of("logits", logits));
    check_no_overlap(extent_of("logits_grad", logits_grad), extent_of("labels", labels));
  }
  check_labels(labels, logits.shape(1));
}

template <class T>
T run(const View<const T, 2>& logits, const View<const int64_t, 1>& labels, const View<T, 2>& logits_grad,
      const CrossEntropyOptions& options) {
  check(logits, labels, logits_grad, options.count);
  const T count = static_cast<T>(options.count == 0 ? logits.shape(0) : options.count.value);
  T loss = static_cast<T>(options.loss_so_far);
  for (int64_t n = 0; n < logits.shape(0); ++n) {
    loss += reference::cross_entropy(logits[n], labels(n)) / count;
    if (logits_grad) reference::cross_entropy_backward(logits[n], labels(n), count, logits_grad[n]);
  }
  return loss;
}

}  // namespace

float softmax_cross_entropy(View<const float, 2> logits, View<const int64_t, 1> labels, View<float, 2> logits_grad,
                            const CrossEntropyOptions& options) {
  return run(logits, labels, logits_grad, options);
}
double softmax_cross_entropy(View<const double, 2> logits, View<const int64_t, 1> labels, View<double, 2> logits_grad,
                             const CrossEntropyOptions& options) {
  return run(logits, labels, logits_grad, options);
}

}  // namespace convstep
