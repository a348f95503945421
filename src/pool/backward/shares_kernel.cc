// shares_kernel.cc: what each element under an average gets.
#include <cmath>

#include "pool/backward/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/backward/shares_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// By a power of two a quotient is a product, with the same bits, at a sixteenth of the time.
template <class T>
HWY_INLINE void share_all(const SharesRow<T>& row) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  T count = 1;
  bool is_product = true;
  auto by = hn::Set(d, count);
  for (int64_t x = 0; x < row.windows; ++x) {
    if (row.counts && row.counts[x] != count) {
      count = row.counts[x];
      int exponent;
      is_product = std::frexp(count, &exponent) == T(0.5);
      by = hn::Set(d, is_product ? 1 / count : count);
    }
    const T* from = row.grad + x * row.grad_step;
    T* to = row.shares + x * row.step;
    for (int64_t c = 0; c < row.channels; c += L) {
      const auto g = load_n(d, from + c, static_cast<size_t>(row.channels - c));
      store_n(is_product ? hn::Mul(g, by) : hn::Div(g, by), d, to + c, static_cast<size_t>(row.channels - c));
    }
  }
}

void share_f32(const SharesRow<float>& row) { share_all(row); }
void share_f64(const SharesRow<double>& row) { share_all(row); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(share_f32);
HWY_EXPORT(share_f64);

void share_out(const Target& target, const SharesRow<float>& row) { CONVSTEP_KERNEL(share_f32, target)(row); }
void share_out(const Target& target, const SharesRow<double>& row) { CONVSTEP_KERNEL(share_f64, target)(row); }

}  // namespace convstep::kernels
#endif  // HWY_ONCE
