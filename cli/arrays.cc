#include "cli/arrays.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "convstep/image.h"

namespace convstep::cli {

Input load_input(const std::string& argument, const std::string& path) {
  if (std::filesystem::exists(path) && is_image(path)) {  // "file.npz:member" does not exist as such
    const Tensor<float, 4> picture = load_image(path);
    return {argument, path, to_array(picture.view()), true};
  }
  return {argument, path, load_array(path), false};
}

Dtype compute_dtype(const std::optional<Dtype>& requested, const std::vector<const Input*>& inputs) {
  if (requested) return *requested;
  const bool all_float32 = std::all_of(inputs.begin(), inputs.end(),
                                       [](const Input* input) { return input->array.dtype == Dtype::kFloat32; });
  return all_float32 ? Dtype::kFloat32 : Dtype::kFloat64;
}

template <class T>
Tensor<T, 1> bias_tensor(const Input& input, int64_t count) {
  const std::vector<int64_t>& shape = input.array.shape;
  const bool leading_ones =
      !shape.empty() && std::all_of(shape.begin(), shape.end() - 1, [](int64_t n) { return n == 1; });
  if (!leading_ones || shape.back() != count) {
    throw ShapeError(input.argument, to_string(shape.data(), static_cast<int>(shape.size())),
                     fmt::format("({0},) or (1, 1, 1, {0})", count), "one bias per filter");
  }
  return input.array.flat<T>();
}

template <class T, int Rank>
void save_output(const std::string& name, const Tensor<T, Rank>& output, const std::string& path) {
  const Array array = to_array(output.view());
  save_npy(path, array);
  fmt::print("{} {} {} -> {}\n", name, to_string(output.shape()), dtype_name(array.dtype), path);
}

template Tensor<float, 1> bias_tensor(const Input&, int64_t);
template Tensor<double, 1> bias_tensor(const Input&, int64_t);
template void save_output(const std::string&, const Tensor<float, 4>&, const std::string&);
template void save_output(const std::string&, const Tensor<double, 4>&, const std::string&);
template void save_output(const std::string&, const Tensor<int64_t, 4>&, const std::string&);

}  // namespace convstep::cli
