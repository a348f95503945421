// kernel.cc: overlapping windows in two passes, down the columns and along the rows, so that the work for an output
// grows with the height plus the width of the window, or less, and not with their product.
#include "pool/strip/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/strip/kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <limits>

#include "simd/maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Maxima of four windows, one after the other, in registers (van Herk's and Gil and Werman's idea): what all four share
// is taken once, then joined by what lies before it, from the inside out, and after it. So four windows of K elements
// at stride s cost K + 3s loads and K + 7s - 1 or so maxima, where each by itself would cost K. load(i) is element i;
// the windows must share an element: K > 3s.
template <class V, class Maximum, class Load>
HWY_INLINE V join_range(const Maximum& maximum, const Load& load, V best, int64_t first, int64_t end) {
  for (int64_t i = first; i < end; ++i) best = maximum(best, load(i));
  return best;
}

// Code of its own for stride 1 pays for plain inputs alone: those with NaN or -0, whose maxima take more than one
// instruction, are rare.
template <class Maximum>
constexpr bool kIsFrequent = false;
template <>
constexpr bool kIsFrequent<PlainMaximum> = true;

// kStride is s where that is known to the compiler, whose loops over s elements then vanish; else 0.
template <int64_t kStride, class V, class Maximum, class Load>
HWY_INLINE void four_windows(const Maximum& maximum, const Load& load, int64_t K, int64_t stride, V& out0, V& out1,
                             V& out2, V& out3) {
  const int64_t s = kStride > 0 ? kStride : stride;
  out3 = join_range(maximum, load, load(3 * s), 3 * s + 1, K);
  out2 = join_range(maximum, load, out3, 2 * s, 3 * s);
  out1 = join_range(maximum, load, out2, s, 2 * s);
  out0 = join_range(maximum, load, out1, 0, s);
  V right = join_range(maximum, load, load(K), K + 1, K + s);
  out1 = maximum(out1, right);
  right = join_range(maximum, load, right, K + s, K + 2 * s);
  out2 = maximum(out2, right);
  right = join_range(maximum, load, right, K + 2 * s, K + 3 * s);
  out3 = maximum(out3, right);
}

// Functors, because the target's attributes do not reach lambdas in clang. (maximum is combined with them.)
// kWhole: all lanes are used.
template <bool kWhole, class D, class T>
struct RowLoad {  // down a column: rows lie anywhere
  D d;
  const T* HWY_RESTRICT p;
  const int64_t* HWY_RESTRICT rows;
  size_t n;  // lanes
  HWY_INLINE hn::Vec<D> operator()(int64_t i) const {
    return kWhole ? hn::LoadU(d, p + rows[i]) : load_n(d, p + rows[i], n);
  }
};
template <class D, class T>
struct StepLoad {  // along a row of the buffer
  D d;
  const T* HWY_RESTRICT p;
  int64_t step;
  HWY_INLINE hn::Vec<D> operator()(int64_t i) const { return hn::LoadU(d, p + i * step); }
};
template <class D, class Maximum>
struct Bound {  // maximum with its tag
  D d;
  Maximum maximum;
  HWY_INLINE hn::Vec<D> operator()(hn::Vec<D> a, hn::Vec<D> b) const { return maximum(d, a, b); }
};

// Down the columns: `count` values at p into four rows of the buffer. kWhole: at least a vector of them.
template <class Maximum, int64_t kStride, bool kWhole, class D, class T>
HWY_NOINLINE void down(D d, const Strip<T>& strip, const T* HWY_RESTRICT p, size_t count, T* HWY_RESTRICT to,
                       int64_t buffer_row) {
  const Bound<D, Maximum> maximum{d, {}};
  const int64_t K = strip.window_height, s = strip.stride_height;
  const size_t L = hn::Lanes(d);
  for (size_t next = 0; next < count; next += L) {
    const size_t c = kWhole ? HWY_MIN(next, count - L) : 0;  // the last vector may begin early
    const RowLoad<kWhole, D, T> load{d, p + c, strip.rows, count};
    T* row = to + c;
    if (kWhole && K > 3 * s) {
      hn::Vec<D> out0, out1, out2, out3;
      four_windows<kStride>(maximum, load, K, s, out0, out1, out2, out3);
      hn::StoreU(out0, d, row);
      hn::StoreU(out1, d, row + buffer_row);
      hn::StoreU(out2, d, row + 2 * buffer_row);
      hn::StoreU(out3, d, row + 3 * buffer_row);
      continue;
    }
    for (int64_t y = 0; y < strip.outputs; ++y, row += buffer_row) {
      const RowLoad<kWhole, D, T> shifted{d, p + c, strip.rows + y * s, count};
      const auto best = join_range(maximum, shifted, shifted(0), 1, K);
      kWhole ? hn::StoreU(best, d, row) : store_n(best, d, row, count);
    }
  }
}

