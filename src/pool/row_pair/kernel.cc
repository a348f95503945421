// kernel.cc: 3x3 windows, two rows of output at a time: what neighbouring windows share stays in registers. Averages
// are summed by column, without a buffer in between.
#include "pool/row_pair/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/row_pair/kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <limits>

#include "simd/maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Vectors of channels that slide along together. For each of them and each of two rows of output a kernel keeps the
// sums, or maxima, of the last column, of the last two and of the next: 24 of 32 registers, or 12 of 16. (Zen 4, 3x3
// maxima of stride 2, 64 channels at 112x112: 62 us with one vector, 59 with two, 53 with four; with one row of output
// at a time 59, with four rows 64.)
constexpr int kVectorsAtOnce = HWY_TARGET == HWY_SCALAR ? 1 : HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64 ? 4 : 2;

template <class D, class T>
HWY_INLINE hn::Vec<D> load_vector(D d, const T* p, size_t v) {
  return hn::LoadU(d, p + v * hn::Lanes(d));
}
template <class D, class T>
HWY_INLINE void store_vector(hn::Vec<D> x, D d, T* p, size_t v) {
  hn::StoreU(x, d, p + v * hn::Lanes(d));
}

// Of one column, or several: of the upper row of output, and of the lower one.
template <int kVectors, class D>
struct Columns {
  HWY_INLINE Columns() {}  // see vectors-inl.h
  hn::Vec<D> upper[kVectors], lower[kVectors];
};

template <int kVectors, class D>
HWY_INLINE void fill(Columns<kVectors, D>& columns, hn::Vec<D> x) {
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) columns.upper[v] = columns.lower[v] = x;
}

// Where the rows are read, column by column.
template <int kRows, class T>
struct Reader {
  Reader(const RowPair<T>& pair, int64_t c) : rows(pair), column(-pair.before) {
    HWY_UNROLL(5)
    for (int i = 0; i < kRows; ++i) p[i] = pair.input[i] + c;
  }
  HWY_INLINE bool is_on_input() const { return 0 <= column && column < rows.columns; }
  HWY_INLINE void advance() {
    if (is_on_input()) {
      HWY_UNROLL(5)
      for (int i = 0; i < kRows; ++i) p[i] += rows.steps[i];
    }
    ++column;
  }
  const RowPair<T>& rows;
  int64_t column;
  const T* p[kRows];
};

template <int kVectors, class D, class T, class V = hn::Vec<D>>
HWY_INLINE void sum_column(D d, Reader<4, T>& from, Columns<kVectors, D>& sums) {
  if (from.is_on_input()) {
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const V x0 = load_vector(d, from.p[0], v), x1 = load_vector(d, from.p[1], v);
      const V x2 = load_vector(d, from.p[2], v), x3 = load_vector(d, from.p[3], v);
      sums.upper[v] = hn::Add(hn::Add(x0, x1), x2);
      sums.lower[v] = hn::Add(hn::Add(x1, x2), x3);
    }
  } else {
    fill(sums, hn::Set(d, static_cast<T>(-0.0)));
  }
  from.advance();
}

template <int kVectors, class D, class T>
HWY_NOINLINE void slide_average(D d, const RowPair<T>& rows, const T* HWY_RESTRICT divisors, int64_t c) {
  const int64_t OW = rows.output_columns, row_step = rows.output_row_step, pixel_step = rows.output_pixel_step;
  T* out = rows.output + c;
  Columns<kVectors, D> last, last_two, next;
  Reader<4, T> from(rows, c);
  sum_column(d, from, last_two);
  sum_column(d, from, last);
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    last_two.upper[v] = hn::Add(last_two.upper[v], last.upper[v]);
    last_two.lower[v] = hn::Add(last_two.lower[v], last.lower[v]);
  }
  for (int64_t x = 0; x < OW; ++x, out += pixel_step) {
    sum_column(d, from, next);
    const auto divisor0 = hn::Set(d, divisors[x]), divisor1 = hn::Set(d, divisors[OW + x]);
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const auto sum0 = from_zero(d, hn::Add(last_two.upper[v], next.upper[v]));
      const auto sum1 = from_zero(d, hn::Add(last_two.lower[v], next.lower[v]));
      store_vector(hn::Div(sum0, divisor0), d, out, v);
      store_vector(hn::Div(sum1, divisor1), d, out + row_step, v);
      last_two.upper[v] = hn::Add(last.upper[v], next.upper[v]);
      last_two.lower[v] = hn::Add(last.lower[v], next.lower[v]);
    }
    last = next;
  }
}

template <int kStride, int kVectors, class D, class T, class V = hn::Vec<D>>
HWY_INLINE void maxima_of_column(D d, Reader<3 + kStride, T>& from, Columns<kVectors, D>& maxima, Seen<D>& seen) {
  if (from.is_on_input()) {
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const V x0 = load_vector(d, from.p[0], v), x1 = load_vector(d, from.p[1], v);
      const V x2 = load_vector(d, from.p[2], v), x3 = load_vector(d, from.p[3], v);
      // Joined with each other first: one addition alone waits for the last.
      Seen<D> here = join(d, join(d, look(d, x0), look(d, x1)), join(d, look(d, x2), look(d, x3)));
      maxima.upper[v] = larger(d, larger(d, x0, x1), x2);
      if constexpr (kStride == 1) {
        maxima.lower[v] = larger(d, larger(d, x1, x2), x3);
      } else {
        const V x4 = load_vector(d, from.p[4], v);
        here = join(d, here, look(d, x4));
        maxima.lower[v] = larger(d, larger(d, x2, x3), x4);
      }
      seen = join(d, seen, here);
    }
  } else {
    fill(maxima, hn::Set(d, -std::numeric_limits<T>::infinity()));
  }
  from.advance();
}

