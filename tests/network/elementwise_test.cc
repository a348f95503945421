// Operations by element: their values, broadcasting, orders, threads and errors.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/network/run_operation.h"
#include "tests/support/expect_error.h"

namespace convstep::network {
namespace {

const double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Function = double (*)(double);

// Numbers that are the same in float and in double.
const std::vector<double> kReals{-0.0, 0.0,  1,        -1,        0.5,       -0.5,       1.5,    -1.5,
                                 2.5,  -2.5, 3,        -3,        7.25,      -7.25,      0.0625, -0.0625,
                                 20,   -20,  0x1p-140, -0x1p-140, kInfinity, -kInfinity, kNan,   100};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double between_0_and_1(double x) { return std::isnan(x) ? x : std::min(std::max(x, 0.0), 1.0); }

struct Unary {
  const char* name;
  Function function;
  double units = 0;  // that a result may be off
  Attributes attributes = {};
};
const Unary kUnary[] = {
    {"Abs", [](double x) { return std::abs(x); }},
    {"Ceil", [](double x) { return std::ceil(x); }},
    {"Celu", [](double x) { return x > 0 ? x : 2 * std::expm1(x / 2); }, 2, {{"alpha", 2.0}}},
    {"Cos", [](double x) { return std::cos(x); }, 2},
    {"Elu", [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); }, 3, {{"alpha", 1.5}}},
    {"Erf", [](double x) { return std::erf(x); }, 2},
    {"Exp", [](double x) { return std::exp(x); }, 2},
    {"Floor", [](double x) { return std::floor(x); }},
    {"HardSigmoid", [](double x) { return between_0_and_1(0.25 * x + 0.5); }, 0, {{"alpha", 0.25}}},
    {"LeakyRelu", [](double x) { return x < 0 ? 0.25 * x : x; }, 0, {{"alpha", 0.25}}},
    {"Log", [](double x) { return std::log(x); }, 2},
    {"Mish", [](double x) { return x * std::tanh(softplus(x)); }, 8},
    {"Neg", [](double x) { return -x; }},
    {"Reciprocal", [](double x) { return 1 / x; }, 1},
    {"Relu", [](double x) { return x < 0 ? 0 : x; }},
    {"Round", [](double x) { return std::nearbyint(x); }},
    {"Shrink", [](double x) { return x < -1  ? x + 0.25
                                     : x > 1 ? x - 0.25
                                             : 0; }, 0, {{"bias", 0.25}, {"lambd", 1.0}}},
    {"Sigmoid", sigmoid, 4},
    {"Sign", [](double x) { return x > 0   ? 1
                                   : x < 0 ? -1
                                           : x; }},
    {"Sin", [](double x) { return std::sin(x); }, 2},
    {"Softplus", softplus, 3},
    {"Softsign", [](double x) { return x / (1 + std::abs(x)); }, 2},
    {"Sqrt", [](double x) { return std::sqrt(x); }, 1},
    {"Swish", [](double x) { return x * sigmoid(2 * x); }, 8, {{"alpha", 2.0}}},
    {"Tanh", [](double x) { return std::tanh(x); }, 4},
    {"ThresholdedRelu", [](double x) { return x > 2 ? x : 0; }, 0, {{"alpha", 2.0}}},
};

TEST(ElementwiseTest, FunctionsOfOneNumberAreThoseOfMathematics) {
  const int64_t count = static_cast<int64_t>(kReals.size());
  for (const Unary& unary : kUnary) {
    SCOPED_TRACE(unary.name);
    const Numbers input = made({2, 3, count / 6}, [](int64_t i) { return kReals[static_cast<size_t>(i)]; });
    const Numbers wanted =
        made(input.shape, [&](int64_t i) { return unary.function(input.values[static_cast<size_t>(i)]); });
    expect_outputs(node_of(unary.name, 1, unary.attributes), {input}, {wanted}, unary.units);
  }
}

// Where rounding of what is in between matters: within some units of the terms, not of the result.
TEST(ElementwiseTest, GeluHardSwishAndSelu) {
  const Numbers input = reals({6}, {-3, -0.5, 0, 0.5, 3, 20});
  const auto run = [&](const char* name, Attributes attributes, const auto& function, double bound) {
    const Evaluation<float> evaluation(node_of(name, 1, std::move(attributes)), {input}, {});
    for (size_t i = 0; i < input.values.size(); ++i) {
      EXPECT_NEAR(evaluation.outputs()[0].values[i], function(input.values[i]), bound) << name << input.values[i];
    }
  };
  const auto gelu = [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2))); };
  const auto gelu_by_tanh = [](double x) {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
  };
  run("Gelu", {}, gelu, 1e-6);
  run("Gelu", {{"approximate", std::string("tanh")}}, gelu_by_tanh, 1e-6);
  run(
      "HardSwish", {}, [](double x) { return x * between_0_and_1(x / 6 + 0.5); }, 2e-6);
  run(
      "Selu", {}, [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); }, 2e-6);
}

