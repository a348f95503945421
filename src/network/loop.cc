#include "network/loop.h"

#include <algorithm>
#include <cstdlib>

namespace convstep::network {
namespace {

// Runs shorter than this cost more than their elements: then the longest axis is the inner one, whatever its steps.
constexpr int64_t kShortRun = 8;

}  // namespace

Loop::Loop(const Dims& shape, std::initializer_list<Dims> strides, int64_t work)
    : size_(shape.count()), work_(std::max<int64_t>(work, 1)), task_size_(std::max<int64_t>(kTaskSize / work_, 1)) {
  std::array<Axis, kMostAxes> axes;
  size_t count = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    axes[count].length = shape[axis];
    size_t array = 0;
    for (const Dims& steps : strides) axes[count].steps[array++] = steps[axis];
    ++count;
  }
  // By insertion: std::stable_sort would allocate.
  const auto is_outside = [](const Axis& a, const Axis& b) { return std::abs(a.steps[0]) > std::abs(b.steps[0]); };
  for (size_t k = 1; k < count; ++k) {
    const auto axis = axes.begin() + k;
    std::rotate(std::upper_bound(axes.begin(), axis, *axis, is_outside), axis, axis + 1);
  }
  for (size_t k = 0; k < count; ++k) {
    const Axis& axis = axes[k];
    bool continues = outer_count_ > 0;
    for (size_t a = 0; continues && a < Run::kMostArrays; ++a) {
      continues = outer_[outer_count_ - 1].steps[a] == axis.steps[a] * axis.length;
    }
    if (continues) {
      outer_[outer_count_ - 1].length *= axis.length;
      outer_[outer_count_ - 1].steps = axis.steps;
    } else {
      outer_[outer_count_++] = axis;
    }
  }
  if (outer_count_ == 0) return;
  size_t inner = outer_count_ - 1;
  if (outer_[inner].length < kShortRun) {
    for (size_t k = 0; k < outer_count_; ++k) {
      if (outer_[k].length > outer_[inner].length) inner = k;
    }
  }
  inner_ = outer_[inner];
  std::copy(outer_.begin() + inner + 1, outer_.begin() + outer_count_, outer_.begin() + inner);
  --outer_count_;
  if (size_ == 0) return;
  runs_ = size_ / inner_.length;
  runs_at_a_time_ = std::clamp<int64_t>(task_size_ / inner_.length, 1, runs_);
  parts_ = (inner_.length + task_size_ - 1) / task_size_;
}

Loop::Position Loop::position(int64_t run) const {
  Position at;
  for (size_t k = outer_count_; k-- > 0;) {
    at.indices[k] = run % outer_[k].length;
    run /= outer_[k].length;
    for (size_t a = 0; a < Run::kMostArrays; ++a) at.offsets[a] += at.indices[k] * outer_[k].steps[a];
  }
  return at;
}

Dims broadcast_strides(const Dims& from, const Dims& strides, const Dims& to) {
  Dims all = Dims::filled(to.rank(), 0);
  const int before = to.rank() - from.rank();
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (from[axis] == to[before + axis]) all[before + axis] = strides[axis];
  }
  return all;
}

}  // namespace convstep::network
