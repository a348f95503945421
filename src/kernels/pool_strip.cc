// pool_strip.cc: overlapping windows in two passes, down the columns and along the rows, so that the work for an output
// grows with the height plus the width of the window, or less, and not with their product.
#include "kernels/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool_strip.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool_maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// Maxima of four windows, one after the other, in registers (van Herk's and Gil and Werman's idea): what all four share
// is taken once, then joined by what lies before it, from the inside out, and after it. So four windows of K elements
// at stride s cost K + 3s loads and K + 7s - 1 or so maxima, where each by itself would cost K. load(i) is element i;
// the windows must share an element: K > 3s.
template <class V, class Maximum, class Load>
HWY_INLINE void four_windows(const Maximum& maximum, const Load& load, int64_t K, int64_t s, V& out0, V& out1, V& out2,
                             V& out3) {
  V left = load(3 * s);
  for (int64_t i = 3 * s + 1; i < K; ++i) left = maximum(left, load(i));
  out3 = left;
  for (int64_t i = 2 * s; i < 3 * s; ++i) left = maximum(left, load(i));
  out2 = left;
  for (int64_t i = s; i < 2 * s; ++i) left = maximum(left, load(i));
  out1 = left;
  for (int64_t i = 0; i < s; ++i) left = maximum(left, load(i));
  out0 = left;
  V right = load(K);
  for (int64_t i = K + 1; i < K + s; ++i) right = maximum(right, load(i));
  out1 = maximum(out1, right);
  for (int64_t i = K + s; i < K + 2 * s; ++i) right = maximum(right, load(i));
  out2 = maximum(out2, right);
  for (int64_t i = K + 2 * s; i < K + 3 * s; ++i) right = maximum(right, load(i));
  out3 = maximum(out3, right);
}

// The same for windows that share less: each by itself.
template <class V, class Maximum, class Load>
HWY_INLINE V one_window(const Maximum& maximum, const Load& load, int64_t K) {
  V best = load(0);
  for (int64_t i = 1; i < K; ++i) best = maximum(best, load(i));
  return best;
}

// Functors, because the target's attributes do not reach lambdas in clang. (maximum is combined with them.)
template <class D, class T>
struct RowLoad {  // down a column: rows lie anywhere
  D d;
  const T* HWY_RESTRICT p;
  const int64_t* HWY_RESTRICT rows;
  size_t n;  // lanes
  HWY_INLINE hn::Vec<D> operator()(int64_t i) const { return load_n(d, p + rows[i], n); }
};
template <class D, class T>
struct StepLoad {  // along a row of the buffer
  D d;
  const T* HWY_RESTRICT p;
  int64_t step;
  size_t n;
  HWY_INLINE hn::Vec<D> operator()(int64_t i) const { return load_n(d, p + i * step, n); }
};
template <class D, class Maximum>
struct Bound {  // maximum with its tag
  D d;
  Maximum maximum;
  HWY_INLINE hn::Vec<D> operator()(hn::Vec<D> a, hn::Vec<D> b) const { return maximum(d, a, b); }
};

// Down the columns: `count` values at p, into four rows of the buffer.
template <class Maximum, class D, class T>
HWY_INLINE void down(D d, const Strip<T>& strip, const T* HWY_RESTRICT p, size_t count, T* HWY_RESTRICT to,
                     int64_t buffer_row) {
  using V = hn::Vec<D>;
  const Bound<D, Maximum> maximum{d, {}};
  const int64_t K = strip.window_height, s = strip.stride_height;
  const size_t L = hn::Lanes(d);
  for (size_t c = 0; c < count; c += L) {
    const size_t n = HWY_MIN(L, count - c);
    if (K > 3 * s) {
      const RowLoad<D, T> load{d, p + c, strip.rows, n};
      V out0, out1, out2, out3;
      four_windows(maximum, load, K, s, out0, out1, out2, out3);
      store_n(out0, d, to + c, n);
      store_n(out1, d, to + buffer_row + c, n);
      store_n(out2, d, to + 2 * buffer_row + c, n);
      store_n(out3, d, to + 3 * buffer_row + c, n);
      continue;
    }
    for (int64_t y = 0; y < strip.outputs; ++y) {
      const RowLoad<D, T> load{d, p + c, strip.rows + y * s, n};
      store_n(one_window<V>(maximum, load, K), d, to + y * buffer_row + c, n);
    }
  }
}

// Along one row of the buffer, whose pixels hold at least a vector of channels.
template <class Maximum, class D, class T>
HWY_INLINE void along(D d, const Strip<T>& strip, const T* HWY_RESTRICT from, T* HWY_RESTRICT output) {
  using V = hn::Vec<D>;
  const Bound<D, Maximum> maximum{d, {}};
  const int64_t K = strip.window_width, s = strip.stride_width, OW = strip.output_columns, C = strip.channels;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), step = strip.output_pixel_step;
  for (int64_t c = 0; c < C; c += L) {
    const size_t n = static_cast<size_t>(HWY_MIN(L, C - c));
    int64_t x = 0;
    if (K > 3 * s) {
      for (; x < OW; x += 4) {  // the last group may be part-filled
        const StepLoad<D, T> load{d, from + x * s * C + c, C, n};
        V out0, out1, out2, out3;
        four_windows(maximum, load, K, s, out0, out1, out2, out3);
        T* out = output + x * step + c;
        store_n(out0, d, out, n);
        if (x + 1 < OW) store_n(out1, d, out + step, n);
        if (x + 2 < OW) store_n(out2, d, out + 2 * step, n);
        if (x + 3 < OW) store_n(out3, d, out + 3 * step, n);
      }
    }
    for (; x < OW; ++x) {
      const StepLoad<D, T> load{d, from + x * s * C + c, C, n};
      store_n(one_window<V>(maximum, load, K), d, output + x * step + c, n);
    }
  }
}

