#include "network/passes/passes.h"

#include "network/fold.h"

namespace convstep::network {

template <class T>
void run_passes(Graph<T>& graph, const Passes& passes) {
  fold_constants<T>(graph, {});
  if (passes.drop_identities) drop_identities(graph);
}

template <class T>
void run_passes(Graph<T>& graph, std::span<const ValueInfo<T>> inputs, const Passes& passes) {
  fold_constants<T>(graph, inputs);
  if (passes.drop_identities) drop_identities(graph);
}

template void run_passes(Graph<float>&, const Passes&);
template void run_passes(Graph<double>&, const Passes&);
template void run_passes(Graph<float>&, std::span<const ValueInfo<float>>, const Passes&);
template void run_passes(Graph<double>&, std::span<const ValueInfo<double>>, const Passes&);

}  // namespace convstep::network
