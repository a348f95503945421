// elementwise.h: functions of one element, or of two or three that stand at the same place, on arrays of any strides.
//
// A function of elements becomes a function of runs of them, whose loops the compiler vectorises; what is not the same
// for all operations is so decided once for a run. Inputs are broadcast.
#pragma once

#include "network/loop.h"
#include "network/operation.h"

// The elements of a loop do not depend on each other: an output is one of the inputs, element by element, or lies
// apart.
#if defined(__clang__)
#define CONVSTEP_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define CONVSTEP_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace convstep::network {

template <class R, class A>
using UnaryRun = std::function<void(const A* a, int64_t a_step, R* to, int64_t to_step, int64_t n)>;
template <class R, class A, class B>
using BinaryRun =
    std::function<void(const A* a, int64_t a_step, const B* b, int64_t b_step, R* to, int64_t to_step, int64_t n)>;

template <class R, class A, class F>
UnaryRun<R, A> unary_run(const F& f) {
  return [f](const A* a, int64_t a_step, R* to, int64_t to_step, int64_t n) {
    if (a_step == 1 && to_step == 1) {
      CONVSTEP_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) to[i] = f(a[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) to[i * to_step] = f(a[i * a_step]);
    }
  };
}

template <class R, class A, class B, class F>
BinaryRun<R, A, B> binary_run(const F& f) {
  return [f](const A* a, int64_t a_step, const B* b, int64_t b_step, R* to, int64_t to_step, int64_t n) {
    if (a_step == 1 && b_step == 1 && to_step == 1) {
      CONVSTEP_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) to[i] = f(a[i], b[i]);
    } else if (a_step == 1 && b_step == 0 && to_step == 1) {
      const B right = *b;
      CONVSTEP_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) to[i] = f(a[i], right);
    } else if (a_step == 0 && b_step == 1 && to_step == 1) {
      const A left = *a;
      CONVSTEP_INDEPENDENT
      for (int64_t i = 0; i < n; ++i) to[i] = f(left, b[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) to[i * to_step] = f(a[i * a_step], b[i * b_step]);
    }
  };
}

template <class R, class A>
void apply(const UnaryRun<R, A>& function, const NdView<A>& a, const NdView<R>& to, const RunOptions& options) {
  const Loop loop(to.shape, {to.strides, broadcast_strides(a.shape, a.strides, to.shape)});
  loop.run(options, [&](const Run& run) {
    function(a.data + run.offset(1), run.step(1), to.data + run.offset(0), run.step(0), run.count);
  });
}

template <class R, class A, class B>
void apply(const BinaryRun<R, A, B>& function, const NdView<A>& a, const NdView<B>& b, const NdView<R>& to,
           const RunOptions& options) {
  const Loop loop(to.shape, {to.strides, broadcast_strides(a.shape, a.strides, to.shape),
                             broadcast_strides(b.shape, b.strides, to.shape)});
  loop.run(options, [&](const Run& run) {
    function(a.data + run.offset(1), run.step(1), b.data + run.offset(2), run.step(2), to.data + run.offset(0),
             run.step(0), run.count);
  });
}

// The output of a function of the elements of all inputs: their broadcast shape, in the order of the largest of them
// that is not constant (or of the largest, where all are). `names` has a name for each; the last one serves for more.
template <class T>
ValueInfo<T> elementwise_output(const Request<T>& request, Element element, std::initializer_list<const char*> names);

}  // namespace convstep::network
