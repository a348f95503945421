// columns_kernel.cc: averages and norms of windows that overlap so much that sums by column pay (Numerics::kFast): a
// column's sum serves every window above it. Nothing is ever subtracted, so that no error is carried along a row.
#include "pool/strip/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/strip/columns_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "pool/sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Element i of a column or a row.
template <class D, class T, class Term>
struct RowTerm {  // down a column
  D d;
  Term term;
  const T* HWY_RESTRICT p;
  const int64_t* HWY_RESTRICT rows;
  HWY_INLINE hn::Vec<D> operator()(int64_t i) const { return term(d, hn::LoadU(d, p + rows[i])); }
};
template <class D, class T>
struct ColumnSum {  // along a row of the buffer
  D d;
  const T* HWY_RESTRICT p;
  int64_t step;
  HWY_INLINE hn::Vec<D> operator()(int64_t i) const { return hn::LoadU(d, p + i * step); }
};

HWY_INLINE bool is_staircase(const int64_t* steps) {
  return steps[1] == steps[0] + 1 && steps[2] == steps[0] + 2 && steps[3] == steps[0] + 3;
}

// Four sums over ranges whose ends never fall: each in its own order, but with loads shared, and with four chains of
// additions to hide their latency.
template <class D, class Load, class V = hn::Vec<D>>
HWY_INLINE void four_sums(D d, const Load& load, const StripRanges& r, V& sum0, V& sum1, V& sum2, V& sum3) {
  sum0 = sum1 = sum2 = sum3 = hn::Set(d, static_cast<hn::TFromD<D>>(-0.0));  // leaves every number unchanged
  int64_t i = r.begin[0];
  // Whole windows at stride 1, the most frequent ones, without a decision for every element.
  if (is_staircase(r.begin) && is_staircase(r.end) && r.begin[3] < r.end[0]) {
    const V x0 = load(i), x1 = load(i + 1), x2 = load(i + 2);
    sum0 = hn::Add(hn::Add(x0, x1), x2);
    sum1 = hn::Add(x1, x2);
    sum2 = x2;
    sum3 = load(i + 3);
    sum0 = hn::Add(sum0, sum3);
    sum1 = hn::Add(sum1, sum3);
    sum2 = hn::Add(sum2, sum3);
    for (i += 4; i < r.end[0]; ++i) {
      const V x = load(i);
      sum0 = hn::Add(sum0, x);
      sum1 = hn::Add(sum1, x);
      sum2 = hn::Add(sum2, x);
      sum3 = hn::Add(sum3, x);
    }
    const V y0 = load(i), y1 = load(i + 1);
    sum1 = hn::Add(sum1, y0);
    sum2 = hn::Add(hn::Add(sum2, y0), y1);
    sum3 = hn::Add(hn::Add(hn::Add(sum3, y0), y1), load(i + 2));
    return;
  }
  const int64_t shared_end = HWY_MAX(r.begin[3], r.end[0]);
  for (; i < r.begin[3]; ++i) {
    const V x = load(i);
    if (i < r.end[0]) sum0 = hn::Add(sum0, x);
    if (r.begin[1] <= i && i < r.end[1]) sum1 = hn::Add(sum1, x);
    if (r.begin[2] <= i && i < r.end[2]) sum2 = hn::Add(sum2, x);
  }
  for (; i < shared_end; ++i) {
    const V x = load(i);
    sum0 = hn::Add(sum0, x);
    sum1 = hn::Add(sum1, x);
    sum2 = hn::Add(sum2, x);
    sum3 = hn::Add(sum3, x);
  }
  for (; i < r.end[3]; ++i) {
    const V x = load(i);
    if (i < r.end[1]) sum1 = hn::Add(sum1, x);
    if (i < r.end[2]) sum2 = hn::Add(sum2, x);
    sum3 = hn::Add(sum3, x);
  }
}

// Down the columns, a vector of channels at p, into the four rows of the buffer.
template <class D, class T, class Term>
HWY_NOINLINE void sum_down(D d, const Strip<T>& strip, const StripRanges& ranges, const T* p, T* to, int64_t buffer_row,
                           Term term) {
  const RowTerm<D, T, Term> load{d, term, p, strip.rows};
  hn::Vec<D> sum0, sum1, sum2, sum3;
  four_sums(d, load, ranges, sum0, sum1, sum2, sum3);
  hn::StoreU(sum0, d, to);
  hn::StoreU(sum1, d, to + buffer_row);
  hn::StoreU(sum2, d, to + 2 * buffer_row);
  hn::StoreU(sum3, d, to + 3 * buffer_row);
}

