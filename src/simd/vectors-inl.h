// vectors-inl.h: what the kernels of every target share: loads and stores of the first n lanes.
//
// A struct with vectors in it that is made without values needs a constructor of its own, HWY_INLINE S() {}: the one
// that GCC makes up lacks the target's attributes and cannot call that of Highway's vectors on ARM.
//
// Included once per SIMD target (hence the guard that toggles).
#if defined(CONVSTEP_SIMD_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_SIMD_VECTORS_INL_H_
#undef CONVSTEP_SIMD_VECTORS_INL_H_
#else
#define CONVSTEP_SIMD_VECTORS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

// The fallback comes last of the targets that a file is compiled for. Few machines with x86 run it, so that it is made
// small.
#if HWY_TARGET == HWY_SCALAR && HWY_ONCE && HWY_ARCH_X86 && HWY_COMPILER_GCC_ACTUAL && defined(__OPTIMIZE__)
#pragma GCC optimize("Os")
#endif

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Can a vector be part-filled? What a row of values leaves over after its last full vector is done by a vector that
// begins early and repeats some of the work, so that code for part-filled vectors is for short rows alone.
constexpr bool kHasTails = HWY_TARGET != HWY_SCALAR;

// The same pointer or flag, but the compiler does not know it: else GCC 12 works out the addresses of all pixels of a
// tile ahead of the loop over tiles and keeps them in memory. Stores alone took 3 to 6% longer where sums have 16 to 32
// terms (Zen 4).
template <class T>
HWY_INLINE T opaque(T value) {
  asm("" : "+r"(value));
  return value;
}

// The same vector, and it stays in its register: else GCC may load it again for each product that it is a factor of.
template <class V>
HWY_INLINE V in_register(V v) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  asm("" : "+v"(v.raw));
#elif HWY_ARCH_ARM_A64 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  asm("" : "+w"(v.raw));
#endif
  return v;
}

#if HWY_TARGET != HWY_SCALAR && HWY_MEM_OPS_MIGHT_FAULT
// Part of a vector where there are no masked loads and stores: through a buffer. Out of line, and without a loop, which
// compilers would unroll and vectorise: with that at every tail, the kernels were a sixth larger.
template <class T>
HWY_INLINE void copy_part(const T* HWY_RESTRICT from, T* HWY_RESTRICT to, size_t n) {
  constexpr size_t kLanes = HWY_MAX_BYTES / sizeof(T);
  static_assert(kLanes <= 16, "n < kLanes has four bits");
  if constexpr (kLanes > 8) {  // sanitizers do without masked loads and stores on every target
    if (n & 8) {
      std::memcpy(to, from, 8 * sizeof(T));
      from += 8, to += 8;
    }
  }
  if constexpr (kLanes > 4) {
    if (n & 4) {
      std::memcpy(to, from, 4 * sizeof(T));
      from += 4, to += 4;
    }
  }
  if constexpr (kLanes > 2) {
    if (n & 2) {
      std::memcpy(to, from, 2 * sizeof(T));
      from += 2, to += 2;
    }
  }
  if (n & 1) *to = *from;
}
template <class D, class T>
HWY_NOINLINE hn::Vec<D> load_part(D d, const T* HWY_RESTRICT p, size_t n) {
  HWY_ALIGN T buffer[HWY_MAX_BYTES / sizeof(T)] = {};
  copy_part(p, buffer, n);
  return hn::Load(d, buffer);
}
template <class D, class T>
HWY_NOINLINE void store_part(hn::Vec<D> v, D d, T* HWY_RESTRICT p, size_t n) {
  HWY_ALIGN T buffer[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(v, d, buffer);
  copy_part(buffer, p, n);
}
#endif

// The first n values at p, n >= 1, in the first lanes; zeros in the others. Reads nothing beyond p[n - 1].
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_n(D d, const T* HWY_RESTRICT p, size_t n) {
#if HWY_TARGET == HWY_SCALAR
  (void)n;  // there is one lane
  return hn::LoadU(d, p);
#else
  if (n >= hn::Lanes(d)) return hn::LoadU(d, p);
#if HWY_MEM_OPS_MIGHT_FAULT
  return load_part(d, p, n);
#else
  return hn::MaskedLoad(hn::FirstN(d, n), d, p);
#endif
#endif
}

// Stores the first n lanes, n >= 1, and writes nothing beyond p[n - 1].
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_n(hn::Vec<D> v, D d, T* HWY_RESTRICT p, size_t n) {
#if HWY_TARGET == HWY_SCALAR
  (void)n;
  hn::StoreU(v, d, p);
#else
  if (n >= hn::Lanes(d)) {
    hn::StoreU(v, d, p);
    return;
  }
#if HWY_MEM_OPS_MIGHT_FAULT
  store_part(v, d, p, n);
#else
  hn::BlendedStore(v, hn::FirstN(d, n), d, p);
#endif
#endif
}

// The sum as NumPy has it, which starts at 0: one of -0 alone is 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V from_zero(D d, V sum) {
  return hn::Add(sum, hn::Zero(d));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
