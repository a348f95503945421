// Reductions: their values, axes, orders, empty arrays, and that bits depend neither on layout nor on threads.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/network/run_operation.h"
#include "tests/support/expect_error.h"

namespace convstep::network {
namespace {

const double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

Node reduce(const std::string& kind, bool keeps = true, bool noop = false) {
  return node_of("Reduce" + kind, 2, {{"keepdims", int64_t{keeps}}, {"noop_with_empty_axes", int64_t{noop}}});
}

// A reduction by hand: of the numbers of each result, in row-major order.
using Function = double (*)(const std::vector<double>& numbers);
Numbers reduced(const Numbers& data, const std::vector<int64_t>& axes, bool keeps, Function function) {
  Dims marked = Dims::filled(data.shape.rank(), 0), kept, shape;
  for (const int64_t axis : axes) marked[static_cast<int>(axis)] = 1;
  for (int axis = 0; axis < data.shape.rank(); ++axis) {
    kept.push_back(marked[axis] ? 1 : data.shape[axis]);
    if (keeps || !marked[axis]) shape.push_back(kept[axis]);
  }
  std::vector<std::vector<double>> numbers(static_cast<size_t>(kept.count()));
  for (int64_t i = 0; i < data.shape.count(); ++i) {
    Dims index = index_of(data.shape, i);
    for (int axis = 0; axis < index.rank(); ++axis) index[axis] = marked[axis] ? 0 : index[axis];
    numbers[static_cast<size_t>(offset_of(index, dense_strides(kept, row_major(kept.rank()))))].push_back(
        data.values[static_cast<size_t>(i)]);
  }
  return made(
      shape, [&](int64_t i) { return function(numbers[static_cast<size_t>(i)]); }, data.element);
}

template <class F>
double folded(const std::vector<double>& numbers, double first, const F& f) {
  return std::accumulate(numbers.begin(), numbers.end(), first, f);
}
double sum(const std::vector<double>& x) { return folded(x, 0, std::plus<>()); }
double square_sum(const std::vector<double>& x) {
  return folded(x, 0, [](double all, double one) { return all + one * one; });
}

struct Kind {
  const char* name;
  Function function;
  double units = 0;
  bool is_for_integers = true;
};
const Kind kKinds[] = {
    {"Sum", sum},
    {"Mean", [](const std::vector<double>& x) { return sum(x) / double(x.size()); }, 1, false},
    {"SumSquare", square_sum},
    {"L1",
     [](const std::vector<double>& x) {
       return folded(x, 0, [](double all, double one) { return all + std::abs(one); });
     }},
    {"L2", [](const std::vector<double>& x) { return std::sqrt(square_sum(x)); }, 1, false},
    {"LogSum", [](const std::vector<double>& x) { return std::log(sum(x)); }, 2, false},
    {"LogSumExp",
     [](const std::vector<double>& x) {
       return std::log(folded(x, 0, [](double all, double one) { return all + std::exp(one); }));
     },
     4, false},
    {"Max", [](const std::vector<double>& x) { return *std::max_element(x.begin(), x.end()); }},
    {"Min", [](const std::vector<double>& x) { return *std::min_element(x.begin(), x.end()); }},
};

TEST(ReductionTest, ReducesAnyAxes) {
  const Numbers data = made({3, 11, 2, 13}, [](int64_t i) { return i * 7 % 31 + 1; });
  const std::vector<int64_t> kAxes[] = {{0}, {1}, {3}, {1, 2}, {2, 3}, {0, 3}, {0, 1, 2, 3}, {0, 2}};
  for (const Kind& kind : kKinds) {
    for (const auto& axes : kAxes) {
      for (const bool keeps : {true, false}) {
        SCOPED_TRACE(std::string(kind.name) + " " + to_string(Dims(axes)));
        std::vector<double> given(axes.begin(), axes.end());
        given[0] -= 4;  // counted from the end
        const Numbers wanted = reduced(data, axes, keeps, kind.function);
        expect_outputs(reduce(kind.name, keeps), {data, known(given)}, {wanted}, kind.units);
        if (!kind.is_for_integers) continue;
        Numbers whole = data, whole_wanted = wanted;
        whole.element = whole_wanted.element = Element::kInteger;
        expect_outputs(reduce(kind.name, keeps), {whole, known(given)}, {whole_wanted});
      }
    }
  }
}

TEST(ReductionTest, MultipliesAndDividesWholeNumbers) {
  expect_outputs(reduce("Prod"), {reals({2, 3}, {1, 2, 3, -4, 5, 0.5}), known({1})}, {reals({2, 1}, {6, -10})});
  expect_outputs(reduce("Prod"), {integers({2, 2}, {3, -4, 5, 6}), known({0})}, {integers({1, 2}, {15, -24})});
  expect_outputs(reduce("Mean"), {integers({3}, {-1, -1, -3}), known({0})}, {integers({1}, {-1})});
  expect_outputs(reduce("L2"), {integers({2}, {5, 3}), known({0})}, {integers({1}, {5})});
}

TEST(ReductionTest, WithoutAxesReducesAllOrNone) {
  const Numbers data = reals({2, 2}, {1, -2, 3, 4});
  expect_outputs(reduce("Sum"), {data}, {reals({1, 1}, {6})});
  expect_outputs(reduce("Sum", false), {data, known({})}, {reals({}, {6})});
  expect_outputs(reduce("Sum", false, true), {data, known({})}, {data});
  expect_outputs(reduce("L1", true, true), {data}, {reals({2, 2}, {1, 2, 3, 4})});
  expect_outputs(reduce("Sum"), {reals({}, {3})}, {reals({}, {3})});
}

TEST(ReductionTest, OfNoElements) {
  const Numbers none = reals({2, 0}, {});
  const auto expect = [&](const char* kind, double value) {
    SCOPED_TRACE(kind);
    expect_outputs(reduce(kind), {none, known({1})}, {reals({2, 1}, {value, value})});
    expect_outputs(reduce(kind), {none, known({0})}, {reals({1, 0}, {})});
  };
  expect("Sum", 0);
  expect("Prod", 1);
  expect("Mean", kNan);
  expect("Max", -kInfinity);
  expect("Min", kInfinity);
  expect("L2", 0);
  expect("LogSum", -kInfinity);
  expect("LogSumExp", -kInfinity);
}

TEST(ReductionTest, NanAndInfinity) {
  for (const double special : {kNan, kInfinity, -kInfinity}) {
    for (int at = 0; at < 40; ++at) {
      Numbers data = made({40, 1}, [](int64_t i) { return i; });
      data.values[static_cast<size_t>(at)] = special;
      const auto expect = [&](const char* kind, double value) {
        expect_outputs(reduce(kind), {data, known({0})}, {reals({1, 1}, {value})}, 2);
      };
      const double most = at == 39 ? 38 : 39, least = at == 0 ? 1 : 0;
      expect("Max", special < 0 ? most : special);
      expect("Min", special > 0 ? least : special);
      expect("Sum", special);
      if (!(special < 0)) expect("LogSumExp", special);
    }
  }
  const Numbers hidden = reals({2}, {-kInfinity, -kInfinity});
  expect_outputs(reduce("LogSumExp"), {hidden, known({0})}, {reals({1}, {-kInfinity})});
  expect_outputs(reduce("LogSumExp"), {reals({2}, {kNan, kNan}), known({0})}, {reals({1}, {kNan})});
  expect_outputs(reduce("LogSumExp"), {reals({2}, {1000, 1000}), known({0})}, {reals({1}, {1000 + std::log(2)})}, 2);
}

// The order of the sum is that of the inferred order in memory, whatever the strides are in fact and however many
// threads there are.
TEST(ReductionTest, BitsDependOnNothingButTheOrder) {
  const Dims shape{2, 37, 19, 23};
  const Numbers data = made(shape, [](int64_t i) { return std::sin(double(i)) * std::exp(double(i % 37) / 3); });
  for (const std::vector<double>& axes : {std::vector<double>{2, 3}, {1}, {3}, {0, 1, 3}, {0, 1, 2, 3}}) {
    const auto run = [&](const Layout& layout, int threads) {
      return Evaluation<double>(reduce("Sum"), {data, known(axes)}, layout, {.threads = threads}).outputs()[0].values;
    };
    const std::vector<double> wanted = run({}, 1);
    for (const int threads : {1, 2, 3}) {
      EXPECT_EQ(run({}, threads), wanted);
      EXPECT_EQ(run({.gap = 3}, threads), wanted);
      EXPECT_EQ(run({.is_backwards = true}, threads), wanted);
    }
    EXPECT_EQ(run({.is_reversed = true}, 1), run({.is_reversed = true, .gap = 2, .is_backwards = true}, 2));
  }
}

TEST(ReductionTest, ManySmallNumbersAddUp) {
  const int64_t count = int64_t{1} << 21;
  const Numbers data = made({count}, [](int64_t) { return 0.1f; });
  const Evaluation<float> evaluation(reduce("Mean"), {data, known({0})}, {});
  EXPECT_EQ(evaluation.outputs()[0].values[0], double(0.1f));
}

TEST(ReductionTest, FindsTheLargestAndTheSmallest) {
  const Numbers data = reals({2, 4}, {1, 7, 7, 2, -3, -3, 5, 0});
  const auto arg = [](const char* name, int64_t axis, bool keeps, bool last) {
    return node_of(name, 1, {{"axis", axis}, {"keepdims", int64_t{keeps}}, {"select_last_index", int64_t{last}}});
  };
  expect_outputs(arg("ArgMax", 1, true, false), {data}, {integers({2, 1}, {1, 2})});
  expect_outputs(arg("ArgMax", -1, false, true), {data}, {integers({2}, {2, 2})});
  expect_outputs(arg("ArgMin", 1, false, false), {data}, {integers({2}, {0, 0})});
  expect_outputs(arg("ArgMin", 1, false, true), {data}, {integers({2}, {0, 1})});
  expect_outputs(arg("ArgMax", 0, false, false), {data}, {integers({4}, {0, 0, 0, 0})});
  Numbers whole = data;
  whole.element = Element::kInteger;
  expect_outputs(arg("ArgMin", 0, true, false), {whole}, {integers({1, 4}, {1, 1, 1, 1})});
  const Numbers with_nan = reals({4}, {1, kNan, 9, kNan});
  expect_outputs(arg("ArgMax", 0, false, false), {with_nan}, {integers({}, {1})});
  expect_outputs(arg("ArgMin", 0, false, true), {with_nan}, {integers({}, {3})});
  const Numbers wide = made({3, 100, 20}, [](int64_t i) { return i * 37 % 101; });
  const Numbers wanted = made(
      {3, 20},
      [&](int64_t i) {
        int64_t best = 0;
        const auto value = [&](int64_t k) {
          return wide.values[static_cast<size_t>((i / 20 * 100 + k) * 20 + i % 20)];
        };
        for (int64_t k = 1; k < 100; ++k) best = value(k) > value(best) ? k : best;
        return best;
      },
      Element::kInteger);
  expect_outputs(arg("ArgMax", 1, false, false), {wide}, {wanted});
}

TEST(ReductionTest, SortsTheTop) {
  const Numbers data = reals({2, 5}, {3, 1, 4, 1, 5, 2, 2, 2, kNan, 1});
  const auto top = [](int64_t axis, bool largest) {
    return node_of("TopK", 2, {{"axis", axis}, {"largest", int64_t{largest}}}, 2);
  };
  expect_outputs(top(-1, true), {data, known({3})},
                 {reals({2, 3}, {5, 4, 3, kNan, 2, 2}), integers({2, 3}, {4, 2, 0, 3, 0, 1})});
  expect_outputs(top(1, false), {data, known({2})}, {reals({2, 2}, {1, 1, kNan, 1}), integers({2, 2}, {1, 3, 3, 4})});
  expect_outputs(top(0, true), {integers({2, 2}, {1, 5, 3, 4}), known({1})},
                 {integers({1, 2}, {3, 5}), integers({1, 2}, {1, 0})});
  expect_outputs(top(0, true), {reals({3}, {1, 2, 3}), known({0})}, {reals({0}, {}), integers({0}, {})});
  expect_error<ParameterError>([&] { Evaluation<float>(top(1, true), {data, known({6})}, {}); }, "K", "6", "0 to 5");
}

TEST(ReductionTest, AddsUpAlongAnAxis) {
  const Numbers data = reals({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto add = [](bool exclusive, bool reverse) {
    return node_of("CumSum", 2, {{"exclusive", int64_t{exclusive}}, {"reverse", int64_t{reverse}}});
  };
  expect_outputs(add(false, false), {data, constant(integers({}, {1}))}, {reals({2, 3}, {1, 3, 6, 4, 9, 15})});
  expect_outputs(add(true, false), {data, known({-1})}, {reals({2, 3}, {0, 1, 3, 0, 4, 9})});
  expect_outputs(add(false, true), {data, known({0})}, {reals({2, 3}, {5, 7, 9, 4, 5, 6})});
  expect_outputs(add(true, true), {integers({3}, {1, 2, 3}), known({0})}, {integers({3}, {5, 3, 0})});
}

TEST(ReductionTest, SoftmaxAlongAnyAxis) {
  const Numbers data = made({3, 17, 5}, [](int64_t i) { return double(i * 7 % 31 - 15) / 4; });
  for (const int64_t axis : {0, 1, 2, -1}) {
    const Dims strides = dense_strides(data.shape, row_major(3));
    const int at = static_cast<int>(axis < 0 ? axis + 3 : axis);
    const auto log_softmax = [&](int64_t i) {
      const int64_t place = index_of(data.shape, i)[at];
      double all = 0;
      for (int64_t k = 0; k < data.shape[at]; ++k) {
        all += std::exp(data.values[static_cast<size_t>(i + (k - place) * strides[at])]);
      }
      return data.values[static_cast<size_t>(i)] - std::log(all);
    };
    expect_outputs(node_of("Softmax", 1, {{"axis", axis}}), {data},
                   {made(data.shape, [&](int64_t i) { return std::exp(log_softmax(i)); })}, 8);
    // A difference: within some units of what is subtracted.
    const Evaluation<float> evaluation(node_of("LogSoftmax", 1, {{"axis", axis}}), {data}, {});
    for (int64_t i = 0; i < data.shape.count(); ++i) {
      const double most = 16;
      ASSERT_NEAR(evaluation.outputs()[0].values[static_cast<size_t>(i)], log_softmax(i),
                  2 * most * std::numeric_limits<float>::epsilon());
    }
  }
  expect_outputs(node_of("Softmax", 1), {reals({2, 2}, {1e4, 1e4, -kInfinity, 0})}, {reals({2, 2}, {0.5, 0.5, 0, 1})});
  expect_outputs(node_of("Softmax", 1), {reals({2}, {kNan, 1})}, {reals({2}, {kNan, kNan})});
  expect_outputs(node_of("Softmax", 1), {reals({2, 0}, {})}, {reals({2, 0}, {})});
}

TEST(ReductionTest, SoftmaxIsTheSameOnAnyThreads) {
  const Numbers data = made({40, 11, 60}, [](int64_t i) { return std::sin(double(i)) * 9; });
  for (const char* name : {"Softmax", "LogSoftmax"}) {
    for (const int64_t axis : {0, 1, 2}) {
      const auto run = [&](const Layout& layout, int threads) {
        return Evaluation<float>(node_of(name, 1, {{"axis", axis}}), {data}, layout, {.threads = threads})
            .outputs()[0]
            .values;
      };
      const std::vector<double> wanted = run({}, 1);
      for (const Layout& layout : kLayouts) {
        for (const int threads : {1, 2, 4}) EXPECT_EQ(run(layout, threads), wanted) << name << axis;
      }
    }
  }
}

TEST(ReductionTest, RefusesWhatDoesNotFit) {
  const Numbers data = reals({2, 2}, {1, 2, 3, 4});
  const auto evaluate = [](const Node& node, const std::vector<Numbers>& inputs) {
    return [=] { Evaluation<float>(node, inputs, {}); };
  };
  expect_error<ParameterError>(evaluate(reduce("Sum"), {data, known({2})}), "axes", "2", "-2 to 1");
  expect_error<ParameterError>(evaluate(reduce("Sum"), {data, known({0, -2})}), "axes", "twice");
  expect_error<ParameterError>(evaluate(reduce("Sum"), {data, integers({1}, {0})}), "axes", "run");
  expect_error<ShapeError>(evaluate(node_of("ArgMax", 1), {reals({0}, {})}), "data", "(0,)");
  expect_error<ParameterError>(evaluate(node_of("Softmax", 1, {{"axis", int64_t{2}}}), {data}), "axis", "2");
  expect_error<ParameterError>(evaluate(node_of("Softmax", 1), {integers({1}, {1})}), "input", "whole");
}

}  // namespace
}  // namespace convstep::network
