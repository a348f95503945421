#include "network/passes/passes.h"

#include "network/fold.h"

namespace convstep::network {

namespace {

// What may be computed once for all: a file of some bytes may speak of constants that fill all memory. Every run
// computes the rest, and plan.memory_bytes() counts it.
template <class T>
int64_t most_bytes_folded(const Graph<T>& graph) {
  int64_t bytes = int64_t{8} << 20;
  for (const Value<T>& value : graph.values) {
    if (value.constant) bytes += 4 * value.constant.shape().count() * static_cast<int64_t>(sizeof(double));
  }
  return bytes;
}

template <class T>
void run_pass(bool runs, const char* name, Graph<T>& graph, const PassObserver<T>& observe, const auto& pass) {
  if (!runs) return;
  pass();
  if (observe) observe(name, graph);
}

template <class T>
void simplify(Graph<T>& graph, std::span<const ValueInfo<T>> inputs, const Passes& passes,
              const PassObserver<T>& observe) {
  run_pass(true, "fold_constants", graph, observe, [&] { fold_constants<T>(graph, inputs, most_bytes_folded(graph)); });
  run_pass(passes.drop_identities, "drop_identities", graph, observe, [&] { drop_identities(graph); });
  run_pass(passes.fold_pads, "fold_pads", graph, observe, [&] { fold_pads(graph); });
  run_pass(passes.fold_affine, "fold_affine", graph, observe, [&] { fold_affine(graph); });
  run_pass(true, "drop_unread", graph, observe, [&] { drop_unread(graph); });
}

}  // namespace

template <class T>
void run_passes(Graph<T>& graph, const Passes& passes, const PassObserver<T>& observe) {
  simplify<T>(graph, {}, passes, observe);
}

template <class T>
void run_passes(Graph<T>& graph, std::span<const ValueInfo<T>> inputs, const Passes& passes,
                const PassObserver<T>& observe) {
  const auto inferred = [&] { return infer_graph<T>(graph, inputs); };
  simplify<T>(graph, inputs, passes, observe);
  run_pass(passes.cut_splits, "cut_splits", graph, observe, [&] { cut_splits(graph, inferred()); });
  run_pass(passes.fuse, "fuse", graph, observe, [&] { fuse<T>(graph, inferred().values); });
  run_pass(passes.join_pointwise, "join_pointwise", graph, observe,
           [&] { join_pointwise<T>(graph, inferred().values); });
}

template void run_passes(Graph<float>&, const Passes&, const PassObserver<float>&);
template void run_passes(Graph<double>&, const Passes&, const PassObserver<double>&);
template void run_passes(Graph<float>&, std::span<const ValueInfo<float>>, const Passes&, const PassObserver<float>&);
template void run_passes(Graph<double>&, std::span<const ValueInfo<double>>, const Passes&,
                         const PassObserver<double>&);

}  // namespace convstep::network
