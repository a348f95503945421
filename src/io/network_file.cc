// network_file.cc: the parts of a network as members of an .npz file.
#include "convstep/network_file.h"

#include <utility>

#include "convstep/error.h"
#include "convstep/npy.h"

namespace convstep {
namespace {

constexpr const char* kText = "network";  // the member with the text

}  // namespace

template <class T>
void save_network(const std::string& path, const Network<T>& network, Warnings* warnings) {
  const NetworkParts<T> parts = to_parts(network);
  std::vector<std::pair<std::string, Array>> members;
  const auto* text = reinterpret_cast<const unsigned char*>(parts.text.data());
  const View<const unsigned char, 1> bytes(text, {static_cast<int64_t>(parts.text.size())});
  members.emplace_back(kText, to_array(bytes));
  for (const typename NetworkParts<T>::Part& part : parts.arrays) {
    members.emplace_back(part.name, part.is_integer ? to_array(part.integers) : to_array(part.reals));
    members.back().second.shape = part.shape;
  }
  save_npz(path, members, false, warnings);
}

template <class T>
Network<T> load_network(const std::string& path) {
  NetworkParts<T> parts;
  for (const auto& member : load_npz(path)) {
    const Array& array = member.second;
    if (member.first == kText) {
      parts.text.assign(array.bytes.begin(), array.bytes.end());
      continue;
    }
    typename NetworkParts<T>::Part part;
    part.name = member.first;
    part.shape = array.shape;
    part.is_integer = array.dtype == Dtype::kInt64;
    if (part.is_integer) {
      const auto* integers = reinterpret_cast<const int64_t*>(array.bytes.data());
      part.integers = Tensor<int64_t, 1>(View<const int64_t, 1>(integers, {array.size()}));
    } else {
      part.reals = array.template flat<T>();
    }
    parts.arrays.push_back(std::move(part));
  }
  if (parts.text.empty()) throw FormatError(path, "it has no member \"network\", so no network was saved in it");
  try {
    return from_parts(std::move(parts));
  } catch (const ArgumentError& error) {
    throw FormatError(path, error.what());
  }
}

template void save_network(const std::string&, const Network<float>&, Warnings*);
template void save_network(const std::string&, const Network<double>&, Warnings*);
template Network<float> load_network(const std::string&);
template Network<double> load_network(const std::string&);

}  // namespace convstep