// The same for n channels, fewer than a vector has lanes, which are all that a row has: one sum after the other.
template <class D, class T, class Term>
HWY_NOINLINE void sum_down_narrow(D d, const Strip<T>& strip, const StripRanges& ranges, const T* p, size_t n, T* to,
                                  int64_t buffer_row, Term term) {
  for (int64_t y = 0; y < kStripRows; ++y) {
    auto sum = hn::Set(d, static_cast<T>(-0.0));
    for (int64_t i = ranges.begin[y]; i < ranges.end[y]; ++i) {
      sum = hn::Add(sum, term(d, load_n(d, p + strip.rows[i], n)));
    }
    store_n(sum, d, to + y * buffer_row, n);
  }
}

// The columns on the image under the window at output column x.
template <class T>
HWY_INLINE void columns_under(const Strip<T>& strip, int64_t x, int64_t& begin, int64_t& end) {
  const int64_t start = x * strip.stride_width - strip.before;
  begin = HWY_MAX(start, 0);
  end = HWY_MIN(start + strip.window_width, strip.columns);
}

// Finishes and stores a sum. Neighbours mostly share their divisor, so it is prepared anew only where it changes.
template <class D, class T, class V = hn::Vec<D>>
HWY_NOINLINE void put(D d, V sum, const SumOptions& options, T divisor, Divisor<T>& by, T* to, size_t n) {
  if (divisor != by.divisor) {
    SumOptions with_divisor = options;
    with_divisor.divisor = static_cast<double>(divisor);
    by = Divisor<T>(with_divisor);
  }
  store_n(finish_sum(d, sum, by.finish, by, options), d, to, n);
}

// Are four sums means whose divisor is the one that is prepared?
template <class T>
HWY_INLINE bool is_shared_mean(const Divisor<T>& by, const T* divisors, int64_t count) {
  return (by.finish == Finish::kMultiply || by.finish == Finish::kDivide) && count >= 4 && divisors[0] == by.divisor &&
         divisors[1] == by.divisor && divisors[2] == by.divisor && divisors[3] == by.divisor;
}

// Along a row of the buffer, a vector of channels; four windows at a time. Out of line, as sum_down is, because
// every kind of term shares it.
template <class D, class T>
HWY_NOINLINE void sum_along(D d, const Strip<T>& strip, const T* from, const SumOptions& options, const T* divisors,
                            T* output) {
  const int64_t OW = strip.output_columns, step = strip.output_pixel_step;
  const ColumnSum<D, T> load{d, from, strip.channels};
  const size_t n = hn::Lanes(d);
  Divisor<T> by(options);
  for (int64_t x = 0; x < OW; x += 4) {
    StripRanges columns;
    for (int64_t i = 0; i < 4; ++i) columns_under(strip, HWY_MIN(x + i, OW - 1), columns.begin[i], columns.end[i]);
    hn::Vec<D> sum0, sum1, sum2, sum3;
    four_sums(d, load, columns, sum0, sum1, sum2, sum3);
    if (is_shared_mean(by, divisors + x, OW - x)) {  // most windows
      hn::StoreU(mean_of(d, sum0, by), d, output + x * step);
      hn::StoreU(mean_of(d, sum1, by), d, output + (x + 1) * step);
      hn::StoreU(mean_of(d, sum2, by), d, output + (x + 2) * step);
      hn::StoreU(mean_of(d, sum3, by), d, output + (x + 3) * step);
      continue;
    }
    put(d, sum0, options, divisors[x], by, output + x * step, n);
    if (x + 1 < OW) put(d, sum1, options, divisors[x + 1], by, output + (x + 1) * step, n);
    if (x + 2 < OW) put(d, sum2, options, divisors[x + 2], by, output + (x + 2) * step, n);
    if (x + 3 < OW) put(d, sum3, options, divisors[x + 3], by, output + (x + 3) * step, n);
  }
}

