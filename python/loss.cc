// loss.cc: softmax with cross-entropy, and its gradient.
#include "convstep/loss.h"

#include <string>

#include "python/bindings.h"
#include "python/call.h"
#include "python/function.h"
#include "python/options.h"

namespace convstep::python {
namespace {

constexpr Rewrite kRows[] = {{1, "one row", "[None]"}, {4, "what a convolution leaves of each image", "[:, 0, 0]"}};

// What the sum is divided by: None for a mean.
int64_t to_count(nb::handle value) {
  if (value.is_none()) return 0;
  const int64_t count = to_integer("count", value);
  if (count < 1)
    throw nb::value_error(("count: got " + std::to_string(count) + ", expected None or 1 or more").c_str());
  return count;
}

nb::object softmax_cross_entropy_and_gradient(nb::handle logits, nb::handle labels, nb::handle count,
                                              nb::handle loss_so_far, nb::handle out) {
  const CrossEntropyOptions options{.count = to_count(count), .loss_so_far = to_real("loss_so_far", loss_so_far)};
  const Input scores("logits", logits);
  const Indices classes("labels", labels);
  return with_value_errors(kLossWording, [&] {
    return with_scalar(scores.scalar(), [&]<class T>(T) {
      const View<const T, 2> z = scores.view<T, 2>(kRows);
      const View<const int64_t, 1> wanted = classes.row();
      const Output logits_grad(out, z.shape(), kFormat<T>);
      const View<T, 2> dz = logits_grad.view<T, 2>();
      T loss{};
      without_gil([&] { loss = softmax_cross_entropy(z, wanted, dz, options); });
      return nb::make_tuple(numpy_scalar(loss), logits_grad.array());
    });
  });
}

}  // namespace

void define_loss() { define<&softmax_cross_entropy_and_gradient>("softmax_cross_entropy"); }

}  // namespace convstep::python
