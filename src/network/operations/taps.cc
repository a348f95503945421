#include "network/operations/taps.h"

#include <algorithm>

#include "runtime/threads.h"

namespace convstep::network {
namespace {

// An axis on the way from the outermost to the innermost. Those without taps are joined where they can be.
struct Level {
  int64_t input, output;  // lengths
  int64_t below;          // elements of the input at one position, which lie side by side
  int64_t to_step;
  const AxisTaps* taps;  // or null
  int64_t buffer;        // where the sums of one position are kept, if they are
};

template <class U>
class Walk {
 public:
  Walk(const NdView<U>& to, const Dims& input, const Dims& order, std::span<const AxisTaps> taps, U outside)
      : outside_(outside) {
    for (const int64_t axis : order) {
      const int a = static_cast<int>(axis);
      const AxisTaps& own = taps[static_cast<size_t>(axis)];
      add({input[a], to.shape[a], 0, to.strides[a], own.is_identity(input[a]) || own.length() == 0 ? nullptr : &own,
           0});
    }
    int64_t below = 1;
    for (size_t k = levels_.size(); k-- > 0;) {
      levels_[k].below = below;
      levels_[k].buffer = buffer_;
      if (levels_[k].taps && !sums_go_to_output(k)) buffer_ += below;
      below *= levels_[k].input;
    }
  }

  // Tasks are some positions of the first axis that has taps, at one position of those before it.
  void run(const U* from, U* to, const RunOptions& options) const {
    const size_t first = static_cast<size_t>(
        std::find_if(levels_.begin(), levels_.end(), [](const Level& level) { return level.taps; }) - levels_.begin());
    if (first == levels_.size()) return walk(0, from, to, nullptr);
    int64_t before = 1, after = 1;
    for (size_t k = 0; k < first; ++k) before *= levels_[k].output;
    for (size_t k = first + 1; k < levels_.size(); ++k) after *= levels_[k].output;
    const int64_t length = levels_[first].output;
    const int64_t at_a_time = std::clamp<int64_t>(kTaskElements / std::max<int64_t>(after, 1), 1, length);
    const int64_t parts = (length + at_a_time - 1) / at_a_time;
    const int threads = resolve_threads(options.threads, before * length * after < kSmallCall);
    parallel_for(before * parts, threads, options.progress, [&](int64_t task) {
      const ThreadWorkspace memory(static_cast<size_t>(buffer_) * sizeof(U));
      const U* task_from = from;
      U* task_to = to;
      int64_t rest = task / parts;
      for (size_t k = first; k-- > 0; rest /= levels_[k].output) {
        task_from += rest % levels_[k].output * levels_[k].below;
        task_to += rest % levels_[k].output * levels_[k].to_step;
      }
      const int64_t begin = task % parts * at_a_time, end = std::min(begin + at_a_time, length);
      walk_taps(first, task_from, task_to, begin, end, static_cast<U*>(memory.data()));
    });
  }

 private:
  static constexpr int64_t kTaskElements = 1 << 15, kSmallCall = 1 << 17;

  void add(const Level& level) {
    if (!level.taps && level.input == 1) return;
    if (!level.taps && !levels_.empty() && !levels_.back().taps &&
        levels_.back().to_step == level.output * level.to_step) {
      levels_.back().input *= level.input;
      levels_.back().output *= level.output;
      levels_.back().to_step = level.to_step;
    } else {
      levels_.push_back(level);
    }
  }

  bool is_last(size_t k) const { return k + 1 == levels_.size(); }
  // Below this axis nothing is summed, and elements of the output lie a step apart.
  bool sums_go_to_output(size_t k) const { return is_last(k) || (is_last(k + 1) && !levels_[k + 1].taps); }
  int64_t step_below(size_t k) const { return is_last(k) ? 1 : levels_[k + 1].to_step; }
  // Do neighbouring positions of this axis lie side by side in the output, with all that is below them?
  bool is_dense(size_t k) const {
    return sums_go_to_output(k) && step_below(k) == 1 && levels_[k].to_step == levels_[k].below;
  }

  // All that is below one position of axis k - 1.
  void walk(size_t k, const U* from, U* to, U* buffers) const {
    if (k == levels_.size()) {
      *to = *from;
      return;
    }
    const Level& level = levels_[k];
    if (level.taps) {
      walk_taps(k, from, to, 0, level.output, buffers);
    } else if (!is_last(k)) {
      for (int64_t i = 0; i < level.output; ++i) walk(k + 1, from + i * level.below, to + i * level.to_step, buffers);
    } else if (level.to_step == 1) {
      std::copy_n(from, level.output, to);
    } else {
      for (int64_t i = 0; i < level.output; ++i) to[i * level.to_step] = from[i];
    }
  }