TEST(ElementwiseTest, FunctionsOfOneWholeNumber) {
  const double least = -9223372036854775808.0;
  const Numbers input = integers({2, 2}, {-3, 0, 5, least});
  expect_outputs(node_of("Abs", 1), {input}, {integers({2, 2}, {3, 0, 5, least})});
  expect_outputs(node_of("Neg", 1), {input}, {integers({2, 2}, {3, 0, -5, least})});
  expect_outputs(node_of("Sign", 1), {input}, {integers({2, 2}, {-1, 0, 1, -1})});
  expect_outputs(node_of("Relu", 1), {input}, {integers({2, 2}, {0, 0, 5, 0})});
  expect_outputs(node_of("Not", 1), {input}, {integers({2, 2}, {0, 1, 0, 0})});
}

TEST(ElementwiseTest, TruthsOfRealNumbers) {
  const Numbers input = reals({4}, {kNan, -kInfinity, kInfinity, 1});
  expect_outputs(node_of("IsNaN", 1), {input}, {integers({4}, {1, 0, 0, 0})});
  expect_outputs(node_of("IsInf", 1), {input}, {integers({4}, {0, 1, 1, 0})});
  expect_outputs(node_of("IsInf", 1, {{"detect_negative", int64_t{0}}}), {input}, {integers({4}, {0, 0, 1, 0})});
}

struct Binary {
  const char* name;
  double (*function)(double a, double b);
  bool gives_truth = false;
};
const Binary kBinary[] = {
    {"Add", [](double a, double b) { return a + b; }},
    {"Sub", [](double a, double b) { return a - b; }},
    {"Mul", [](double a, double b) { return a * b; }},
    {"Max", [](double a, double b) { return std::max(a, b); }},
    {"Min", [](double a, double b) { return std::min(a, b); }},
    {"Equal", [](double a, double b) { return double(a == b); }, true},
    {"Less", [](double a, double b) { return double(a < b); }, true},
    {"LessOrEqual", [](double a, double b) { return double(a <= b); }, true},
    {"Greater", [](double a, double b) { return double(a > b); }, true},
    {"GreaterOrEqual", [](double a, double b) { return double(a >= b); }, true},
};

// The element of an array that is broadcast to this index.
double broadcast_element(const Numbers& numbers, const Dims& index) {
  Dims own = numbers.shape, strides = dense_strides(numbers.shape, row_major(numbers.shape.rank()));
  const int before = index.rank() - own.rank();
  for (int axis = 0; axis < own.rank(); ++axis) own[axis] = own[axis] == 1 ? 0 : index[before + axis];
  return numbers.values[static_cast<size_t>(offset_of(own, strides))];
}

