// reduction.h: many elements become one. A reduction is a struct of
//
//   State            what is known of some of the elements: trivially copied
//   begin()          of none of them
//   add(state, x, k) of one more, the k-th
//   join(a, b)       of those of a and those of b
//   finish(state, n) the result, of all n
//
// The k-th element goes to state k % kLanes, and the states are joined in order. So the bits depend on the order of the
// elements alone, which is that of the axes in memory as it was inferred, and the loops on how they lie in fact: over
// neighbouring elements of one result, or of neighbouring results.
#pragma once

#include "network/loop.h"

namespace convstep::network {

inline constexpr int64_t kLanes = 8;   // states that do not wait for each other
inline constexpr int64_t kBlock = 64;  // neighbouring results at a time, whose states stay in level 1
inline constexpr int64_t kFewResults = 8;

// The axes that are reduced, outermost first, joined where they run through memory like one.
struct ReducedAxes {
  template <class U>
  ReducedAxes(const NdView<U>& from, const Dims& axes) {
    for (const int64_t k : axes) {
      const int axis = static_cast<int>(k), last = shape.rank() - 1;
      count *= from.shape[axis];
      if (from.shape[axis] == 1) continue;
      if (last >= 0 && steps[last] == from.strides[axis] * from.shape[axis]) {
        shape[last] *= from.shape[axis];
        steps[last] = from.strides[axis];
      } else {
        shape.push_back(from.shape[axis]);
        steps.push_back(from.strides[axis]);
      }
    }
    if (shape.rank() == 0) {
      shape.push_back(1);
      steps.push_back(0);
    }
  }
  int64_t inner_length() const { return shape[shape.rank() - 1]; }
  int64_t inner_step() const { return steps[steps.rank() - 1]; }

  // Calls body(offset, k) for every run along the innermost axis, of which the k-th element is the first.
  template <class Body>
  void for_each_run(const Body& body) const {
    if (count == 0) return;
    const int outer = shape.rank() - 1;
    Dims index = Dims::filled(outer, 0);
    int64_t offset = 0;
    for (int64_t k = 0; k < count; k += inner_length()) {
      body(offset, k);
      for (int axis = outer; axis-- > 0;) {
        offset += steps[axis];
        if (++index[axis] < shape[axis]) break;
        offset -= steps[axis] * shape[axis];
        index[axis] = 0;
      }
    }
  }

  Dims shape, steps;
  int64_t count = 1;
};

template <class Reduction>
typename Reduction::State joined(const Reduction& reduction, const typename Reduction::State* lanes, int64_t stride) {
  typename Reduction::State state = lanes[0];
  for (int64_t lane = 1; lane < kLanes; ++lane) state = reduction.join(state, lanes[lane * stride]);
  return state;
}

// One result, whose elements are neighbours.
template <class Reduction, class U>
auto reduce_one(const Reduction& reduction, const ReducedAxes& axes, const U* from) {
  typename Reduction::State lanes[kLanes];
  std::fill_n(lanes, kLanes, reduction.begin());
  const int64_t n = axes.inner_length(), step = axes.inner_step();
  axes.for_each_run([&](int64_t offset, int64_t first) {
    const U* x = from + offset;
    int64_t i = 0;
    for (; i < n && (first + i) % kLanes != 0; ++i) {
      reduction.add(lanes[(first + i) % kLanes], x[i * step], first + i);
    }
    if (step == 1) {
      for (; i + kLanes <= n; i += kLanes) {
        for (int64_t lane = 0; lane < kLanes; ++lane) reduction.add(lanes[lane], x[i + lane], first + i + lane);
      }
    }
    for (; i < n; ++i) reduction.add(lanes[(first + i) % kLanes], x[i * step], first + i);
  });
  return reduction.finish(joined(reduction, lanes, 1), axes.count);
}

// Up to kBlock results, whose elements are neighbours of each other.
template <class Reduction, class U, class R>
void reduce_block(const Reduction& reduction, const ReducedAxes& axes, const U* from, int64_t step, R* to,
                  int64_t to_step, int64_t results) {
  typename Reduction::State lanes[kLanes * kBlock];
  std::fill_n(lanes, kLanes * kBlock, reduction.begin());
  const int64_t n = axes.inner_length(), inner_step = axes.inner_step();
  axes.for_each_run([&](int64_t offset, int64_t first) {
    for (int64_t i = 0; i < n; ++i) {
      const U* x = from + offset + i * inner_step;
      typename Reduction::State* states = lanes + (first + i) % kLanes * kBlock;
      if (step == 1) {
        for (int64_t r = 0; r < results; ++r) reduction.add(states[r], x[r], first + i);
      } else {
        for (int64_t r = 0; r < results; ++r) reduction.add(states[r], x[r * step], first + i);
      }
    }
  });
  for (int64_t r = 0; r < results; ++r) {
    to[r * to_step] = reduction.finish(joined(reduction, lanes + r, kBlock), axes.count);
  }
}

// `to` has the axes of `from`, those that are reduced with length 1. `axes` has these in the order of their memory.
template <class Reduction, class U, class R>
void reduce(const Reduction& reduction, const NdView<U>& from, const Dims& axes, const NdView<R>& to,
            const RunOptions& options) {
  const ReducedAxes reduced(from, axes);
  const Loop loop(to.shape, {to.strides, from.strides}, reduced.count);
  loop.run(options, [&](const Run& run) {
    const U* x = from.data + run.offset(1);
    R* y = to.data + run.offset(0);
    const bool by_result = reduced.inner_step() == 1 || run.count < kFewResults;
    if (by_result) {
      for (int64_t r = 0; r < run.count; ++r) y[r * run.step(0)] = reduce_one(reduction, reduced, x + r * run.step(1));
      return;
    }
    for (int64_t first = 0; first < run.count; first += kBlock) {
      reduce_block(reduction, reduced, x + first * run.step(1), run.step(1), y + first * run.step(0), run.step(0),
                   std::min(kBlock, run.count - first));
    }
  });
}

}  // namespace convstep::network
