#include "cli/arrays.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "cli/near.h"
#include "cli/pipes.h"
#include "cli/warnings.h"
#include "convstep/image.h"

namespace convstep::cli {
namespace {

// "; did you mean W1?" where the path is that of a member which an .npz file does not have; or empty.
std::string near_member(const std::string& path) {
  std::error_code error;
  for (size_t colon = path.rfind(':'); colon != std::string::npos && colon > 0; colon = path.rfind(':', colon - 1)) {
    const std::string file = path.substr(0, colon);
    if (!std::filesystem::exists(file, error)) continue;
    std::string member = path.substr(colon + 1);
    if (member.ends_with(".npy")) member.resize(member.size() - 4);
    try {
      const std::vector<std::string> members = npz_members(file);
      const bool there = std::find(members.begin(), members.end(), member) != members.end();
      return there ? "" : did_you_mean(member, members);
    } catch (const std::runtime_error&) {
      return {};  // no .npz file: the error that is being explained says what it is
    }
  }
  return {};
}

Array load_or_hint(const std::string& path) {
  try {
    return load_array(path);
  } catch (const FormatError& error) {
    throw std::runtime_error(error.what() + near_member(path));
  }
}

bool is_archive(const std::string& path) {
  std::string mark(4, '\0');
  std::ifstream(path, std::ios::binary).read(mark.data(), 4);
  return mark == "PK\x03\x04" || mark == "PK\x05\x06";  // the latter is an empty one
}

// One input; or all arrays of an .npz file, where `all` are asked for.
std::vector<Input> load_file(const std::string& argument, const std::string& path, bool all, Warnings* warnings) {
  std::error_code error;                                         // a path that cannot be looked at is no picture
  if (std::filesystem::exists(path, error) && is_image(path)) {  // "file.npz:member" does not exist as such
    const Tensor<float, 4> picture = load_image(path, warnings);
    return {{argument, path, to_array(picture.view()), true}};
  }
  if (!all || !is_archive(path)) return {{argument, path, load_or_hint(path), false}};
  std::vector<Input> inputs;
  for (auto& [name, array] : load_npz(path, warnings)) {
    inputs.push_back({argument, path + ":" + name, std::move(array), false});
  }
  return inputs;
}

// The readers name the copy; who reads the message knows the pipe.
std::string with_name_of(const std::string& pipe, const std::string& copy, std::string message) {
  if (message.starts_with(copy)) message.replace(0, copy.size(), pipe == "-" ? "standard input" : pipe);
  return message;
}

std::vector<Input> load(const std::string& argument, const std::string& path, bool all) {
  const std::optional<PipedName> piped = find_input_pipe(path);
  PrintedWarnings warnings;
  if (!piped) return load_file(argument, path, all, warnings.get());
  const PipedFile copy(piped->pipe);
  try {
    std::vector<Input> inputs = load_file(argument, copy.path() + piped->member, all, warnings.get());
    for (Input& input : inputs) input.path.replace(0, copy.path().size(), piped->pipe);
    for (std::string& warning : *warnings.get()) warning = with_name_of(piped->pipe, copy.path(), warning);
    return inputs;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(with_name_of(piped->pipe, copy.path(), error.what()));
  }
}

}  // namespace

Input load_input(const std::string& argument, const std::string& path) {
  return std::move(load(argument, path, false).front());
}

std::vector<Input> load_inputs(const std::string& argument, const std::string& path) {
  return load(argument, path, true);
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
    throw ShapeError(input.argument, input.shape_text(), fmt::format("({0},) or (1, 1, 1, {0})", count),
                     "one bias per filter");
  }
  return input.array.flat<T>();
}

template Tensor<float, 1> bias_tensor(const Input&, int64_t);
template Tensor<double, 1> bias_tensor(const Input&, int64_t);

}  // namespace convstep::cli
