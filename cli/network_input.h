// network_input.h: arrays and pictures as the inputs of a network.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/arrays.h"
#include "convstep/network.h"

namespace convstep::cli {

// How pictures become inputs: --size, --mean, --std. And how arrays of four axes lie: --layout.
struct InputOptions {
  std::optional<Size2> size;
  std::vector<double> mean, deviation;  // of each channel, or one for all; none are 0 and 1
  bool channels_first = false;          // (N, C, H, W), arrays that are read and written; not pictures
};
void add_input_options(CLI::App& command, InputOptions& options);
void add_layout_option(CLI::App& command, bool& channels_first);

// "224x224", "224,224" or "224".
Size2 parse_picture_size(const std::string& option, const std::string& text);

// An input of a network, with its memory.
template <class T>
class NetworkInput {
 public:
  // Throws ShapeError and ParameterError, which name the argument.
  NetworkInput(const Input& input, const NetworkArrayInfo& info, const InputOptions& options);

  // As the network's face has it.
  const std::vector<int64_t>& shape() const { return shape_; }
  NetworkArray<const T> array() const;

 private:
  void take_picture(const Input& input, const NetworkArrayInfo& info, const InputOptions& options);
  void take_array(const Input& input, const NetworkArrayInfo& info, const InputOptions& options);

  std::vector<int64_t> shape_, strides_;
  Tensor<T, 1> reals_;
  Tensor<int64_t, 1> integers_;
};

// A network out of a file of ONNX's, or one that convstep wrote.
template <class T>
Network<T> load_any_network(const std::string& path);

}  // namespace convstep::cli