template <class Maximum, class D, class T>
HWY_INLINE void down_any(D d, const Strip<T>& strip, const T* HWY_RESTRICT p, size_t count, T* HWY_RESTRICT to,
                         int64_t buffer_row) {
  if (kHasTails && count < hn::Lanes(d)) {
    down<Maximum, 0, false>(d, strip, p, count, to, buffer_row);
  } else if (kIsFrequent<Maximum> && strip.stride_height == 1) {
    down<Maximum, kIsFrequent<Maximum> ? 1 : 0, true>(d, strip, p, count, to, buffer_row);
  } else {
    down<Maximum, 0, true>(d, strip, p, count, to, buffer_row);
  }
}

// Along one row of the buffer, whose pixels hold at least a vector of channels.
template <class Maximum, int64_t kStride, class D, class T>
HWY_NOINLINE void along(D d, const Strip<T>& strip, const T* HWY_RESTRICT buffer, T* HWY_RESTRICT outputs) {
  const Bound<D, Maximum> maximum{d, {}};
  const int64_t K = strip.window_width, s = strip.stride_width, OW = strip.output_columns, C = strip.channels;
  const int64_t step = strip.output_pixel_step, L = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t next = 0; next < C; next += L) {
    const int64_t c = HWY_MIN(next, C - L);  // the last vector may begin early
    const T* HWY_RESTRICT from = buffer + c;
    T* output = outputs + c;
    int64_t x = 0;
    if (K > 3 * s) {
      for (; x < OW; x += 4) {  // the last group may be part-filled
        const StepLoad<D, T> load{d, from + x * s * C, C};
        hn::Vec<D> out0, out1, out2, out3;
        four_windows<kStride>(maximum, load, K, s, out0, out1, out2, out3);
        T* out = output + x * step;
        hn::StoreU(out0, d, out);
        if (x + 1 < OW) hn::StoreU(out1, d, out + step);
        if (x + 2 < OW) hn::StoreU(out2, d, out + 2 * step);
        if (x + 3 < OW) hn::StoreU(out3, d, out + 3 * step);
      }
    }
    for (; x < OW; ++x) {
      const StepLoad<D, T> load{d, from + x * s * C, C};
      hn::StoreU(join_range(maximum, load, load(0), 1, K), d, output + x * step);
    }
  }
}

// Elements under all windows of a row, for each pixel that these read, from which on doubling takes less time than four
// windows at a time (60 to 80 for 16 floats: AVX-512, AVX2 and SSE4 on Zen 4).
constexpr int64_t kDoublingOverlap = 100;

// The same for pixels that hold fewer channels than a vector has lanes, and for long windows: all windows at stride 1
// over the row as one run of values, by doubling (the maxima of 2 neighbours, then of 4, ...), in place; then every
// stride'th pixel is taken.
template <class Maximum, class D, class T>
HWY_INLINE void along_by_doubling(D d, const Strip<T>& strip, T* HWY_RESTRICT row, int64_t row_values,
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

// Four rows' maxima of one column of 5x5 windows, for a vector of channels: 8 loads and 9 instructions; nothing beyond
// the last column.
template <class D, class T, class V = hn::Vec<D>>
HWY_INLINE void column_of_five(D d, const Strip<T>& strip, int64_t c, int64_t column, V* HWY_RESTRICT maxima) {
  if (column < 0 || strip.columns <= column) {
    maxima[0] = maxima[1] = maxima[2] = maxima[3] = hn::Set(d, -std::numeric_limits<T>::infinity());
    return;
  }
  const RowLoad<true, D, T> load{d, strip.input + column * strip.pixel_step + c, strip.rows, 0};
  const V x2 = load(2), x5 = load(5);
  const V x12 = hn::Max(load(1), x2), x34 = hn::Max(load(3), load(4)), x56 = hn::Max(x5, load(6));
  const V above = hn::Max(x12, x34), below = hn::Max(x34, x56);
  maxima[0] = hn::Max(load(0), above);
  maxima[1] = hn::Max(above, x5);
  maxima[2] = hn::Max(x2, below);
  maxima[3] = hn::Max(below, load(7));
}

// 5x5 windows at stride 1 in one pass, two columns of output at a time, which share what the 2nd to 5th column hold: 2
// instructions an output along the row. 4 * 4 values are kept for the next two columns, and 2 * 4 are new: 24 of 32
// registers. (With 16 some are on the stack; two rows at a time were no faster, Zen 4.)
template <class D, class T, class V = hn::Vec<D>>
HWY_NOINLINE void five_by_five(D d, const Strip<T>& strip, int64_t c) {
  const int64_t OW = strip.output_columns, before = strip.before, outputs = strip.outputs;
  const int64_t row_step = strip.output_row_step, step = strip.output_pixel_step;
  V first[4], third[4], fourth[4], second_and_third[4];
  HWY_UNROLL(4)
  for (int y = 0; y < 4; ++y) {
    first[y] = third[y] = fourth[y] = second_and_third[y] = hn::Set(d, -std::numeric_limits<T>::infinity());
  }
  // Of the steps that fill these, those are left out that would read beyond the image alone.
  for (int64_t x = before / 2 * 2 - 4; x < OW; x += 2) {
    V fifth[4], sixth[4];
    column_of_five(d, strip, c, x + 4 - before, fifth);
    column_of_five(d, strip, c, x + 5 - before, sixth);
    HWY_UNROLL(4)
    for (int y = 0; y < 4; ++y) {
      const V next = hn::Max(fourth[y], fifth[y]), shared = hn::Max(second_and_third[y], next);
      if (x >= 0 && y < outputs) {
        T* out = strip.output + y * row_step + x * step + c;
        hn::StoreU(hn::Max(first[y], shared), d, out);
        if (x + 1 < OW) hn::StoreU(hn::Max(shared, sixth[y]), d, out + step);
      }
      first[y] = third[y], third[y] = fifth[y], fourth[y] = sixth[y], second_and_third[y] = next;
    }
  }
}

// Pixels begin .. end - 1 of a row become copies of pixel `model`.
template <class D, class T>
HWY_INLINE void repeat_pixel(D d, T* HWY_RESTRICT row, int64_t channels, int64_t model, int64_t begin, int64_t end) {
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t c = 0; c < channels; c += L) {
    const size_t n = static_cast<size_t>(HWY_MIN(L, channels - c));
    const auto v = load_n(d, row + model * channels + c, n);
    for (int64_t x = begin; x < end; ++x) store_n(v, d, row + x * channels + c, n);
  }
}

