// Gemm and MatMul against plain loops: their values, broadcasting, layouts, threads and errors.
#include <gtest/gtest.h>

#include "tests/network/run_operation.h"
#include "tests/support/expect_error.h"

namespace convstep::network {
namespace {

// Whole numbers, so that every sum is exact in any order.
Numbers counted(const Dims& shape, int64_t from = 0) {
  return made(shape, [=](int64_t i) { return (i * 5 + from) % 13 - 6; });
}
double at(const Numbers& matrix, int64_t row, int64_t column) {
  return matrix.values[static_cast<size_t>(row * matrix.shape[1] + column)];
}
Numbers turned(const Numbers& matrix, bool turns = true) {
  if (!turns) return matrix;
  const Dims shape{matrix.shape[1], matrix.shape[0]};
  return made(shape, [&](int64_t i) { return at(matrix, i % shape[1], i / shape[1]); });
}
double product(const Numbers& a, const Numbers& b, int64_t row, int64_t column) {
  double sum = 0;
  for (int64_t k = 0; k < a.shape[1]; ++k) sum += at(a, row, k) * at(b, k, column);
  return sum;
}
using Attributes = std::map<std::string, Attribute, std::less<>>;

TEST(MatrixTest, GemmAddsAProductAndABias) {
  for (const auto& [M, K, N] : {std::array<int64_t, 3>{1, 1, 1}, {3, 5, 7}, {1, 40, 33}, {17, 9, 64}}) {
    const Dims shape{M, N};
    const Numbers a = counted({M, K}), b = counted({K, N}, 3);
    for (const int options : {0, 1, 2, 3}) {
      const bool turns_a = options & 1, turns_b = options & 2;
      const double alpha = options == 1 ? 0.5 : 1, beta = options == 2 ? 2 : 1;
      const Node node = node_of(
          "Gemm", 3, {{"transA", int64_t{turns_a}}, {"transB", int64_t{turns_b}}, {"alpha", alpha}, {"beta", beta}});
      for (const Dims& c_shape : {Dims{N}, Dims{1, N}, Dims{M, N}, Dims{M, 1}, Dims{}, Dims{1, 1}}) {
        SCOPED_TRACE(to_string(shape) + to_string(c_shape) + std::to_string(options));
        const Numbers c = counted(c_shape, 7);
        const Numbers wanted = made(shape, [&](int64_t i) {
          const int64_t row = i / shape[1], column = i % shape[1], rank = c_shape.rank();
          const int64_t c_columns = rank > 0 ? c_shape[static_cast<int>(rank) - 1] : 1;
          const int64_t c_row = rank == 2 && c_shape[0] > 1 ? row : 0, c_column = c_columns > 1 ? column : 0;
          return alpha * product(a, b, row, column) +
                 beta * c.values[static_cast<size_t>(c_row * c_columns + c_column)];
        });
        const Numbers given_a = turned(a, turns_a), given_b = turned(b, turns_b);
        expect_outputs(node, {given_a, constant(given_b), constant(c)}, {wanted});
        expect_outputs(node, {given_a, constant(given_b), c}, {wanted});
        expect_outputs(node, {given_a, given_b, c}, {wanted});
      }
      const Numbers plain = made(shape, [&](int64_t i) { return alpha * product(a, b, i / shape[1], i % shape[1]); });
      expect_outputs(node, {turned(a, turns_a), constant(turned(b, turns_b)), kLeftOut}, {plain});
    }
  }
}

TEST(MatrixTest, GemmEndsWithAnActivation) {
  const Numbers a = counted({2, 3}), b = counted({3, 20}, 1), c = counted({20}, 4);
  const auto wanted = [&](auto function) {
    return made({2, 20}, [&](int64_t i) {
      return function(product(a, b, i / 20, i % 20) + c.values[static_cast<size_t>(i % 20)]);
    });
  };
  const Node relu = node_of("Gemm", 3, {{"activation", std::string("Relu")}});
  const Node leaky = node_of("Gemm", 3, {{"activation", std::string("LeakyRelu")}, {"slope", 0.25}});
  for (const Numbers& bias : {c, constant(c)}) {
    expect_outputs(relu, {a, constant(b), bias}, {wanted([](double x) { return std::max(x, 0.0); })});
    expect_outputs(leaky, {a, constant(b), bias}, {wanted([](double x) { return x < 0 ? 0.25 * x : x; })});
  }
}

// The product of any number of axes, by its definition.
Numbers multiplied(Numbers a, Numbers b) {
  const bool is_row = a.shape.rank() == 1, is_column = b.shape.rank() == 1;
  if (is_row) a.shape = {1, a.shape[0]};
  if (is_column) b.shape = {b.shape[0], 1};
  const int rank = std::max(a.shape.rank(), b.shape.rank());
  const auto length = [&](const Numbers& x, int axis) {
    const int own = axis - rank + x.shape.rank();
    return own < 0 ? 1 : x.shape[own];
  };
  Dims shape, result;
  for (int axis = 0; axis < rank - 2; ++axis) shape.push_back(std::max(length(a, axis), length(b, axis)));
  result = shape;
  shape.push_back(length(a, rank - 2));
  shape.push_back(length(b, rank - 1));
  if (!is_row) result.push_back(shape[rank - 2]);
  if (!is_column) result.push_back(shape[rank - 1]);
  Numbers all = made(shape, [&](int64_t i) {
    const Dims index = index_of(shape, i);
    const auto element = [&](const Numbers& x, int64_t row, int64_t column) {
      int64_t offset = 0;
      for (int axis = 0; axis < rank; ++axis) {
        const int64_t place = axis == rank - 2 ? row : axis == rank - 1 ? column : index[axis];
        offset = offset * length(x, axis) + (length(x, axis) == 1 ? 0 : place);
      }
      return x.values[static_cast<size_t>(offset)];
    };
    double sum = 0;
    for (int64_t k = 0; k < length(a, rank - 1); ++k)
      sum += element(a, index[rank - 2], k) * element(b, k, index[rank - 1]);
    return sum;
  });
  all.shape = result;
  return all;
}

TEST(MatrixTest, MatMulBroadcastsMatrices) {
  const Dims kShapes[][2] = {
      {{3, 4}, {4, 5}},       {{2, 3, 4}, {4, 5}},   {{2, 3, 4}, {2, 4, 5}},        {{4}, {4}},
      {{4}, {4, 5}},          {{3, 4}, {4}},         {{2, 1, 3, 4}, {3, 4, 5}},     {{3, 4}, {2, 2, 4, 5}},
      {{2, 3, 4}, {4}},       {{4}, {2, 4, 5}},      {{2, 2, 1, 4}, {1, 1, 4, 33}}, {{0, 4}, {4, 5}},
      {{2, 2, 3, 4}, {4, 1}}, {{1, 1, 3, 4}, {4, 5}}};
  for (const auto& [a_shape, b_shape] : kShapes) {
    SCOPED_TRACE(to_string(a_shape) + to_string(b_shape));
    const Numbers a = counted(a_shape), b = counted(b_shape, 2), wanted = multiplied(a, b);
    expect_outputs(node_of("MatMul", 2), {a, b}, {wanted});
    expect_outputs(node_of("MatMul", 2), {a, constant(b)}, {wanted});
  }
}

TEST(MatrixTest, MatMulTakesABiasAndAnActivation) {
  const Node node = node_of("MatMul", 3, {{"activation", std::string("Relu")}});
  for (const Dims& b_shape : {Dims{4, 5}, Dims{2, 4, 5}}) {
    const Numbers a = counted({2, 3, 4}), b = counted(b_shape, 2), bias = counted({5}, 1);
    Numbers wanted = multiplied(a, b);
    for (size_t i = 0; i < wanted.values.size(); ++i)
      wanted.values[i] = std::max(wanted.values[i] + bias.values[i % 5], 0.0);
    expect_outputs(node, {a, b, bias}, {wanted});
    expect_outputs(node, {a, constant(b), constant(bias)}, {wanted});
    expect_outputs(node, {a, constant(b), bias}, {wanted});
  }
}

TEST(MatrixTest, IsTheSameOnAnyThreads) {
  const auto number = [](int64_t i) { return std::sin(double(i)); };
  const Numbers a = made({5, 70, 60}, number), b = made({5, 60, 50}, number), one = made({60, 50}, number);
  for (const Numbers& right : {b, one, constant(one)}) {
    const auto run = [&](int threads, const Layout& layout) {
      return Evaluation<float>(node_of("MatMul", 2), {a, right}, layout, {.threads = threads}).outputs()[0].values;
    };
    const std::vector<double> wanted = run(1, {});
    for (const int threads : {2, 3, 8}) EXPECT_EQ(run(threads, {}), wanted);
    EXPECT_EQ(run(2, {.gap = 2, .is_backwards = true}), wanted);
  }
}

TEST(MatrixTest, RefusesWhatDoesNotFit) {
  const auto evaluate = [](const char* name, const std::vector<Numbers>& inputs, Attributes attributes = {}) {
    const Node node = node_of(name, inputs.size(), std::move(attributes));
    return [=] { Evaluation<float>(node, inputs, {}); };
  };
  const Numbers a = counted({2, 3});
  expect_error<ShapeError>(evaluate("Gemm", {a, counted({2, 4})}), "B", "(2, 4)", "3 rows");
  expect_error<ShapeError>(evaluate("Gemm", {counted({3}), a}), "A", "(3,)", "two axes");
  expect_error<ShapeError>(evaluate("Gemm", {a, counted({3, 4}), counted({3})}), "C", "(3,)");
  expect_error<ShapeError>(evaluate("Gemm", {a, counted({3, 4}), counted({1, 2, 4})}), "C", "(1, 2, 4)", "(2, 4)");
  expect_error<ShapeError>(evaluate("Gemm", {counted({2, 0}), counted({0, 4})}), "B", "(0, 4)");
  expect_error<ParameterError>(evaluate("Gemm", {a, integers({3, 1}, {1, 2, 3})}), "B", "whole");
  expect_error<ParameterError>(evaluate("Gemm", {a, counted({3, 4})}, {{"activation", std::string("Gelu")}}),
                               "activation");
  expect_error<ShapeError>(evaluate("MatMul", {a, counted({2, 4})}), "B", "(2, 4)", "3 rows");
  expect_error<ShapeError>(evaluate("MatMul", {a, counted({})}), "B", "()");
  expect_error<ShapeError>(evaluate("MatMul", {counted({2, 2, 3}), counted({3, 3, 2})}), "B");
  expect_error<ShapeError>(evaluate("MatMul", {a, counted({3, 4}), counted({3})}), "bias", "(3,)", "(4,)");
}

}  // namespace
}  // namespace convstep::network
