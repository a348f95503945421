// network.h: the compiled half of Network: a network of T, and plans for the inputs that it met last.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "convstep/network.h"
#include "python/arrays.h"

namespace convstep::python {

template <class T>
class Network {
 public:
  explicit Network(convstep::Network<T> network) : network_(std::move(network)) {}

  const convstep::Network<T>& network() const { return network_; }

  // A tuple of outputs, of a tuple of arrays of T or int64. `outs` is a tuple of arrays, or None. The plan has at most
  // so many bytes of memory, 0 for any number.
  nb::object run(nb::handle arrays, nb::handle outs, nb::handle threads, nb::handle memory);
  std::string describe(nb::handle shapes, nb::handle memory);
  std::string profile(nb::handle shapes, nb::handle memory, nb::handle runs, nb::handle threads);
  std::string describe_passes(nb::handle shapes) const;
  size_t memory_bytes(nb::handle shapes, nb::handle memory);
  // Of what is read and written: tuples of a name, a shape with -1 for what is free, and whether it is of integers.
  nb::object inputs() const;
  nb::object outputs() const;

  // The graph as a text, and its constants by name.
  nb::object parts() const;

 private:
  using Shapes = std::vector<std::vector<int64_t>>;
  struct Kept {
    Shapes shapes;
    std::string target;
    int64_t memory;
    NetworkPlan<T> plan;
  };

  static constexpr size_t kPlans = 4;
  std::shared_ptr<const Kept> plan_for(const Shapes& shapes, int64_t memory);
  std::shared_ptr<const Kept> find(const Shapes& shapes, const std::string& target, int64_t memory) const;

  convstep::Network<T> network_;
  std::vector<std::shared_ptr<const Kept>> plans_;  // the latest first
};

}  // namespace convstep::python
