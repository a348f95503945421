#include "network/graph_text.h"

#include <cstdio>

namespace convstep::network {
namespace {

std::string text_of(int64_t value) { return std::to_string(value); }
std::string text_of(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}
std::string text_of(const std::string& value) { return value; }
template <class U>
std::string text_of(const std::vector<U>& values) {
  std::string text(1, '[');
  for (const U& value : values) text.append(text.size() > 1 ? ", " : "").append(text_of(value));
  return text.append("]");
}

template <class T>
std::string name_of(const Graph<T>& graph, ValueId id) {
  if (id == kNoValue) return "none";
  const Value<T>& value = graph[id];
  const std::string name = value.name.empty() ? std::to_string(id) : value.name;
  return value.constant ? name + to_string(value.constant.shape()) : name;
}

template <class T>
std::string names_of(const Graph<T>& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (const ValueId id : ids) text.append(text.empty() ? "" : ", ").append(name_of(graph, id));
  return text;
}

}  // namespace

template <class T>
std::string to_text(const Graph<T>& graph) {
  std::string text;
  for (const Node& node : graph.nodes) {
    text += names_of(graph, node.outputs) + " = " + node.operation + "(" + names_of(graph, node.inputs);
    for (const auto& [name, attribute] : node.attributes) {
      text += ", " + name + ": " + std::visit([](const auto& value) { return text_of(value); }, attribute);
    }
    text += ")\n";
  }
  return text + "outputs: " + names_of(graph, graph.outputs) + "\n";
}

template std::string to_text(const Graph<float>&);
template std::string to_text(const Graph<double>&);

}  // namespace convstep::network
