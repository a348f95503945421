// taps.h: arrays whose elements are weighted sums of elements of another one, axis by axis: what Pad and Resize make.
#pragma once

#include <vector>

#include "convstep/runtime.h"
#include "network/array.h"

namespace convstep::network {

// From which positions along one axis of the input each position of the output is made.
class AxisTaps {
 public:
  struct Tap {
    int64_t position;
    double weight;
  };

  AxisTaps() : first_{0} {}
  // One more position of the output. Without taps it is `outside` of the input.
  void add(std::span<const Tap> taps);
  void add_copy(int64_t position);
  void add_outside() { add({}); }

  int64_t length() const { return static_cast<int64_t>(first_.size()) - 1; }
  std::span<const Tap> at(int64_t o) const {
    return {taps_.data() + first_[static_cast<size_t>(o)], taps_.data() + first_[static_cast<size_t>(o) + 1]};
  }
  // Is it the element of one position, as it is?
  bool is_copy(int64_t o) const { return at(o).size() == 1 && at(o)[0].weight == 1; }
  // How many positions from o on, and before `end`, are copies of neighbours in their order.
  int64_t copies(int64_t o, int64_t end) const;
  // Is the output the input?
  bool is_identity(int64_t input) const { return length() == input && copies(0, input) == input && first_is_first(); }

 private:
  bool first_is_first() const { return length() == 0 || taps_[0].position == 0; }

  std::vector<size_t> first_;  // of each position's taps, and the end of the last one's
  std::vector<Tap> taps_;
};

// `taps` are those of each axis of `from`; of none, where the axis stays as it is. `order` is that of the axes of `to`
// in memory. Where an axis has a position outside, elements are `outside`. Sums are made along the outermost axis of
// that order first, in the order of the taps, in the type of the elements.
template <class U>
void apply_taps(const NdView<const U>& from, const NdView<U>& to, const Dims& order, std::span<const AxisTaps> taps,
                U outside, const RunOptions& options);

}  // namespace convstep::network
