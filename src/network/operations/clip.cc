// clip.cc: Clip, whose limits are inputs.
#include <limits>

#include "network/operations/elementwise.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "input");
  constexpr const char* kLimits[] = {"min", "max"};
  for (size_t i = 0; i < 2; ++i) {
    const ValueInfo<T>& limit = request.input(i + 1);
    if (!limit) continue;
    check_element(limit, kLimits[i], input.element);
    check_single(kLimits[i], limit.shape);
  }
  return {.outputs = {{input.element, input.shape, input.order}}, .may_work_in_place = true};
}

// Where the least is larger than the most, all is the most, as in NumPy. NaN stays what it is, and -0 becomes the +0
// that it is raised to: so a clip to 0 and 6 is the activation kRelu6, to the bit.
template <class U>
void clip(const NdView<U>& from, const U* least, const U* most, const NdView<U>& to, const RunOptions& options) {
  using Limits = std::numeric_limits<U>;
  const U low = least ? *least : Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  const U high = most ? *most : Limits::has_infinity ? Limits::infinity() : Limits::max();
  const UnaryRun<U, U> run = unary_run<U, U>([=](U x) {
    const U raised = x > low || x != x ? x : low;
    return raised > high ? high : raised;
  });
  apply(run, from, to, options);
}

template <class T>
Step<T> make(const Request<T>&, const Inferred<T>&) {
  return {.run = [](const StepArrays<T>& arrays, const RunOptions& options) {
    const auto limit = [&](size_t index) { return index < arrays.inputs.size() ? arrays.inputs[index].data : nullptr; };
    with_elements(arrays.inputs[0], [&](const auto& from) {
      using U = std::remove_reference_t<decltype(*from.data)>;
      clip<U>(from, static_cast<U*>(limit(1)), static_cast<U*>(limit(2)), elements<U>(arrays.outputs[0]), options);
    });
  }};
}

}  // namespace

template <class T>
Operation<T> clip_operation() {
  return {"Clip", 3, infer<T>, make<T>};
}
template Operation<float> clip_operation();
template Operation<double> clip_operation();

}  // namespace convstep::network