// The same where pixels hold fewer channels than a vector has lanes: all windows at stride 1 over the row as one run of
// values, by doubling (the maxima of 2 neighbours, then of 4, ...), in place; then every stride'th pixel is taken.
template <class Maximum, class D, class T>
HWY_INLINE void along_narrow(D d, const Strip<T>& strip, T* HWY_RESTRICT row, int64_t row_values,
                             T* HWY_RESTRICT output) {
  const Bound<D, Maximum> maximum{d, {}};
  const int64_t K = strip.window_width, C = strip.channels, L = static_cast<int64_t>(hn::Lanes(d));
  int64_t values = row_values;
  for (int64_t covered = 1; covered < K;) {
    const int64_t shift = HWY_MIN(covered, K - covered);
    values -= shift * C;
    for (int64_t i = 0; i < values; i += L) {
      const size_t n = static_cast<size_t>(HWY_MIN(L, values - i));
      store_n(maximum(load_n(d, row + i, n), load_n(d, row + i + shift * C, n)), d, row + i, n);
    }
    covered += shift;
  }
  for (int64_t x = 0; x < strip.output_columns; ++x) {
    for (int64_t c = 0; c < C; ++c) output[x * strip.output_pixel_step + c] = row[x * strip.stride_width * C + c];
  }
}

template <class T>
HWY_INLINE void copy_pixel(const T* from, int64_t channels, T* to) {
  for (int64_t c = 0; c < channels; ++c) to[c] = from[c];
}

template <class Maximum, class T>
HWY_INLINE void max_strip_with(const Strip<T>& strip) {
  const hn::ScalableTag<T> d;
  const int64_t C = strip.channels, W = strip.columns, before = strip.before;
  const int64_t all_columns = buffer_columns(strip), row = all_columns * C;
  T* inside = strip.buffer + before * C;
  if (strip.pixel_step == C) {
    down<Maximum>(d, strip, strip.input, static_cast<size_t>(W * C), inside, row);
  } else {
    for (int64_t x = 0; x < W; ++x) {
      down<Maximum>(d, strip, strip.input + x * strip.pixel_step, static_cast<size_t>(C), inside + x * C, row);
    }
  }
  for (int64_t y = 0; y < strip.outputs; ++y) {
    T* from = strip.buffer + y * row;
    for (int64_t x = 0; x < before; ++x) copy_pixel(from + before * C, C, from + x * C);
    const T* last = from + (before + W - 1) * C;
    for (int64_t x = before + W; x < all_columns; ++x) copy_pixel(last, C, from + x * C);
    T* output = strip.output + y * strip.output_row_step;
    if (C >= static_cast<int64_t>(hn::Lanes(d))) {
      along<Maximum>(d, strip, from, output);
    } else {
      along_narrow<Maximum>(d, strip, from, row, output);
    }
  }
}

template <class T>
HWY_INLINE bool is_plain(const T* row, int64_t pixels, int64_t pixel_step, int64_t channels) {
  const hn::ScalableTag<T> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto minus_zero = hn::BitCast(du, hn::SignBit(d));
  if (pixel_step == channels) channels *= pixels, pixels = 1;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  auto special = hn::FirstN(d, 0);
  for (int64_t x = 0; x < pixels; ++x, row += pixel_step) {
    int64_t c = 0;
    for (; c + L <= channels; c += L) {
      const auto v = hn::LoadU(d, row + c);
      special = hn::Or(special, hn::Or(hn::IsNaN(v), hn::RebindMask(d, hn::Eq(hn::BitCast(du, v), minus_zero))));
    }
    if (c == channels) continue;
    const auto v = load_n(d, row + c, static_cast<size_t>(channels - c));
    special = hn::Or(special, hn::Or(hn::IsNaN(v), hn::RebindMask(d, hn::Eq(hn::BitCast(du, v), minus_zero))));
  }
  return hn::AllFalse(d, special);
}

void max_strip_f32(const Strip<float>& strip, bool plain) {
  plain ? max_strip_with<PlainMaximum>(strip) : max_strip_with<ExactMaximum>(strip);
}
void max_strip_f64(const Strip<double>& strip, bool plain) {
  plain ? max_strip_with<PlainMaximum>(strip) : max_strip_with<ExactMaximum>(strip);
}
bool is_plain_f32(const float* row, int64_t pixels, int64_t pixel_step, int64_t channels) {
  return is_plain(row, pixels, pixel_step, channels);
}
bool is_plain_f64(const double* row, int64_t pixels, int64_t pixel_step, int64_t channels) {
  return is_plain(row, pixels, pixel_step, channels);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(max_strip_f32);
HWY_EXPORT(max_strip_f64);
HWY_EXPORT(is_plain_f32);
HWY_EXPORT(is_plain_f64);

void max_strip(const Strip<float>& strip, bool is_plain) { HWY_DYNAMIC_DISPATCH(max_strip_f32)(strip, is_plain); }
void max_strip(const Strip<double>& strip, bool is_plain) { HWY_DYNAMIC_DISPATCH(max_strip_f64)(strip, is_plain); }

bool is_plain_row(const float* row, int64_t pixels, int64_t pixel_step, int64_t channels) {
  return HWY_DYNAMIC_DISPATCH(is_plain_f32)(row, pixels, pixel_step, channels);
}
bool is_plain_row(const double* row, int64_t pixels, int64_t pixel_step, int64_t channels) {
  return HWY_DYNAMIC_DISPATCH(is_plain_f64)(row, pixels, pixel_step, channels);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