  void walk_taps(size_t k, const U* from, U* to, int64_t begin, int64_t end, U* buffers) const {
    const Level& level = levels_[k];
    for (int64_t o = begin; o < end; ++o) {
      U* here = to + o * level.to_step;
      const std::span<const AxisTaps::Tap> taps = level.taps->at(o);
      if (taps.empty()) {
        fill(k + 1, here);
      } else if (level.taps->is_copy(o)) {
        const U* source = from + taps[0].position * level.below;
        if (is_dense(k)) {
          const int64_t count = level.taps->copies(o, end);
          std::copy_n(source, count * level.below, here);
          o += count - 1;
        } else {
          walk(k + 1, source, here, buffers);
        }
      } else if (sums_go_to_output(k)) {
        sum(taps, from, level.below, here, step_below(k));
      } else {
        U* buffer = buffers + level.buffer;
        sum(taps, from, level.below, buffer, 1);
        walk(k + 1, buffer, here, buffers);
      }
    }
  }

  void fill(size_t k, U* to) const {
    if (k == levels_.size()) {
      *to = outside_;
    } else if (is_last(k) && levels_[k].to_step == 1) {
      std::fill_n(to, levels_[k].output, outside_);
    } else {
      for (int64_t i = 0; i < levels_[k].output; ++i) fill(k + 1, to + i * levels_[k].to_step);
    }
  }

  static void sum(std::span<const AxisTaps::Tap> taps, const U* from, int64_t count, U* to, int64_t step) {
    const auto source = [&](size_t t) { return from + taps[t].position * count; };
    const auto weight = [&](size_t t) { return static_cast<U>(taps[t].weight); };
    if (step != 1) {
      for (int64_t i = 0; i < count; ++i) {
        U total = weight(0) * source(0)[i];
        for (size_t t = 1; t < taps.size(); ++t) total += weight(t) * source(t)[i];
        to[i * step] = total;
      }
    } else if (taps.size() == 2) {
      const U *a = source(0), *b = source(1);
      const U x = weight(0), y = weight(1);
      for (int64_t i = 0; i < count; ++i) to[i] = x * a[i] + y * b[i];
    } else {
      for (int64_t i = 0; i < count; ++i) to[i] = weight(0) * source(0)[i];
      for (size_t t = 1; t < taps.size(); ++t) {
        const U* a = source(t);
        const U x = weight(t);
        for (int64_t i = 0; i < count; ++i) to[i] += x * a[i];
      }
    }
  }

  std::vector<Level> levels_;
  int64_t buffer_ = 0;
  U outside_;
};

}  // namespace

void AxisTaps::add(std::span<const Tap> taps) {
  taps_.insert(taps_.end(), taps.begin(), taps.end());
  first_.push_back(taps_.size());
}

void AxisTaps::add_copy(int64_t position) {
  const Tap tap{position, 1};
  add({&tap, 1});
}

int64_t AxisTaps::copies(int64_t o, int64_t end) const {
  int64_t count = 0;
  while (o + count < end && is_copy(o + count) && at(o + count)[0].position == at(o)[0].position + count) ++count;
  return count;
}

template <class U>
void apply_taps(const NdView<const U>& from, const NdView<U>& to, const Dims& order, std::span<const AxisTaps> taps,
                U outside, const RunOptions& options) {
  if (to.size() == 0) return;
  const Walk<U> walk(to, from.shape, order, taps, outside);
  if (from.permuted(order).is_dense()) return walk.run(from.data, to.data, options);
  auto dense = Tensor<U, 1>::uninitialized({from.size()});
  copy<U>(from, {dense.data(), from.shape, dense_strides(from.shape, order)});
  walk.run(dense.data(), to.data, options);
}

template void apply_taps(const NdView<const float>&, const NdView<float>&, const Dims&, std::span<const AxisTaps>,
                         float, const RunOptions&);
template void apply_taps(const NdView<const double>&, const NdView<double>&, const Dims&, std::span<const AxisTaps>,
                         double, const RunOptions&);
template void apply_taps(const NdView<const int64_t>&, const NdView<int64_t>&, const Dims&, std::span<const AxisTaps>,
                         int64_t, const RunOptions&);

}  // namespace convstep::network
