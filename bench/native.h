// native.h: what a compiled adapter of the peer benchmark offers to bench/peers/native.py: one layer at a time,
// created, run again and again without Python in between, and asked for its output.
//
// Every array is dense: input [n,h,w,c], weights [kh,kw,c/groups,o], bias [o], output [n,oh,ow,o]; adapters that want
// another layout reorder outside bench_run. For gradients of a convolution that of the output stands in the place of
// the input (the input's gradient is the output) or of the weights (and that of the weights is the output). For those
// of a pooling it stands in the place of the weights, beside the input, and the input's gradient is the output.
#pragma once

#include <cstdint>

#define BENCH_EXPORT extern "C" __attribute__((visibility("default")))

enum BenchKind : int64_t {
  kBenchConv,
  kBenchMaxPool,
  kBenchAveragePool,
  kBenchInputGrad,
  kBenchWeightsGrad,
  kBenchMaxPoolGrad,      // from the input
  kBenchIndicesPoolGrad,  // from what the forward pass kept of where the maxima were
  kBenchAveragePoolGrad
};

struct BenchLayer {
  int64_t kind;     // BenchKind
  int64_t bytes;    // of an element: 4 is float, 8 is double
  int64_t threads;  // at most so many
  int64_t n, h, w, c, o, kh, kw;
  int64_t stride, dilation, groups;
  int64_t pad;  // on every side
  int64_t oh, ow;
};

// One way of running `layer`; an adapter may have several (layouts, algorithms) that are numbered from 0. Null, with
// `message` (of at most `capacity` bytes) saying why, where there is no such way.
BENCH_EXPORT void* bench_create(const BenchLayer* layer, int64_t way, const void* input, const void* weights,
                                const void* bias, char* message, int64_t capacity);
// How many seconds `repetitions` runs took; negative where they failed.
BENCH_EXPORT double bench_run(void* handle, int64_t repetitions);
// Copies what the last run left.
BENCH_EXPORT void bench_output(void* handle, void* output);
BENCH_EXPORT const char* bench_describe(void* handle);
BENCH_EXPORT void bench_destroy(void* handle);
// How many ways there are, and the version of what is measured.
BENCH_EXPORT int64_t bench_ways();
BENCH_EXPORT const char* bench_version();
