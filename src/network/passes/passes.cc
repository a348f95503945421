#include "network/passes/passes.h"

#include "network/fold.h"

namespace convstep::network {

template <class T>
void run_passes(Graph<T>& graph, const Passes& passes) {
  fold_constants<T>(graph, {});
  if (passes.drop_identities) drop_identities(graph);
  if (passes.fold_pads) fold_pads(graph);
  if (passes.fold_affine) fold_affine(graph);
  drop_unread(graph);
}

template <class T>
void run_passes(Graph<T>& graph, std::span<const ValueInfo<T>> inputs, const Passes& passes) {
  fold_constants<T>(graph, inputs);
  run_passes(graph, passes);
  if (passes.cut_splits) cut_splits(graph, infer_graph<T>(graph, inputs));
  if (passes.fuse) fuse<T>(graph, infer_graph<T>(graph, inputs).values);
  if (passes.join_pointwise) join_pointwise<T>(graph, infer_graph<T>(graph, inputs).values);
}

template void run_passes(Graph<float>&, const Passes&);
template void run_passes(Graph<double>&, const Passes&);
template void run_passes(Graph<float>&, std::span<const ValueInfo<float>>, const Passes&);
template void run_passes(Graph<double>&, std::span<const ValueInfo<double>>, const Passes&);

}  // namespace convstep::network
