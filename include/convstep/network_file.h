// network_file.h: networks in files of NumPy's (npy.h; component io): an .npz file with an array for each constant, by
// its name, and the graph as a text.
//
//   save_network("digits.npz", network);
//   const auto network = load_network<float>("digits.npz");
//
//   >>> np.load("digits.npz")["conv1.weights"].shape       # (KH, KW, C, O)
//   >>> print(bytes(np.load("digits.npz")["network"]).decode())
//
// A file of one type may be loaded as the other; floats become doubles exactly. A file from a stranger is safe to load:
// what is wrong with it is said in a FormatError.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "convstep/error.h"
#include "convstep/network.h"
#include "convstep/npy.h"

namespace CONVSTEP_EXPORT convstep {

// What is in a network: a text that describes the graph (JSON), and its constants.
template <class T>
struct NetworkParts {
  struct Part {
    std::string name;
    std::vector<int64_t> shape;
    Tensor<T, 1> reals;  // in row-major order
    Tensor<int64_t, 1> integers;
    bool is_integer = false;
  };
  std::string text;
  std::vector<Part> arrays;
};

template <class T>
NetworkParts<T> to_parts(const Network<T>& network);
// Throws ParameterError or ShapeError where they are not parts of a network.
template <class T>
Network<T> from_parts(NetworkParts<T> parts);
extern template NetworkParts<float> to_parts(const Network<float>&);
extern template NetworkParts<double> to_parts(const Network<double>&);
extern template Network<float> from_parts(NetworkParts<float>);
extern template Network<double> from_parts(NetworkParts<double>);

// Writes the file as save_npz does, and throws what it throws.
template <class T>
void save_network(const std::string& path, const Network<T>& network, Warnings* warnings = nullptr) {
  const NetworkParts<T> parts = to_parts(network);
  std::vector<std::pair<std::string, Array>> members;
  const auto* text = reinterpret_cast<const unsigned char*>(parts.text.data());
  members.emplace_back("network",
                       to_array(View<const unsigned char, 1>(text, {static_cast<int64_t>(parts.text.size())})));
  for (const typename NetworkParts<T>::Part& part : parts.arrays) {
    members.emplace_back(part.name, part.is_integer ? to_array(part.integers) : to_array(part.reals));
    members.back().second.shape = part.shape;
  }
  save_npz(path, members, false, warnings);
}

// Throws FileError and FormatError.
template <class T>
Network<T> load_network(const std::string& path) {
  NetworkParts<T> parts;
  for (auto& [name, array] : load_npz(path)) {
    if (name == "network" && array.dtype == Dtype::kUint8) {
      parts.text.assign(array.bytes.begin(), array.bytes.end());
      continue;
    }
    typename NetworkParts<T>::Part part{name, array.shape, {}, {}, array.dtype == Dtype::kInt64};
    if (part.is_integer) {
      const auto* integers = reinterpret_cast<const int64_t*>(array.bytes.data());
      part.integers = Tensor<int64_t, 1>(View<const int64_t, 1>(integers, {array.size()}));
    } else {
      part.reals = array.template flat<T>();
    }
    parts.arrays.push_back(std::move(part));
  }
  try {
    return from_parts(std::move(parts));
  } catch (const ArgumentError& error) {
    throw FormatError(path, error.what());
  }
}

}  // namespace convstep
