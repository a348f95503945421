// arithmetic.cc: operations on two numbers that give one of their kind. Pow, of numbers of two kinds, is in pow.cc.
#include "network/operations/arithmetic.h"

#include "network/operations/binary.h"
#include "network/operations/operations.h"

namespace convstep::network {
namespace {

template <class U, class F>
BinaryRun<U, U, U> plain(const Node&) {
  return binary_run<U, U, U>(F());
}

// The remainder has the sign of the divisor or, with the attribute, that of the dividend.
template <class T>
BinaryRun<T, T, T> remainder(const Node& node) {
  if (node.integer("fmod", 0)) return binary_run<T, T, T>([](T a, T b) { return std::fmod(a, b); });
  return binary_run<T, T, T>([](T a, T b) {
    const T left = std::fmod(a, b);
    return left != 0 && (left < 0) != (b < 0) ? left + b : left;
  });
}
BinaryRun<int64_t, int64_t, int64_t> remainder_of_integers(const Node& node) {
  const auto truncated = [](int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; };
  if (node.integer("fmod", 0)) return binary_run<int64_t, int64_t, int64_t>(truncated);
  return binary_run<int64_t, int64_t, int64_t>([=](int64_t a, int64_t b) {
    const int64_t left = truncated(a, b);
    return left != 0 && (left < 0) != (b < 0) ? left + b : left;
  });
}

struct ParametricRelu {
  template <class U>
  U operator()(U x, U slope) const {
    return Multiply()(x < 0 ? slope : U{1}, x);  // what compilers do by vectors: a choice of factors, not of results
  }
};
struct BothTrue {
  int64_t operator()(int64_t a, int64_t b) const { return a != 0 && b != 0; }
};
struct OneTrue {
  int64_t operator()(int64_t a, int64_t b) const { return a != 0 || b != 0; }
};
struct DifferentTruth {
  int64_t operator()(int64_t a, int64_t b) const { return (a != 0) != (b != 0); }
};

template <class T>
std::span<const BinaryFunction<T, T>> functions() {
  static constexpr BinaryFunction<T, T> kFunctions[] = {
      {"Add", {"A", "B"}, plain<T, Add>, plain<int64_t, Add>},
      {"And", {"A", "B"}, nullptr, plain<int64_t, BothTrue>},
      {"Div", {"A", "B"}, plain<T, Divide>, plain<int64_t, Divide>},
      {"Mod", {"A", "B"}, remainder<T>, remainder_of_integers},
      {"Mul", {"A", "B"}, plain<T, Multiply>, plain<int64_t, Multiply>},
      {"Or", {"A", "B"}, nullptr, plain<int64_t, OneTrue>},
      {"PRelu", {"X", "slope"}, plain<T, ParametricRelu>, plain<int64_t, ParametricRelu>, true},
      {"Sub", {"A", "B"}, plain<T, Subtract>, plain<int64_t, Subtract>},
      {"Xor", {"A", "B"}, nullptr, plain<int64_t, DifferentTruth>},
  };
  return kFunctions;
}

}  // namespace

template <class T>
Operation<T> arithmetic_operation(const char* name) {
  return binary_operation_of<T, T, functions<T>>(name);
}
template Operation<float> arithmetic_operation(const char*);
template Operation<double> arithmetic_operation(const char*);

}  // namespace convstep::network