TEST(ElementwiseTest, BroadcastsTwoArrays) {
  const Dims kShapes[][3] = {{{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
                             {{2, 3, 4}, {}, {2, 3, 4}},
                             {{}, {3}, {3}},
                             {{2, 3, 4}, {3, 1}, {2, 3, 4}},
                             {{4, 1}, {3}, {4, 3}},
                             {{1, 3, 1, 5}, {2, 1, 4, 1}, {2, 3, 4, 5}},
                             {{}, {}, {}},
                             {{2, 0, 3}, {1, 3}, {2, 0, 3}},
                             {{9, 2}, {9, 1}, {9, 2}},
                             {{2, 16, 3, 3}, {16, 1, 1}, {2, 16, 3, 3}}};
  const auto number = [](int64_t i) { return double(i * 7 % 11) - 5; };
  for (const auto& [a_shape, b_shape, shape] : kShapes) {
    const Numbers a = made(a_shape, number), b = made(b_shape, [&](int64_t i) { return number(i + 3); });
    for (const Binary& binary : kBinary) {
      SCOPED_TRACE(std::string(binary.name) + to_string(a_shape) + to_string(b_shape));
      const auto element = [&, &shape = shape](int64_t i) {
        const Dims index = index_of(shape, i);
        return binary.function(broadcast_element(a, index), broadcast_element(b, index));
      };
      const Element truth = Element::kInteger;
      expect_outputs(node_of(binary.name, 2), {a, b},
                     {made(shape, element, binary.gives_truth ? truth : Element::kReal)});
      Numbers whole_a = a, whole_b = b;
      whole_a.element = whole_b.element = Element::kInteger;
      expect_outputs(node_of(binary.name, 2), {whole_a, whole_b}, {made(shape, element, Element::kInteger)});
    }
  }
}

TEST(ElementwiseTest, DividesWholeNumbersTowardsZero) {
  const double least = -9223372036854775808.0;
  const Numbers a = integers({6}, {7, -7, 7, -7, 5, least}), b = integers({6}, {2, 2, -2, -2, 0, -1});
  expect_outputs(node_of("Div", 2), {a, b}, {integers({6}, {3, -3, -3, 3, 0, least})});
  expect_outputs(node_of("Mod", 2), {a, b}, {integers({6}, {1, 1, -1, -1, 0, 0})});
  expect_outputs(node_of("Mod", 2, {{"fmod", int64_t{1}}}), {a, b}, {integers({6}, {1, -1, 1, -1, 0, 0})});
  expect_outputs(node_of("Div", 2), {reals({3}, {1, -1, 0}), reals({3}, {0, 0, 0})},
                 {reals({3}, {kInfinity, -kInfinity, kNan})});
}

TEST(ElementwiseTest, CombinesTruths) {
  const Numbers a = integers({4}, {0, 0, 1, 1}), b = integers({4}, {0, 1, 0, 1});
  expect_outputs(node_of("And", 2), {a, b}, {integers({4}, {0, 0, 0, 1})});
  expect_outputs(node_of("Or", 2), {a, b}, {integers({4}, {0, 1, 1, 1})});
  expect_outputs(node_of("Xor", 2), {a, b}, {integers({4}, {0, 1, 1, 0})});
}

TEST(ElementwiseTest, ExtremesOfNanAreNan) {
  const Numbers a = reals({3}, {kNan, 1, 2}), b = reals({3}, {1, kNan, 3});
  expect_outputs(node_of("Max", 2), {a, b}, {reals({3}, {kNan, kNan, 3})});
  expect_outputs(node_of("Min", 2), {a, b}, {reals({3}, {kNan, kNan, 2})});
}

TEST(ElementwiseTest, TakesAnyNumberOfInputs) {
  const Numbers a = reals({2, 1}, {1, 4}), b = reals({3}, {3, 6, 9}), c = reals({}, {2});
  expect_outputs(node_of("Sum", 3), {a, b, c}, {reals({2, 3}, {6, 9, 12, 9, 12, 15})});
  expect_outputs(node_of("Mean", 3), {a, b, c}, {reals({2, 3}, {2, 3, 4, 3, 4, 5})});
  expect_outputs(node_of("Max", 3), {a, b, c}, {reals({2, 3}, {3, 6, 9, 4, 6, 9})});
  expect_outputs(node_of("Min", 3), {a, b, c}, {reals({2, 3}, {1, 1, 1, 2, 2, 2})});
  expect_outputs(node_of("Max", 1), {a}, {a});
}

TEST(ElementwiseTest, RaisesToPowers) {
  const Numbers base = reals({4}, {-3, 0.5, 2, 9});
  expect_outputs(node_of("Pow", 2), {base, reals({}, {2})}, {reals({4}, {9, 0.25, 4, 81})});
  expect_outputs(node_of("Pow", 2), {base, integers({1}, {2})}, {reals({4}, {9, 0.25, 4, 81})});
  expect_outputs(node_of("Pow", 2), {base, integers({4}, {3, 1, 0, -1})}, {reals({4}, {-27, 0.5, 1, 1. / 9})}, 2);
  expect_outputs(node_of("Pow", 2), {base, reals({4}, {3, 2, 0.5, 0.5})}, {reals({4}, {-27, 0.25, std::sqrt(2), 3})},
                 2);
  const Numbers whole = integers({5}, {-2, 3, 0, -1, 5});
  expect_outputs(node_of("Pow", 2), {whole, integers({5}, {3, 4, -1, -3, -2})}, {integers({5}, {-8, 81, 0, -1, 0})});
  expect_outputs(node_of("Pow", 2), {whole, reals({}, {0.5})}, {integers({5}, {0, 1, 0, 0, 2})});
}

TEST(ElementwiseTest, ChoosesAndClips) {
  const Numbers condition = integers({2, 1}, {1, 0}), x = reals({3}, {1, 2, 3}), y = reals({}, {-1});
  expect_outputs(node_of("Where", 3), {condition, x, y}, {reals({2, 3}, {1, 2, 3, -1, -1, -1})});
  expect_outputs(node_of("Where", 3), {condition, integers({3}, {1, 2, 3}), integers({}, {-1})},
                 {integers({2, 3}, {1, 2, 3, -1, -1, -1})});
  const Numbers input = reals({5}, {-7, -1, 0.5, 8, kNan});
  expect_outputs(node_of("Clip", 3), {input, reals({}, {-2}), reals({}, {6})}, {reals({5}, {-2, -1, 0.5, 6, kNan})});
  expect_outputs(node_of("Clip", 3), {input, kLeftOut, reals({}, {0})}, {reals({5}, {-7, -1, 0, 0, kNan})});
  expect_outputs(node_of("Clip", 2), {input, reals({1}, {0})}, {reals({5}, {0, 0, 0.5, 8, kNan})});
  expect_outputs(node_of("Clip", 1), {input}, {input});
  expect_outputs(node_of("Clip", 3), {input, reals({}, {2}), reals({}, {1})}, {reals({5}, {1, 1, 1, 1, kNan})});
  expect_outputs(node_of("Clip", 3), {integers({3}, {-7, 1, 8}), integers({}, {-2}), kLeftOut},
                 {integers({3}, {-2, 1, 8})});
}

TEST(ElementwiseTest, SlopesOfPReluAreBroadcastToTheInputAlone) {
  const Numbers x = reals({2, 3}, {-1, 2, -3, 4, -5, 6});
  expect_outputs(node_of("PRelu", 2), {x, reals({3}, {2, 2, 0.5})}, {reals({2, 3}, {-2, 2, -1.5, 4, -10, 6})});
  expect_error<ShapeError>(
      [&] {
        Evaluation<float>(node_of("PRelu", 2), {reals({1}, {1}), x}, {});
      },
      "slope", "(2, 3)", "(1,)");
}

TEST(ElementwiseTest, Casts) {
  const auto to = [](int64_t type) { return node_of("Cast", 1, {{"to", type}}); };
  const Numbers input = reals({6}, {-1.75, 0, 300.5, kNan, kInfinity, -1e30});
  const double most = 9223372036854775807.0;  // rounds to 2^63, as the largest int64 does
  EXPECT_EQ(most, static_cast<double>(std::numeric_limits<int64_t>::max()));
  expect_outputs(to(7), {input}, {integers({6}, {-1, 0, 300, 0, most, -most})});
  expect_outputs(to(2), {input}, {integers({6}, {0, 0, 255, 0, 255, 0})});
  expect_outputs(to(3), {input}, {integers({6}, {-1, 0, 127, 0, 127, -128})});
  expect_outputs(to(9), {input}, {integers({6}, {1, 0, 1, 1, 1, 1})});
  expect_outputs(to(10), {input}, {input});
  const Numbers whole = integers({4}, {-1, 0, 300, 1 << 20});
  expect_outputs(to(1), {whole}, {reals({4}, {-1, 0, 300, 1 << 20})});
  expect_outputs(to(2), {whole}, {integers({4}, {255, 0, 44, 0})});
  expect_outputs(to(3), {whole}, {integers({4}, {-1, 0, 44, 0})});
  expect_outputs(to(6), {whole}, {whole});
  expect_outputs(to(9), {whole}, {integers({4}, {1, 0, 1, 1})});
  expect_outputs(to(7), {whole}, {whole});
  expect_error<ParameterError>([&] { Evaluation<float>(to(8), {input}, {}); }, "to", "8");
}

// The order of the largest input is that of the output.
TEST(ElementwiseTest, KeepsTheOrderOfTheLargestInput) {
  const Node node = node_of("Add", 2);
  const ValueInfo<float> image(Element::kReal, {2, 8, 5, 5}, channels_last());
  const ValueInfo<float> gates(Element::kReal, {2, 8, 1, 1}, row_major(4)), row(Element::kReal, {5}, row_major(1));
  for (const auto& inputs : {std::array{image, gates}, std::array{gates, image}, std::array{image, row}}) {
    const Inferred<float> inferred = find_operation<float>("Add")->infer({node, inputs});
    EXPECT_EQ(to_string(inferred.outputs[0].order), "(0, 2, 3, 1)");
  }
}

TEST(ElementwiseTest, LargeArraysAreTheSameOnAnyThreads) {
  const Dims shape{3, 41, 37, 53};
  const Numbers a = made(shape, [](int64_t i) { return i % 1001; }), b = made({41, 1, 1}, [](int64_t i) { return i; });
  for (const Layout& layout : kLayouts) {
    for (const int threads : {1, 2, 4}) {
      const Evaluation<float> evaluation(node_of("Sub", 2), {a, b}, layout, {.threads = threads});
      const std::vector<double>& got = evaluation.outputs()[0].values;
      for (int64_t i = 0; i < shape.count(); ++i) {
        ASSERT_EQ(got[static_cast<size_t>(i)], double(i % 1001 - index_of(shape, i)[1])) << i;
      }
    }
  }
}

TEST(ElementwiseTest, RefusesWhatDoesNotFit) {
  const Numbers a = reals({2, 3}, {1, 2, 3, 4, 5, 6}), whole = integers({3}, {1, 2, 3});
  const auto evaluate = [](const Node& node, const std::vector<Numbers>& inputs) {
    return [=] { Evaluation<float>(node, inputs, {}); };
  };
  expect_error<ShapeError>(evaluate(node_of("Add", 2), {a, reals({2}, {1, 2})}), "B", "(2,)", "(2, 3)");
  expect_error<ParameterError>(evaluate(node_of("Add", 2), {a, whole}), "B", "whole numbers", "real numbers");
  expect_error<ParameterError>(evaluate(node_of("Add", 2), {a}), "B", "none");
  expect_error<ParameterError>(evaluate(node_of("Exp", 1), {whole}), "input", "whole numbers");
  expect_error<ParameterError>(evaluate(node_of("And", 2), {a, a}), "A", "real numbers");
  expect_error<ParameterError>(evaluate(node_of("Gelu", 1, {{"approximate", std::string("no")}}), {a}), "approximate");
  expect_error<ParameterError>(evaluate(node_of("LeakyRelu", 1, {{"alpha", kInfinity}}), {a}), "alpha", "inf");
  expect_error<ParameterError>(evaluate(node_of("LeakyRelu", 1, {{"alpha", int64_t{1}}}), {a}), "alpha");
  expect_error<ShapeError>(evaluate(node_of("Clip", 2), {a, reals({2}, {1, 2})}), "min", "(2,)");
  expect_error<ParameterError>(evaluate(node_of("Where", 3), {a, a, a}), "condition");
  expect_error<ShapeError>(evaluate(node_of("Mul", 2), {made({0, int64_t{1} << 32, 1}, [](int64_t) { return 0; }),
                                                        made({0, 1, int64_t{1} << 32}, [](int64_t) { return 0; })}),
                           "B");
}

}  // namespace
}  // namespace convstep::network
