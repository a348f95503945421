// onnx_bridge: reads models and computes them, for the Python tests. A line of standard input is a command with its
// arguments, separated by tabs; the reply is "ok ..." or "error: KIND: CAUSE" on one line.
//
//   operations                         the operations of networks, separated by spaces
//   run TYPE HOW MODEL OUT INPUT...    computes a model in TYPE float32 or float64, and writes its outputs as OUT0.npy,
//                                      OUT1.npy ... Inputs are .npy files: int64, or TYPE. HOW is "given", to a program
//                                      for arrays of their shapes, or "constant", when that is made
//   bits TYPE MODEL INPUT...           that a program has the bits of its operations by themselves, but for the passes
//                                      that round otherwise, for 1 thread and 8
//   damage MODEL TURNS CUTS SEED       loads it with one bit turned, TURNS times, and cut to every length, or to CUTS
//   of
//                                      them: the reply is how many were read and refused, the longest time in
//                                      milliseconds, and by how many bytes the process grew. Other errors than
//                                      those of load_onnx end this

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "convstep/onnx.h"
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
using convstep::network::Graph;
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
std::vector<Constant<T>> load_all(const std::vector<std::string>& words, size_t first) {
  std::vector<Constant<T>> arrays;
  for (size_t i = first; i < words.size(); ++i) arrays.push_back(load<T>(words[i]));
  return arrays;
}

// In row-major order.
template <class T>
std::vector<ValueInfo<T>> infos_of(const Graph<T>& graph, const std::vector<Constant<T>>& inputs) {
  std::vector<ValueInfo<T>> infos;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Dims& shape = inputs[i].shape();
    infos.push_back(
        convstep::network::input_info(graph, graph.inputs[i], shape, convstep::network::row_major(shape.rank())));
  }
  return infos;
}

template <class T>
void run(const std::vector<std::string>& words) {
  auto graph = convstep::onnx::read_onnx<T>(words.at(3), convstep::network::operation_names());
  std::vector<Constant<T>> inputs = load_all<T>(words, 5);
  if (inputs.size() != graph.inputs.size()) throw std::invalid_argument("not as many inputs as the model has");
  if (words.at(2) == "constant") {
    for (size_t i = 0; i < inputs.size(); ++i) graph[graph.inputs[i].value].constant = inputs[i];
    graph.inputs.clear();
    inputs.clear();
  }
  const std::vector<ValueInfo<T>> infos = infos_of(graph, inputs);
  std::vector<ArrayView<T>> from, to;
  for (const Constant<T>& input : inputs) from.push_back(input.view());
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

template <class T>
void check_bits(const std::vector<std::string>& words) {
  auto graph = convstep::onnx::read_onnx<T>(words.at(2), convstep::network::operation_names());
  const std::vector<Constant<T>> inputs = load_all<T>(words, 3);
  const std::vector<ValueInfo<T>> infos = infos_of(graph, inputs);
  convstep::network::fold_constants<T>(graph, infos);
  std::vector<std::string> expected;
  for (const Constant<T>& output : convstep::network::evaluate<T>(graph, infos, inputs)) {
    expected.push_back(convstep::network::bytes_of(output.view()));
  }
  const convstep::network::Program<T> program(graph, infos, {.passes = {.fold_pads = false, .fold_affine = false}});
  for (const int64_t threads : {1, 8}) {
    if (convstep::network::run_program<T>(program, inputs, 1, {.threads = threads}) != expected) {
      throw std::runtime_error("other bits on " + std::to_string(threads) + " threads");
    }
  }
}

// The most memory that the process had so far, in bytes.
size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return static_cast<size_t>(std::stoll(line.substr(6))) * 1024;
  }
  return 0;
}

class DamagedLoads {
 public:
  void load(std::span<const unsigned char> bytes, const std::string& what) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    try {
      convstep::load_onnx<float>(bytes);
      ++read_;
    } catch (const convstep::FormatError&) {
      ++refused_;
    } catch (const std::exception& error) {
      throw std::runtime_error(what + ": " + error.what());
    }
    slowest_ = std::max(slowest_, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }

  std::string report() const {
    return std::to_string(read_) + " " + std::to_string(refused_) + " " + std::to_string(slowest_) + " " +
           std::to_string(peak_memory() - memory_);
  }

 private:
  size_t read_ = 0, refused_ = 0, memory_ = peak_memory();
  double slowest_ = 0;
};

std::string damage(const std::vector<std::string>& words) {
  std::ifstream file(words.at(1), std::ios::binary);
  std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.empty()) throw std::invalid_argument("no model");
  const size_t turns = std::stoul(words.at(2)), cuts = std::stoul(words.at(3));
  std::mt19937_64 random(std::stoul(words.at(4)));
  convstep::load_onnx<float>(bytes);
  DamagedLoads loads;
  for (size_t i = 0; i < turns; ++i) {
    const size_t bit = random() % (bytes.size() * 8);
    const auto turn = [&] { bytes[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8); };
    turn();
    loads.load(bytes, "bit " + std::to_string(bit));
    turn();
  }
  for (size_t i = 0; i < std::min(cuts, bytes.size()); ++i) {
    const size_t length = cuts < bytes.size() ? random() % bytes.size() : i;
    loads.load(std::span(bytes).first(length), "cut to " + std::to_string(length));
  }
  return loads.report();
}

std::string reply(const std::vector<std::string>& words) {
  const std::string& command = words.at(0);
  std::string text = "ok";
  if (command == "operations") {
    for (const std::string& name : convstep::network::operation_names()) text += " " + name;
  } else if (command == "run") {
    words.at(1) == "float32" ? run<float>(words) : run<double>(words);
  } else if (command == "bits") {
    words.at(1) == "float32" ? check_bits<float>(words) : check_bits<double>(words);
  } else if (command == "damage") {
    text += " " + damage(words);
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