template <int kVectors, class D>
HWY_INLINE void join(D d, const Columns<kVectors, D>& a, const Columns<kVectors, D>& b, Columns<kVectors, D>& joined) {
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    joined.upper[v] = larger(d, a.upper[v], b.upper[v]);
    joined.lower[v] = larger(d, a.lower[v], b.lower[v]);
  }
}

template <int kStride, int kVectors, class D, class T>
HWY_NOINLINE bool slide_maximum(D d, const RowPair<T>& rows, int64_t c) {
  const int64_t OW = rows.output_columns, row_step = rows.output_row_step, pixel_step = rows.output_pixel_step;
  const typename Seen<D>::Bits bits;
  Seen<D> seen{hn::Zero(d), hn::Zero(bits)};
  T* out = rows.output + c;
  Columns<kVectors, D> last, last_two, next;
  Reader<3 + kStride, T> from(rows, c);
  maxima_of_column<kStride>(d, from, last, seen);
  if constexpr (kStride == 1) {
    last_two = last;
    maxima_of_column<kStride>(d, from, last, seen);
    join(d, last_two, last, last_two);
  }
  for (int64_t x = 0; x < OW; ++x, out += pixel_step) {
    if constexpr (kStride == 2) {
      maxima_of_column<kStride>(d, from, next, seen);
      join(d, last, next, last_two);
    }
    maxima_of_column<kStride>(d, from, next, seen);
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      store_vector(larger(d, last_two.upper[v], next.upper[v]), d, out, v);
      store_vector(larger(d, last_two.lower[v], next.lower[v]), d, out + row_step, v);
    }
    if constexpr (kStride == 1) join(d, last, next, last_two);
    last = next;
  }
  return is_plain(d, seen);
}

// All channels, at least kLeastPairChannels; the last vectors may begin early. Where there may be fewer than the
// vectors at once take, single vectors slide.
template <class T>
constexpr bool kMayBeFew = int64_t{HWY_LANES(T)} > kLeastPairChannels / kVectorsAtOnce;

template <class T>
HWY_INLINE void average_all(const RowPair<T>& rows, const T* divisors) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), C = rows.channels, step = kVectorsAtOnce * L;
  if (kMayBeFew<T> && C < step) {
    for (int64_t c = 0; c < C; c += L) slide_average<1>(d, rows, divisors, HWY_MIN(c, C - L));
    return;
  }
  for (int64_t c = 0; c < C; c += step) slide_average<kVectorsAtOnce>(d, rows, divisors, HWY_MIN(c, C - step));
}

template <int kStride, class T>
HWY_INLINE bool maximum_all(const RowPair<T>& rows) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), C = rows.channels, step = kVectorsAtOnce * L;
  bool is_plain = true;
  if (kMayBeFew<T> && C < step) {
    for (int64_t c = 0; is_plain && c < C; c += L) is_plain = slide_maximum<kStride, 1>(d, rows, HWY_MIN(c, C - L));
    return is_plain;
  }
  for (int64_t c = 0; is_plain && c < C; c += step) {
    is_plain = slide_maximum<kStride, kVectorsAtOnce>(d, rows, HWY_MIN(c, C - step));
  }
  return is_plain;
}

void average_rows_f32(const RowPair<float>& rows, const float* divisors) { average_all(rows, divisors); }
void average_rows_f64(const RowPair<double>& rows, const double* divisors) { average_all(rows, divisors); }
bool max_rows_f32(const RowPair<float>& rows, int64_t stride) {
  return stride == 1 ? maximum_all<1>(rows) : maximum_all<2>(rows);
}
bool max_rows_f64(const RowPair<double>& rows, int64_t stride) {
  return stride == 1 ? maximum_all<1>(rows) : maximum_all<2>(rows);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(average_rows_f32);
HWY_EXPORT(average_rows_f64);
HWY_EXPORT(max_rows_f32);
HWY_EXPORT(max_rows_f64);

void average_rows(const Target& target, const RowPair<float>& rows, const float* divisors) {
  CONVSTEP_KERNEL(average_rows_f32, target)(rows, divisors);
}
void average_rows(const Target& target, const RowPair<double>& rows, const double* divisors) {
  CONVSTEP_KERNEL(average_rows_f64, target)(rows, divisors);
}
bool max_rows(const Target& target, const RowPair<float>& rows, int64_t stride) {
  return CONVSTEP_KERNEL(max_rows_f32, target)(rows, stride);
}
bool max_rows(const Target& target, const RowPair<double>& rows, int64_t stride) {
  return CONVSTEP_KERNEL(max_rows_f64, target)(rows, stride);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
