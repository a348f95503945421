// Where the values of a program lie: what is copied, and how much memory there is.
#include "network/places.h"

#include <gtest/gtest.h>

#include "tests/network/random_graph.h"

namespace convstep::network {
namespace {

using Ints = std::vector<int64_t>;
constexpr int64_t kImageBytes = 4 * 8 * 8 * sizeof(float);  // of 4 channels of 8x8

class Build : public GraphBuilder<float> {
 public:
  std::mt19937 random{3};
  ValueId x = input("x", {1, 4, 8, 8}, channels_last());

  ValueId conv(ValueId from, int64_t filters = 4) {
    const ValueId weights = constant(random_array<float>(random, {filters, shape(from)[1], 1, 1}));
    return add1("Conv", {from, weights});
  }
  ValueId concat(const std::vector<ValueId>& parts) { return add1("Concat", parts, {{"axis", int64_t{1}}}); }

  // The operations that are left, in their order; checks the results on the way.
  std::vector<std::string> steps(const std::vector<ValueId>& outputs) {
    graph.outputs = outputs;
    const auto infos = input_infos();
    const Passes none{false, false, false, false, false, false};
    const Program<float> program(graph, infos, {.passes = none, .poisons_memory = true});
    const auto inputs = random_inputs<float>(1, infos);
    const auto wanted = evaluate<float>(graph, infos, inputs);
    for (const int64_t gap : {1, 2}) {
      const auto got = run_program<float>(program, inputs, gap);
      for (size_t k = 0; k < got.size(); ++k) EXPECT_TRUE(got[k] == bytes_of(wanted[k].view())) << "output " << k;
    }
    memory_bytes = static_cast<int64_t>(program.memory_bytes());
    std::vector<std::string> names;
    for (const StepInfo<float>& step : program.steps()) names.push_back(step.operation);
    return names;
  }
  int64_t memory_bytes = 0;
};

using Names = std::vector<std::string>;

TEST(Places, AChainOfPointwiseStepsNeedsNoMemoryBesidesItsOutput) {
  Build build;
  const ValueId y = build.add1("Tanh", {build.add1("Sigmoid", {build.add1("Relu", {build.conv(build.x)})})});
  EXPECT_EQ(build.steps({y}), (Names{"Conv", "Relu", "Sigmoid", "Tanh"}));
  EXPECT_EQ(build.memory_bytes, 0);
}

TEST(Places, AChainOfConvolutionsNeedsTwoBlocks) {
  Build build;
  ValueId y = build.x;
  for (int k = 0; k < 6; ++k) y = build.conv(y);
  build.steps({y});
  EXPECT_EQ(build.memory_bytes, 2 * kImageBytes);
}

TEST(Places, ConcatCostsNothing) {
  Build build;
  const ValueId a = build.conv(build.x), b = build.conv(build.x, 3), c = build.add1("Relu", {build.conv(a)});
  EXPECT_EQ(build.steps({build.concat({a, b, c})}), (Names{"Conv", "Conv", "Conv", "Relu"}));
  EXPECT_EQ(build.memory_bytes, 0);
}

// As in a DenseNet: each layer reads all before it.
TEST(Places, ConcatOfConcatsIsOneArray) {
  Build build;
  ValueId all = build.conv(build.x);
  for (int k = 0; k < 5; ++k) all = build.concat({all, build.conv(all)});
  const ValueId y = build.conv(all);
  EXPECT_EQ(build.steps({y}), Names(7, "Conv"));
  EXPECT_EQ(build.memory_bytes, 6 * kImageBytes);
}

TEST(Places, ConcatCopiesWhatLiesElsewhere) {
  Build build;
  const ValueId a = build.conv(build.x);
  EXPECT_EQ(build.steps({build.concat({a, build.x, a})}), (Names{"Conv", "copy", "copy"}));
  Build other;
  EXPECT_EQ(other.steps({other.concat({other.x, other.x})}), (Names{"Concat"}));
}

TEST(Places, PartsOfAnArrayAreViews) {
  Build build;
  const ValueId c = build.conv(build.x, 6);
  const ValueId lengths = build.constant(integer_array<float>({2, 4}));
  const ValueId zero = build.constant(integer_array<float>({0})), two = build.constant(integer_array<float>({2}));
  const ValueId one = build.constant(integer_array<float>({1}));
  const ValueId part = build.add1("Slice", {c, zero, two, one});
  const ValueId turned = build.add1("Transpose", {part}, {{"perm", Ints{0, 1, 3, 2}}});
  (void)lengths;
  EXPECT_EQ(build.steps({build.conv(turned)}), (Names{"Conv", "Conv"}));
}

// A Reshape wants its input dense: a part of an array is copied, and so is a caller's array with gaps.
TEST(Places, ReshapeCopiesOnlyWhatHasGaps) {
  {
    Build build;
    const ValueId c = build.conv(build.x), shape = build.constant(integer_array<float>({0, 0, 64}));
    EXPECT_EQ(build.steps({build.add1("Softmax", {build.add1("Reshape", {c, shape})})}), (Names{"Conv", "Softmax"}));
  }
  {
    Build build;
    const ValueId c = build.conv(build.x), shape = build.constant(integer_array<float>({0, 0, 64}));
    const ValueId zero = build.constant(integer_array<float>({0})), two = build.constant(integer_array<float>({2}));
    const ValueId one = build.constant(integer_array<float>({1}));
    const ValueId part = build.add1("Slice", {c, zero, two, one});
    EXPECT_EQ(build.steps({build.add1("Softmax", {build.add1("Reshape", {part, shape})})}),
              (Names{"Conv", "copy", "Softmax"}));
  }
  {
    Build build;
    const ValueId shape = build.constant(integer_array<float>({0, 0, 64}));
    EXPECT_EQ(build.steps({build.add1("Softmax", {build.add1("Reshape", {build.x, shape})})}), (Names{"Softmax"}));
    EXPECT_EQ(build.memory_bytes, kImageBytes);  // where the copy would be
  }
}

TEST(Places, AResidualIsOverwrittenWhereNobodyReadsItAgain) {
  Build build;
  const ValueId a = build.conv(build.x), b = build.conv(build.x), sum = build.add1("Add", {a, b});
  EXPECT_EQ(build.steps({build.conv(sum)}), (Names{"Conv", "Conv", "Add", "Conv"}));
  EXPECT_EQ(build.memory_bytes, 2 * kImageBytes);
  Build other;
  const ValueId c = other.conv(other.x), again = other.add1("Add", {other.add1("Relu", {c}), c});
  other.steps({other.conv(again)});
  EXPECT_EQ(other.memory_bytes, 2 * kImageBytes);
}

TEST(Places, OutputsOfAllKinds) {
  {  // an input, a constant, the same output twice, and one that others read
    Build build;
    const ValueId number = build.constant(random_array<float>(build.random, {3}));
    const ValueId c = build.conv(build.x), d = build.conv(c);
    EXPECT_EQ(build.steps({build.x, number, c, c, d}), (Names{"Conv", "Conv", "copy", "copy", "copy"}));
  }
  {  // a view of another value
    Build build;
    const ValueId c = build.conv(build.x), turned = build.add1("Transpose", {c}, {{"perm", Ints{0, 2, 3, 1}}});
    EXPECT_EQ(build.steps({turned}), (Names{"Conv"}));
  }
  {  // which something else reads, too
    Build build;
    const ValueId c = build.conv(build.x), turned = build.add1("Transpose", {c}, {{"perm", Ints{0, 2, 3, 1}}});
    EXPECT_EQ(build.steps({turned, build.conv(c), c}), (Names{"Conv", "Conv", "copy"}));
  }
  {  // with other axes
    Build build;
    const ValueId c = build.conv(build.x), shape = build.constant(integer_array<float>({0, 0, 64}));
    EXPECT_EQ(build.steps({build.add1("Reshape", {c, shape})}), (Names{"Conv", "copy"}));
  }
}

}  // namespace
}  // namespace convstep::network
