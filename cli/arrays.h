// arrays.h: the arrays that commands read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "convstep/error.h"
#include "convstep/npy.h"

namespace convstep::cli {

// An input as it was named on the command line.
struct Input {
  std::string argument;  // "A_PREV": how messages call it
  std::string path;
  Array array;
  bool is_picture = false;

  std::string shape_text() const { return to_string(array.shape.data(), static_cast<int>(array.shape.size())); }
  // A picture whose last channel is alpha.
  bool has_alpha() const { return is_picture && array.shape[3] % 2 == 0; }
};

// Reads .npy, .npz members and pictures, from files and out of pipes (pipes.h). Throws FileError, FormatError.
Input load_input(const std::string& argument, const std::string& path);

// The same; but all arrays of an .npz file, whose paths are then "layer.npz:W".
std::vector<Input> load_inputs(const std::string& argument, const std::string& path);

// The type to compute in: `requested` if there is one, else what NumPy would promote the inputs to (float32 only where
// all are; integers and bools become float64).
Dtype compute_dtype(const std::optional<Dtype>& requested, const std::vector<const Input*>& inputs);

// Calls `function` with a value of the type that `dtype` (float32 or float64) names.
template <class Function>
auto with_dtype(Dtype dtype, Function function) {
  if (dtype == Dtype::kFloat32) return function(float());
  return function(double());
}

// The input converted to a tensor. Throws ShapeError, naming the argument, where it has not Rank axes.
template <class T, int Rank>
Tensor<T, Rank> tensor(const Input& input) {
  return input.array.to<T, Rank>(input.argument);
}

// A bias for `count` outputs, of shape (count,) or, as the notebook has it, 1s before the count. Throws ShapeError.
template <class T>
Tensor<T, 1> bias_tensor(const Input& input, int64_t count);

}  // namespace convstep::cli
