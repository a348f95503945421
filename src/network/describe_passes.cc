#include "network/graph_text.h"
#include "network/state.h"

namespace convstep {

template <class T>
std::string Network<T>::describe_passes(std::span<const std::vector<int64_t>> inputs) const {
  const std::vector<network::ValueInfo<T>> infos = network::face_inputs<T>(*state_, inputs).infos;
  network::Graph<T> graph = state_->graph;
  std::string last = to_text(graph), all = "The graph:\n" + last;
  const auto observe = [&](const char* pass, const network::Graph<T>& changed) {
    std::string text = to_text(changed);
    if (text == last) return;
    all += std::string("\nAfter ") + pass + ":\n" + text;
    last = std::move(text);
  };
  network::run_passes<T>(graph, infos, network::passes_of(state_->options), observe);
  return all;
}

template std::string Network<float>::describe_passes(std::span<const std::vector<int64_t>>) const;
template std::string Network<double>::describe_passes(std::span<const std::vector<int64_t>>) const;

}  // namespace convstep
