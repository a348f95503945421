#include "network/graph.h"

#include <algorithm>
#include <queue>

#include "convstep/error.h"

namespace convstep::network {
namespace {

template <class Wanted>
const Wanted* find(const Node& node, const char* attribute, const char* expected) {
  const auto found = node.attributes.find(attribute);
  if (found == node.attributes.end()) return nullptr;
  const Wanted* value = std::get_if<Wanted>(&found->second);
  if (!value) throw ParameterError(attribute, "an attribute of another type", expected);
  return value;
}

}  // namespace

int64_t Node::integer(const char* attribute, int64_t otherwise) const {
  const auto* value = find<int64_t>(*this, attribute, "a whole number");
  return value ? *value : otherwise;
}

double Node::real(const char* attribute, double otherwise) const {
  const auto* value = find<double>(*this, attribute, "a number");
  return value ? *value : otherwise;
}

std::string Node::text(const char* attribute, const char* otherwise) const {
  const auto* value = find<std::string>(*this, attribute, "a text");
  return value ? *value : otherwise;
}

std::vector<int64_t> Node::integers(const char* attribute, std::vector<int64_t> otherwise) const {
  const auto* value = find<std::vector<int64_t>>(*this, attribute, "whole numbers");
  return value ? *value : std::move(otherwise);
}

template <class T>
std::string describe(const Graph<T>& graph, const Node& node) {
  if (!node.name.empty()) return node.operation + " '" + node.name + "'";
  if (node.outputs.empty() || node.outputs[0] == kNoValue) return node.operation;
  return node.operation + " of '" + graph[node.outputs[0]].name + "'";
}

template <class T>
ValueId Graph<T>::add_value(std::string name, Constant<T> constant) {
  values.push_back({std::move(name), std::move(constant)});
  return static_cast<ValueId>(values.size() - 1);
}

template <class T>
void sort_nodes(Graph<T>& graph) {
  const size_t count = graph.nodes.size();
  std::vector<int64_t> giver(graph.values.size(), -1);  // the node that a value comes from
  for (size_t n = 0; n < count; ++n) {
    for (const ValueId id : graph.nodes[n].outputs) {
      if (id != kNoValue) giver[static_cast<size_t>(id)] = static_cast<int64_t>(n);
    }
  }
  std::vector<bool> is_known(graph.values.size(), false);
  for (size_t v = 0; v < graph.values.size(); ++v) is_known[v] = static_cast<bool>(graph.values[v].constant);
  for (const GraphInput& input : graph.inputs) is_known[static_cast<size_t>(input.value)] = true;

  std::vector<std::vector<size_t>> readers(count);  // of a node's outputs
  std::vector<size_t> waits(count, 0);              // for so many nodes
  for (size_t n = 0; n < count; ++n) {
    for (const ValueId id : graph.nodes[n].inputs) {
      if (id == kNoValue || is_known[static_cast<size_t>(id)]) continue;
      const int64_t from = giver[static_cast<size_t>(id)];
      if (from < 0) {
        throw ParameterError(describe(graph, graph.nodes[n]), "'" + graph[id].name + "', which nothing gives",
                             "inputs that are given");
      }
      readers[static_cast<size_t>(from)].push_back(n);
      ++waits[n];
    }
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t n = 0; n < count; ++n) {
    if (waits[n] == 0) ready.push(n);
  }
  std::vector<Node> sorted;
  sorted.reserve(count);
  while (!ready.empty()) {
    const size_t n = ready.top();
    ready.pop();
    sorted.push_back(graph.nodes[n]);
    for (const size_t reader : readers[n]) {
      if (--waits[reader] == 0) ready.push(reader);
    }
  }
  if (sorted.size() < count) {
    const auto stuck = std::find_if(waits.begin(), waits.end(), [](size_t nodes) { return nodes > 0; });
    throw ParameterError(describe(graph, graph.nodes[static_cast<size_t>(stuck - waits.begin())]),
                         "an input that depends on its own output", "a graph without cycles");
  }
  graph.nodes = std::move(sorted);
}

template struct Graph<float>;
template struct Graph<double>;
template std::string describe(const Graph<float>&, const Node&);
template std::string describe(const Graph<double>&, const Node&);
template void sort_nodes(Graph<float>&);
template void sort_nodes(Graph<double>&);

}  // namespace convstep::network
