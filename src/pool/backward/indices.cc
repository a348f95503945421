#include "pool/backward/indices.h"

#include <algorithm>
#include <atomic>
#include <string>

#include "convstep/error.h"
#include "core/in_words.h"
#include "pool/backward/kernel.h"
#include "pool/backward/windows_over.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer indices than this do not pay for waking a thread.
constexpr double kIndicesPerThread = 1 << 18;

// So few are looked at one by one.
constexpr int64_t kFewIndices = 256;

void check_in_image(const View<const int64_t, 4>& indices, int64_t pixels) {
  const auto [N, OH, OW, C] = indices.shape();
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < OH; ++y) {
      for (int64_t x = 0; x < OW; ++x) {
        for (int64_t c = 0; c < C; ++c) {
          const int64_t index = indices(n, y, x, c);
          if (0 <= index && index < pixels) continue;
          throw ParameterError(
              "indices", std::to_string(index) + " at " + ErrorText::axes("indices", Shape<4>{n, y, x, c}),
              "0 to " + std::to_string(pixels - 1), "row * W + column, as the forward pass gives them");
        }
      }
    }
  }
}

class Checker {
 public:
  // `memory` has room for `room` values.
  Checker(const View<const int64_t, 4>& indices, const WindowGeometry& geometry, bool asks_for_windows,
          const kernels::Target& target, int64_t* memory, int64_t room)
      : indices_(indices),
        height_(geometry.height),
        width_(geometry.width),
        asks_for_windows_(asks_for_windows),
        target_(target),
        parts_(has_dense_pixels(indices) ? 1 : indices.shape(3)),
        channels_(indices.shape(3) / parts_),
        are_planes_(!asks_for_windows && channels_ == 1 && indices.stride(2) == 1 &&
                    indices.stride(1) == width_.output) {
    if (are_planes_) return;
    // Few channels fill a part of a vector: windows side by side are taken as channels of one.
    if (channels_ >= kFewChannels || indices.stride(2) != channels_ || width_.output * channels_ > room) return;
    const int64_t step = asks_for_windows ? width_.stride : 0;
    for (int64_t x = 0; x < width_.output; ++x) std::fill_n(memory + x * channels_, channels_, x * step);
    lane_firsts_ = memory;
  }

  // Those of a row of windows, some channels at a time where these lie apart.
  bool are_right(int64_t n, int64_t y) const {
    if (are_planes_) return y > 0 || are_planes_right(n);
    for (int64_t x = 0, windows; x < width_.output; x += windows) {
      windows = asks_for_windows_ ? windows_alike(width_, x, width_.output) : width_.output;
      for (int64_t part = 0; part < parts_; ++part) {
        if (!kernels::are_in_windows(target_, row_at(n, y, x, windows, part))) return false;
      }
    }
    return true;
  }

 private:
  // All channels of an image, each without a gap.
  bool are_planes_right(int64_t n) const {
    for (int64_t part = 0; part < parts_; ++part) {
      kernels::IndicesRow row = row_at(n, 0, 0, 1, part);
      row.channels = height_.output * width_.output;
      if (!kernels::are_in_windows(target_, row)) return false;
    }
    return true;
  }

  static constexpr int64_t kFewChannels = kernels::kVectorBytes / static_cast<int64_t>(sizeof(int64_t));

  kernels::IndicesRow row_at(int64_t n, int64_t y, int64_t x, int64_t windows, int64_t part) const {
    const auto rows = height_.taps_on_input(y), columns = width_.taps_on_input(x);
    const bool is_one = lane_firsts_ && windows > 1;
    kernels::IndicesRow row{.indices = &indices_(n, y, x, part),
                            .step = indices_.stride(2),
                            .windows = is_one ? 1 : windows,
                            .channels = is_one ? windows * channels_ : channels_,
                            .first = 0,
                            .first_step = 0,
                            .lane_firsts = is_one ? lane_firsts_ : nullptr,
                            .window_rows = 1,
                            .row_step = 0,
                            .window_columns = height_.input * width_.input,
                            .column_step = 1};
    if (!asks_for_windows_) return row;
    row.first = height_.source(y, rows.first) * width_.input + width_.source(x, columns.first);
    row.first_step = width_.stride;
    row.window_rows = rows.count();
    row.row_step = height_.dilation * width_.input;
    row.window_columns = columns.count();
    row.column_step = width_.dilation;
    return row;
  }

  const View<const int64_t, 4>& indices_;
  const WindowAxis &height_, &width_;
  const bool asks_for_windows_;
  const kernels::Target& target_;
  const int64_t parts_, channels_;
  const bool are_planes_;
  const int64_t* lane_firsts_ = nullptr;
};

}  // namespace

bool check_indices(const View<const int64_t, 4>& indices, const PoolProblem& problem, bool asks_for_windows,
                   const kernels::Target& target, int threads) {
  const int64_t N = indices.shape(0), OH = indices.shape(1);
  const WindowGeometry& geometry = problem.geometry;
  if (indices.size() == 0) return true;
  if (!has_small_numbers(geometry)) {
    check_in_image(indices, geometry.height.input * geometry.width.input);
    return false;
  }
  if (indices.size() < kFewIndices) {
    check_in_image(indices, geometry.height.input * geometry.width.input);
    if (!asks_for_windows) return false;
  }
  constexpr int64_t kRoom = int64_t{1} << 14;
  const ThreadWorkspace memory(kRoom * sizeof(int64_t));
  const Checker checker(indices, geometry, asks_for_windows, target, static_cast<int64_t*>(memory.data()), kRoom);
  std::atomic<bool> all_are{true};
  const int wanted = threads_worth(double(indices.size()), kIndicesPerThread, threads);
  const int64_t tasks = std::min(wanted > 1 ? wanted * kTasksPerThread : 1, N * OH);
  parallel_for(tasks, wanted, {}, [&](int64_t task) {
    for (int64_t row = N * OH * task / tasks; row < N * OH * (task + 1) / tasks; ++row) {
      if (!all_are.load(std::memory_order_relaxed)) return;
      if (!checker.are_right(row / OH, row % OH)) all_are = false;
    }
  });
  if (!all_are) check_in_image(indices, geometry.height.input * geometry.width.input);
  return all_are && asks_for_windows;
}

}  // namespace convstep
