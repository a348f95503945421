// kernel.h: rectangles of one channel: lanes run along the rows.
#pragma once

#include "pool/runs.h"

namespace convstep::kernels {

template <class T>
struct Rectangle {
  const T* data;
  int64_t rows, columns, row_step, column_step;
};

// The IEEE 754-2019 maximum.
float maximum_of(const Target& target, const Rectangle<float>& of);
double maximum_of(const Target& target, const Rectangle<double>& of);

// The bare sum of elements first .. first + count - 1, counted row by row, in NumPy's pairwise order (as sum_run). Of
// norms those of p = 1 and p = 2.
float sum_of(const Target& target, const Rectangle<float>& of, int64_t first, int64_t count, const SumOptions& options);
double sum_of(const Target& target, const Rectangle<double>& of, int64_t first, int64_t count,
              const SumOptions& options);

// The elements of a line by their places modulo `stride`: to[phase * to_step + i] = line[i * stride + phase], of
// `phases` <= stride, `count` each.
void split_line(const Target& target, const float* line, int64_t stride, int64_t phases, int64_t count, float* to,
                int64_t to_step);
void split_line(const Target& target, const double* line, int64_t stride, int64_t phases, int64_t count, double* to,
                int64_t to_step);

}  // namespace convstep::kernels
