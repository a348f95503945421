// layers_bridge.h: requests of layers_bridge.cc, and arrays in memory as a request lays them out.
#pragma once

#include <bit>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <vector>

#include "convstep/tensor.h"

namespace convstep {

// A promise that a call did not keep, or a request that cannot be read.
class Broken : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Request {
 public:
  explicit Request(const std::string& line) {
    std::istringstream words(line);
    words >> operation >> dtype;
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      fields_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }

  bool has(const std::string& key) const { return fields_.contains(key); }
  const std::string& text(const std::string& key) const { return fields_.at(key); }
  double real(const std::string& key, double otherwise) const { return has(key) ? std::stod(text(key)) : otherwise; }
  int64_t integer(const std::string& key, int64_t otherwise) const {
    return has(key) ? std::stoll(text(key)) : otherwise;
  }

  template <int Count>
  Shape<Count> integers(const std::string& key) const {
    Shape<Count> values;
    std::istringstream list(text(key));
    for (int64_t& value : values) {
      std::string item;
      if (!std::getline(list, item, ',')) throw Broken("too few numbers in " + key);
      value = std::stoll(item);
    }
    return values;
  }

  Size2 size(const std::string& key) const {
    if (!has(key)) return {};
    const auto [height, width] = integers<2>(key);
    return {height, width};
  }

  Padding padding() const {
    if (!has("padding")) return {};
    const auto [top, bottom, left, right, rule] = integers<5>("padding");
    return {top, bottom, left, right, static_cast<Padding::Rule>(rule)};
  }

  std::string operation, dtype;

 private:
  std::map<std::string, std::string> fields_;
};

// What fills every element that is not an array's own: NaNs with a payload that no arithmetic makes.
template <class T>
T poison();
template <>
inline float poison() {
  return std::bit_cast<float>(uint32_t{0x7fc0beef});
}
template <>
inline double poison() {
  return std::bit_cast<double>(uint64_t{0x7ff8deadbeef5eed});
}
template <>
inline int64_t poison() {
  return int64_t{0x5eed5eed5eed5eed};
}

template <class T>
bool same_bits(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

// One array in the layout that the request asks for, with poison in all gaps and around it.
template <class T, int Rank>
class Buffer {
 public:
  Buffer(const Request& request, const std::string& name) {
    if (!request.has(name)) return;
    const Shape<Rank> shape = request.integers<Rank>(name);
    const bool is_dense = !request.has(name + ".strides");
    const Shape<Rank> strides =
        is_dense ? View<T, Rank>(nullptr, shape).strides() : request.integers<Rank>(name + ".strides");
    int64_t first = 0, last = 0;
    for (int axis = 0; axis < Rank; ++axis) (strides[axis] < 0 ? first : last) += (shape[axis] - 1) * strides[axis];
    const bool is_empty = View<T, Rank>(nullptr, shape).size() == 0;
    memory_.assign((is_empty ? 0 : last - first + 1) + 2 * kGuard, poison<T>());
    T* data = memory_.data() + kGuard + (is_empty ? 0 : -first);
    view_ = is_dense ? View<T, Rank>(data, shape) : View<T, Rank>(data, shape, strides);
  }

  // The addresses of the elements in row-major order.
  std::vector<T*> elements() const {
    std::vector<T*> addresses;
    Shape<Rank> index{};
    for (int64_t count = view_.size(); count > 0; --count) {
      T* address = view_.data();
      for (int axis = 0; axis < Rank; ++axis) address += index[axis] * view_.stride(axis);
      addresses.push_back(address);
      for (int axis = Rank - 1; axis >= 0 && ++index[axis] == view_.shape(axis); --axis) index[axis] = 0;
    }
    return addresses;
  }

  void read() {
    for (T* element : elements()) std::cin.read(reinterpret_cast<char*>(element), sizeof(T));
    before_ = memory_;
  }

  void fill(const Buffer& other) {
    const std::vector<T*> mine = elements(), theirs = other.elements();
    if (mine.size() != theirs.size()) throw Broken("an array in place of one of another size");
    for (size_t i = 0; i < mine.size(); ++i) *mine[i] = *theirs[i];
    is_poisoned_ = false;
  }

  void write() const {
    for (const T* element : elements()) std::cout.write(reinterpret_cast<const char*>(element), sizeof(T));
  }

  void check_unchanged(const char* name) const {
    if (before_.empty()) return;
    if (std::memcmp(memory_.data(), before_.data(), memory_.size() * sizeof(T)) != 0) {
      throw Broken(std::string(name) + " was modified");
    }
  }

  // All elements written and nothing else; or, after an error, nothing at all.
  void check_written(const char* name, bool succeeded) {
    const std::string prefix = name;
    std::vector<T> outside = memory_;
    for (T* element : elements()) {
      const bool written = !same_bits(*element, poison<T>());
      if (is_poisoned_ && written != succeeded) {
        throw Broken(prefix + (written ? " was written before the error" : " was not written in full"));
      }
      outside[element - memory_.data()] = poison<T>();
    }
    for (const T& element : outside) {
      if (!same_bits(element, poison<T>())) throw Broken("memory beside " + prefix + " was written");
    }
  }

  const View<T, Rank>& view() const { return view_; }
  View<const T, Rank> const_view() const { return view_; }

 private:
  static constexpr int64_t kGuard = 16;  // elements on each side: one vector of floats, the widest

  std::vector<T> memory_, before_;
  View<T, Rank> view_;
  bool is_poisoned_ = true;
};

}  // namespace convstep
