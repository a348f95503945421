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

#include <cstdint>
#include <string>
#include <vector>

#include "convstep/network.h"
#include "convstep/tensor.h"
#include "convstep/warnings.h"

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
void save_network(const std::string& path, const Network<T>& network, Warnings* warnings = nullptr);
// Throws FileError and FormatError.
template <class T>
Network<T> load_network(const std::string& path);
extern template void save_network(const std::string&, const Network<float>&, Warnings*);
extern template void save_network(const std::string&, const Network<double>&, Warnings*);
extern template Network<float> load_network(const std::string&);
extern template Network<double> load_network(const std::string&);

}  // namespace convstep
