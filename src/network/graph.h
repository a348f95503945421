// graph.h: a network as operations on named values.
//
// Operations are those of ONNX, in the form that its newest opset gives them (https://onnx.ai/onnx/operators): a reader
// of files turns older forms into it, and what is built by hand has it from the start. Beside ONNX's own, Conv takes a
// residual as fourth input and the attributes `activation` ("Relu", "Relu6", "LeakyRelu", "Tanh" or "Sigmoid") and
// `slope` (of LeakyRelu, a number; 0.01 where it is left out), which a pass puts there (passes/).
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "network/array.h"

namespace convstep::network {

using ValueId = int32_t;                 // its place among the values of the graph
inline constexpr ValueId kNoValue = -1;  // an optional input or output that is left out

using Attribute =
    std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>, std::vector<std::string>>;

struct Node {
  std::string operation;  // "Conv"
  std::string name;       // for people; "" where the file has none
  std::vector<ValueId> inputs, outputs;
  std::map<std::string, Attribute, std::less<>> attributes;

  // The attribute, or what it is where it is left out. Throw ParameterError where it is of another type.
  int64_t integer(const char* attribute, int64_t otherwise) const;
  double real(const char* attribute, double otherwise) const;
  std::string text(const char* attribute, const char* otherwise) const;
  std::vector<int64_t> integers(const char* attribute, std::vector<int64_t> otherwise = {}) const;
  bool has(std::string_view attribute) const { return attributes.find(attribute) != attributes.end(); }
};

// For people: "Conv 'features.0'", or "Conv of 'x7'" by its first output where it has no name.
template <class T>
struct Graph;
template <class T>
std::string describe(const Graph<T>& graph, const Node& node);

template <class T>
struct Value {
  std::string name;
  Constant<T> constant;  // where it is known
};

struct GraphInput {
  ValueId value;
  Element element;
  std::vector<int64_t> shape;    // as declared; -1 for a length that is free
  std::vector<int64_t> usual{};  // what the network was built for; empty: nobody said
};

template <class T>
struct Graph {
  std::vector<Value<T>> values;
  std::vector<Node> nodes;  // each after those that it reads from
  std::vector<GraphInput> inputs;
  std::vector<ValueId> outputs;

  ValueId add_value(std::string name, Constant<T> constant = {});
  Value<T>& operator[](ValueId id) { return values[static_cast<size_t>(id)]; }
  const Value<T>& operator[](ValueId id) const { return values[static_cast<size_t>(id)]; }
};

// Puts the nodes into an order in which each comes after those that it reads from, and keeps the given order where it
// can. Throws ParameterError where there is a cycle, or a value that nothing gives.
template <class T>
void sort_nodes(Graph<T>& graph);

}  // namespace convstep::network