template <class Maximum, class T>
HWY_INLINE void max_strip_with(const Strip<T>& strip) {
  const hn::ScalableTag<T> d;
  const int64_t C = strip.channels, W = strip.columns, before = strip.before;
  const int64_t all_columns = buffer_columns(strip), row = all_columns * C;
  T* inside = strip.buffer + before * C;
  const bool is_dense = strip.pixel_step == C;
  const bool is_long = strip.output_columns * strip.window_width >= kDoublingOverlap * all_columns;
  const int64_t at_once = is_dense ? strip.end_column - strip.first_column : 1;
  for (int64_t x = strip.first_column; x < strip.end_column; x += at_once) {
    const T* p = strip.input + x * strip.pixel_step;
    down_any<Maximum>(d, strip, p, static_cast<size_t>(at_once * C), inside + x * C, row);
  }
  if (!strip.is_last()) return;
  for (int64_t y = 0; y < strip.outputs; ++y) {
    T* from = strip.buffer + y * row;
    repeat_pixel(d, from, C, before, 0, before);
    repeat_pixel(d, from, C, before + W - 1, before + W, all_columns);
    T* output = strip.output + y * strip.output_row_step;
    if (is_long || (kHasTails && C < static_cast<int64_t>(hn::Lanes(d)))) {
      along_by_doubling<Maximum>(d, strip, from, row, output);
    } else if (kIsFrequent<Maximum> && strip.stride_width == 1) {
      along<Maximum, kIsFrequent<Maximum> ? 1 : 0>(d, strip, from, output);
    } else {
      along<Maximum, 0>(d, strip, from, output);
    }
  }
}

template <class T>
HWY_INLINE void max_strip_any(const Strip<T>& strip, bool plain) {
  const hn::ScalableTag<T> d;
  const int64_t C = strip.channels, L = static_cast<int64_t>(hn::Lanes(d));
  const bool is_five_by_five = strip.window_height == 5 && strip.window_width == 5 && strip.stride_height == 1 &&
                               strip.stride_width == 1 && C >= L;
  if (!plain) {
    max_strip_with<ExactMaximum>(strip);
  } else if (is_five_by_five) {
    for (int64_t c = 0; c < C; c += L) five_by_five(d, strip, HWY_MIN(c, C - L));  // the last may begin early
  } else {
    max_strip_with<PlainMaximum>(strip);
  }
}

void max_strip_f32(const Strip<float>& strip, bool plain) { max_strip_any(strip, plain); }
void max_strip_f64(const Strip<double>& strip, bool plain) { max_strip_any(strip, plain); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(max_strip_f32);
HWY_EXPORT(max_strip_f64);

void max_strip(const Target& target, const Strip<float>& strip, bool is_plain) {
  CONVSTEP_KERNEL(max_strip_f32, target)(strip, is_plain);
}
void max_strip(const Target& target, const Strip<double>& strip, bool is_plain) {
  CONVSTEP_KERNEL(max_strip_f64, target)(strip, is_plain);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
