// index_kernel.cc: max pooling that also tells where each maximum was.
#include "pool/window/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/window/index_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Positions ride in integer lanes as wide as the floats, relative to the run's first position; kNotHere marks a maximum
// that the output held before.
template <class T>
HWY_INLINE void index_pixels(const PixelRun<T>& run, const Taps& taps, const IndexRun& indices, bool accumulate) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  using TI = hn::TFromD<decltype(di)>;
  constexpr TI kNotHere = -1;
  const size_t L = hn::Lanes(d), C = static_cast<size_t>(run.channels);
  HWY_ALIGN TI found[HWY_MAX_BYTES / sizeof(TI)];
  for (int64_t x = 0; x < run.pixels; ++x) {
    const T* p = run.input + x * run.input_step;
    T* out = run.output + x * run.output_step;
    int64_t* positions = indices.output + x * indices.output_step;
    const int64_t first_position = indices.first_position + x * indices.position_step;
    for (size_t c = 0; c < C; c += L) {
      const size_t n = HWY_MIN(L, C - c);
      auto best = load_n(d, accumulate ? out + c : p + c + taps.offsets[0], n);
      auto position = hn::Set(di, accumulate ? kNotHere : static_cast<TI>(indices.positions[0]));
      for (int64_t t = accumulate ? 0 : 1; t < taps.count; ++t) {
        const auto value = load_n(d, p + c + taps.offsets[t], n);
        const auto is_new = is_larger(d, value, best);
        best = hn::IfThenElse(is_new, value, best);
        const auto here = hn::Set(di, static_cast<TI>(indices.positions[t]));
        position = hn::IfThenElse(hn::RebindMask(di, is_new), here, position);
      }
      store_n(best, d, out + c, n);
      hn::Store(position, di, found);
      for (size_t i = 0; i < n; ++i) {
        if (found[i] != kNotHere) positions[c + i] = first_position + found[i];
      }
    }
  }
}

void max_index_run_f32(const PixelRun<float>& run, const Taps& taps, const IndexRun& indices, bool accumulate) {
  index_pixels(run, taps, indices, accumulate);
}
void max_index_run_f64(const PixelRun<double>& run, const Taps& taps, const IndexRun& indices, bool accumulate) {
  index_pixels(run, taps, indices, accumulate);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(max_index_run_f32);
HWY_EXPORT(max_index_run_f64);

void max_index_run(const Target& target, const PixelRun<float>& run, const Taps& taps, const IndexRun& indices,
                   bool accumulate) {
  CONVSTEP_KERNEL(max_index_run_f32, target)(run, taps, indices, accumulate);
}
void max_index_run(const Target& target, const PixelRun<double>& run, const Taps& taps, const IndexRun& indices,
                   bool accumulate) {
  CONVSTEP_KERNEL(max_index_run_f64, target)(run, taps, indices, accumulate);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