// The same where pixels hold fewer channels than a vector has lanes: whole windows at stride 1 are one run of values.
template <class D, class T>
HWY_NOINLINE void sum_along_narrow(D d, const Strip<T>& strip, const T* from, const SumOptions& options,
                                   const T* divisors, T* output) {
  const int64_t C = strip.channels, W = strip.columns, OW = strip.output_columns;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  Divisor<T> by(options);
  for (int64_t x = 0, pixels; x < OW; x += pixels) {
    int64_t first, end;
    columns_under(strip, x, first, end);
    const bool is_whole = end - first == strip.window_width;
    const bool is_run = is_whole && strip.stride_width == 1 && strip.output_pixel_step == C;
    pixels = is_run ? HWY_MIN(W - end + 1, OW - x) : 1;
    for (int64_t i = 0; i < pixels * C; i += L) {
      const size_t n = static_cast<size_t>(HWY_MIN(L, pixels * C - i));
      auto sum = load_n(d, from + first * C + i, n);
      for (int64_t j = 1; j < end - first; ++j) sum = hn::Add(sum, load_n(d, from + (first + j) * C + i, n));
      put(d, sum, options, divisors[x], by, output + x * strip.output_pixel_step + i, n);
    }
  }
}

template <class Term, class T>
HWY_INLINE void sum_columns(const Strip<T>& strip, const StripRanges& ranges, Term term) {
  const hn::ScalableTag<T> d;
  const int64_t C = strip.channels, row = strip.columns * C;
  const int64_t at_once = strip.pixel_step == C ? strip.end_column - strip.first_column : 1;
  const size_t L = hn::Lanes(d), values = static_cast<size_t>(at_once * C);
  for (int64_t x = strip.first_column; x < strip.end_column; x += at_once) {
    const T* p = strip.input + x * strip.pixel_step;
    T* to = strip.buffer + x * C;
    size_t c = 0;
    for (; c + L <= values; c += L) sum_down(d, strip, ranges, p + c, to + c, row, term);
    if (c == values) continue;
    if (!kHasTails || values > L) {
      c = values - L;
      sum_down(d, strip, ranges, p + c, to + c, row, term);
    } else {
      sum_down_narrow(d, strip, ranges, p, values, to, row, term);
    }
  }
}

template <class T>
HWY_INLINE void sum_rows(const Strip<T>& strip, const SumOptions& options, const T* divisors) {
  const hn::ScalableTag<T> d;
  const size_t L = hn::Lanes(d), channels = static_cast<size_t>(strip.channels);
  for (int64_t y = 0; y < strip.outputs; ++y) {
    const T* from = strip.buffer + y * strip.columns * strip.channels;
    const T* row_divisors = divisors + y * strip.output_columns;
    T* output = strip.output + y * strip.output_row_step;
    if (kHasTails && channels < L) {
      sum_along_narrow(d, strip, from, options, row_divisors, output);
      continue;
    }
    size_t c = 0;
    for (; c + L <= channels; c += L) sum_along(d, strip, from + c, options, row_divisors, output + c);
    if (c == channels) continue;
    c = channels - L;
    sum_along(d, strip, from + c, options, row_divisors, output + c);
  }
}

template <class T>
HWY_INLINE void sum_by_column(const Strip<T>& strip, const StripRanges& rows, const SumOptions& options,
                              const T* divisors) {
  if (options.mode == PoolMode::kAverage) {
    sum_columns(strip, rows, Itself());
  } else if (options.p == 1 || options.p == 2) {
    sum_columns(strip, rows, MagnitudeOrSquare{options.p});
  } else {
    sum_columns(strip, rows, Power{options.p});
  }
  if (strip.is_last()) sum_rows(strip, options, divisors);
}

void sum_strip_f32(const Strip<float>& strip, const StripRanges& rows, const SumOptions& options,
                   const float* divisors) {
  sum_by_column(strip, rows, options, divisors);
}
void sum_strip_f64(const Strip<double>& strip, const StripRanges& rows, const SumOptions& options,
                   const double* divisors) {
  sum_by_column(strip, rows, options, divisors);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(sum_strip_f32);
HWY_EXPORT(sum_strip_f64);

void sum_strip(const Target& target, const Strip<float>& strip, const StripRanges& rows, const SumOptions& options,
               const float* divisors) {
  CONVSTEP_KERNEL(sum_strip_f32, target)(strip, rows, options, divisors);
}
void sum_strip(const Target& target, const Strip<double>& strip, const StripRanges& rows, const SumOptions& options,
               const double* divisors) {
  CONVSTEP_KERNEL(sum_strip_f64, target)(strip, rows, options, divisors);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
