// node_error.h: errors that name what they are of.
#pragma once

#include "convstep/error.h"
#include "network/graph.h"

namespace convstep::network {

// Returns body(). What is wrong with an argument ("W: got ...") is said with what name() returns: "Conv 'features.0',
// W: got ...".
template <class Name, class Body>
auto naming(const Name& name, const Body& body) {
  const auto named = [&](const ArgumentError& error) { return name() + ", " + error.argument(); };
  try {
    return body();
  } catch (const ShapeError& error) {
    throw ShapeError(named(error), error.given(), error.expected(), error.hint());
  } catch (const ParameterError& error) {
    throw ParameterError(named(error), error.given(), error.expected(), error.hint());
  }
}

template <class T, class Body>
auto naming_node(const Graph<T>& graph, const Node& node, const Body& body) {
  return naming([&] { return describe(graph, node); }, body);
}

}  // namespace convstep::network
