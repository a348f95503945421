// norms.cc: the norms of a region whose powers left the range of their type, computed again (see lp_norm.h).
#include "pool/norms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "pool/norms_kernel.h"
#include "pool/window/kernel.h"
#include "reference/lp_norm.h"

namespace convstep {
namespace {

// Elements read between two reports of progress: about ten milliseconds, as most are powers.
constexpr int64_t kReadsPerReport = int64_t{1} << 17;

template <class T>
class Norms {
 public:
  Norms(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views, const TaskProgress& progress)
      : call_(call), region_(region), views_(views), progress_(progress) {}

  void mend() {
    const int64_t C = region_.channels, step = views_.output_pixel_step;
    const bool is_dense = step == C;
    for (int64_t y = 0; y < region_.rows; ++y) {
      T* row = views_.output + y * views_.output_row_step;
      if (is_dense && are_sound(row, region_.columns * C)) continue;
      for (int64_t x = 0; x < region_.columns; ++x) {
        if (!are_sound(row + x * step, C)) mend_pixel(y, x, row + x * step);
      }
    }
  }

 private:
  static constexpr int64_t kMostTaps = 128;  // of a quick look; with more, there are few windows
  static constexpr int64_t kAtOnce = 64;     // channels whose largest magnitudes are looked for together

  bool are_sound(const T* norms, int64_t count) const {
    return kernels::norms_are_sound(call_.target, norms, count, sound_.least);
  }

  // A quick look; false where there may be something to mend.
  bool are_right(T* norms) {
    const int64_t taps = rows_.count() * columns_.count();
    if (taps > kMostTaps) return false;
    if (filled_.count != taps || filled_.columns != columns_.count()) {
      filled_ = {taps, columns_.count()};
      for (int64_t t = 0; t < taps; ++t) offsets_[t] = tap(t) - tap(0);
    }
    return kernels::norms_are_right(call_.target, {tap(0), 0, norms, 0, 1, region_.channels}, {offsets_, taps},
                                    sound_.least);
  }

  // Calls visit(pixel) for every element of the input under the window, or until the call was stopped.
  template <class Visit>
  void for_each_tap(Visit visit) {
    for (int64_t t = 0; t < rows_.count() * columns_.count() && has_read(1); ++t) visit(tap(t));
  }
  const T* tap(int64_t t) const {
    const auto& [height, width] = call_.problem.geometry;
    const int64_t row = height.source(y_, rows_.first + t / columns_.count()) - views_.first_row;
    const int64_t column = width.source(x_, columns_.first + t % columns_.count()) - views_.first_column;
    return views_.input + row * views_.row_step + column * views_.pixel_step;
  }
  bool has_read(int64_t elements) {
    if ((reads_ += elements) < kReadsPerReport) return !is_stopped_;
    reads_ = 0;
    is_stopped_ = !progress_.keep_going();
    return !is_stopped_;
  }

  void mend_pixel(int64_t y, int64_t x, T* norms) {
    y_ = region_.first_row + y;
    x_ = region_.first_column + x;
    rows_ = call_.problem.geometry.height.taps_on_input(y_);
    columns_ = call_.problem.geometry.width.taps_on_input(x_);
    if (are_right(norms)) return;
    const int64_t taps = rows_.count() * columns_.count();
    for (int64_t first = 0; first < region_.channels; first += kAtOnce) {
      const int64_t channels = std::min(kAtOnce, region_.channels - first);
      if (are_sound(norms + first, channels)) continue;
      T largest[kAtOnce] = {};
      for_each_tap([&](const T* pixel) {
        for (int64_t c = 0; c < channels; ++c) largest[c] = std::max(largest[c], std::abs(pixel[first + c]));
      });
      for (int64_t c = 0; c < channels && !is_stopped_; ++c) {
        T& norm = norms[first + c];
        if (largest[c] == 0 || sound_.contain(norm) || std::isnan(norm)) continue;
        const auto element = [&](int64_t t) { return has_read(1) ? tap(t)[first + c] : T(0); };
        norm = reference::scaled_norm(element, taps, p_, largest[c]);
      }
    }
  }

  const PoolCall<T>& call_;
  const OutputRegion& region_;
  const RegionViews<T>& views_;
  const TaskProgress& progress_;
  const T p_ = reference::lp_power<T>(call_.problem.options.p);
  const reference::SoundNorms<T> sound_{p_};
  int64_t y_ = 0, x_ = 0, reads_ = 0;
  WindowAxis::Taps rows_{}, columns_{};  // of the window at (y_, x_)
  struct {
    int64_t count = 0, columns = 0;
  } filled_{};  // what the offsets hold
  int64_t offsets_[kMostTaps];
  bool is_stopped_ = false;
};

}  // namespace

template <class T>
void mend_norms(const PoolCall<T>& call, const OutputRegion& region, const RegionViews<T>& views,
                const TaskProgress& progress) {
  Norms<T>(call, region, views, progress).mend();
}

template void mend_norms(const PoolCall<float>&, const OutputRegion&, const RegionViews<float>&, const TaskProgress&);
template void mend_norms(const PoolCall<double>&, const OutputRegion&, const RegionViews<double>&, const TaskProgress&);

}  // namespace convstep
