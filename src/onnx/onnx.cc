#include "convstep/onnx.h"

#include <algorithm>

#include "convstep/error.h"
#include "network/from_graph.h"
#include "onnx/read.h"

namespace convstep {
namespace {

// Those that a file may have: not the one that passes make of others.
std::vector<std::string> operations_of_files() {
  std::vector<std::string> operations = network::known_operations();
  std::erase(operations, "Pointwise");
  return operations;
}

template <class T>
Network<T> network_of(network::Graph<T> graph, const std::string& name, const NetworkOptions& options) {
  try {
    return network::make_network(std::move(graph), options);
  } catch (const ArgumentError& error) {  // what follows from constants alone
    throw FormatError(name, error.what());
  }
}

}  // namespace

template <class T>
Network<T> load_onnx(const std::string& path, const NetworkOptions& options) {
  return network_of(onnx::read_onnx<T>(path, operations_of_files()), path, options);
}

template <class T>
Network<T> load_onnx(std::span<const unsigned char> model, const std::string& name, const NetworkOptions& options) {
  return network_of(onnx::read_onnx<T>(model, name, operations_of_files()), name, options);
}

template Network<float> load_onnx(const std::string&, const NetworkOptions&);
template Network<double> load_onnx(const std::string&, const NetworkOptions&);
template Network<float> load_onnx(std::span<const unsigned char>, const std::string&, const NetworkOptions&);
template Network<double> load_onnx(std::span<const unsigned char>, const std::string&, const NetworkOptions&);

}  // namespace convstep
