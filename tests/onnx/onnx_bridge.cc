// onnx_bridge: reads models and computes them, for the Python tests. A line of standard input is a command with its
// arguments, separated by tabs; the reply is "ok ..." or "error: KIND: CAUSE" on one line.
//
//   operations                         the operations of networks, separated by spaces
//   run TYPE HOW MODEL OUT INPUT...    computes a model in TYPE float32 or float64, and writes its outputs as OUT0.npy,
//                                      OUT1.npy ... Inputs are .npy files: int64, or TYPE. HOW is "given", to a program
//                                      for arrays of their shapes, or "constant", when that is made

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "network/program.h"
#include "onnx/read.h"
#include "tests/network/random_graph.h"

namespace {

using convstep::Array;
using convstep::Dtype;
using convstep::Tensor;
using convstep::network::ArrayView;
using convstep::network::Constant;
using convstep::network::Dims;
using convstep::network::Element;
using convstep::network::ValueInfo;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; std::getline(stream, word, '\t');) words.push_back(word);
  return words;
}

template <class T>
Constant<T> load(const std::string& path) {
  const Array array = convstep::load_array(path);
  const Dims shape{std::span<const int64_t>(array.shape)};
  if (array.dtype != Dtype::kInt64) return Constant<T>(array.flat<T>(), shape);
  auto values = Tensor<int64_t, 1>::uninitialized({array.size()});
  std::copy_n(reinterpret_cast<const int64_t*>(array.bytes.data()), array.size(), values.begin());
  return Constant<T>(std::move(values), shape);
}

template <class U>
void save(const std::string& path, const convstep::network::NdView<U>& view) {
  const convstep::View<const U, 1> flat(view.data, {view.size()});
  Array array = convstep::to_array(flat);
  array.shape.assign(view.shape.begin(), view.shape.end());
  convstep::save_npy(path, array);
}

template <class T>
void run(const std::vector<std::string>& words) {
  auto graph = convstep::onnx::read_onnx<T>(words.at(3), convstep::network::operation_names());
  std::vector<Constant<T>> inputs;
  for (size_t i = 5; i < words.size(); ++i) inputs.push_back(load<T>(words[i]));
  if (inputs.size() != graph.inputs.size()) throw std::invalid_argument("not as many inputs as the model has");
  if (words.at(2) == "constant") {
    for (size_t i = 0; i < inputs.size(); ++i) graph[graph.inputs[i].value].constant = inputs[i];
    graph.inputs.clear();
    inputs.clear();
  }
  std::vector<ValueInfo<T>> infos;
  std::vector<ArrayView<T>> from, to;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Dims& shape = inputs[i].shape();
    infos.push_back(
        convstep::network::input_info(graph, graph.inputs[i], shape, convstep::network::row_major(shape.rank())));
    from.push_back(inputs[i].view());
  }
  const convstep::network::Program<T> program(std::move(graph), infos, {.poisons_memory = true});
  std::vector<convstep::network::SpacedArray<T>> outputs;
  for (const ValueInfo<T>& info : program.outputs()) {
    outputs.emplace_back(info, info.order, 1);
    to.push_back(outputs.back().view);
  }
  program.run(from, to);
  for (size_t i = 0; i < to.size(); ++i) {
    const std::string path = words.at(4) + std::to_string(i) + ".npy";
    const Constant<T> dense(to[i]);
    dense.element() == Element::kInteger ? save(path, dense.view().integers()) : save(path, dense.view().real());
  }
}

std::string reply(const std::vector<std::string>& words) {
  const std::string& command = words.at(0);
  std::string text = "ok";
  if (command == "operations") {
    for (const std::string& name : convstep::network::operation_names()) text += " " + name;
  } else if (command == "run") {
    words.at(1) == "float32" ? run<float>(words) : run<double>(words);
  } else {
    throw std::invalid_argument("unknown command " + command);
  }
  return text;
}

const char* kind_of(const std::exception& error) {
  if (dynamic_cast<const convstep::ShapeError*>(&error)) return "ShapeError";
  if (dynamic_cast<const convstep::ParameterError*>(&error)) return "ParameterError";
  if (dynamic_cast<const convstep::FormatError*>(&error)) return "FormatError";
  if (dynamic_cast<const convstep::FileError*>(&error)) return "FileError";
  return "other";
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << reply(split(line)) << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error: " << kind_of(error) << ": " << error.what() << std::endl;
    }
  }
}
