// Bits of the operations on images do not depend on threads, and batches do not on their images.
#include <gtest/gtest.h>

#include "tests/network/run_operation.h"

namespace convstep::network {
namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Integers = std::vector<int64_t>;

struct Case {
  const char* operation;
  Attributes attributes;
  std::vector<Numbers> inputs;  // but for the image
  size_t outputs = 1;
};

Numbers ones(int64_t count) {
  return made({count}, [](int64_t i) { return 1 + 0.125 * static_cast<double>(i); });
}

// Large enough for several threads.
const Dims kImage{2, 33, 61, 59};

std::vector<Case> cases() {
  return {
      {"AveragePool", {{"kernel_shape", Integers{3, 3}}}, {}},
      {"BatchNormalization", {}, {ones(33), ones(33), ones(33), ones(33)}},
      {"Conv", {{"pads", Integers{1, 1, 1, 1}}}, {made({8, 33, 3, 3}, [](int64_t i) { return i % 7 - 3; })}},
      {"ConvTranspose", {{"strides", Integers{2, 2}}}, {made({33, 4, 3, 2}, [](int64_t i) { return i % 7 - 3; })}},
      {"InstanceNormalization", {}, {ones(33), ones(33)}},
      {"LRN", {{"size", int64_t{5}}}, {}},
      {"MaxPool", {{"kernel_shape", Integers{2, 3}}}, {}, 2},
      {"Pad", {{"mode", "reflect"}}, {known({0, 1, 2, 3, 0, 0, 4, 5})}},
      {"Resize", {{"mode", "linear"}}, {kLeftOut, constant(reals({4}, {1, 1, 1.5, 1.75}))}},
      {"Resize", {{"mode", "cubic"}, {"antialias", int64_t{1}}}, {kLeftOut, constant(reals({4}, {1, 1, 0.75, 2}))}},
  };
}

template <class T>
void expect_same_bits() {
  const Numbers image = made(kImage, [](int64_t i) { return std::sin(static_cast<double>(i)); });
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.operation);
    std::vector<Numbers> inputs = one.inputs;
    inputs.insert(inputs.begin(), image);
    const Node node = node_of(one.operation, inputs.size(), one.attributes, one.outputs);
    const Evaluation<T> alone(node, inputs, {}, {.threads = 1});
    for (const int threads : {2, 3, 4}) {
      const Evaluation<T> together(node, inputs, {}, {.threads = threads});
      for (size_t k = 0; k < one.outputs; ++k) {
        EXPECT_TRUE(together.outputs()[k].values == alone.outputs()[k].values) << threads << " threads, output " << k;
      }
    }
  }
}

TEST(ImageThreadsTest, BitsAreThoseOfOneThread) {
  expect_same_bits<float>();
  expect_same_bits<double>();
}

TEST(ImageThreadsTest, AnImageDoesNotDependOnItsBatch) {
  const Numbers batch = made(kImage, [](int64_t i) { return std::sin(static_cast<double>(i)); });
  const Dims single{1, kImage[1], kImage[2], kImage[3]};
  const Numbers last = made(single, [&](int64_t i) { return batch.values[static_cast<size_t>(i + single.count())]; });
  for (const Case& one : cases()) {
    if (one.outputs > 1) continue;  // indices count the images before it
    SCOPED_TRACE(one.operation);
    std::vector<Numbers> inputs = one.inputs, of_one = one.inputs;
    inputs.insert(inputs.begin(), batch);
    of_one.insert(of_one.begin(), last);
    const Node node = node_of(one.operation, inputs.size(), one.attributes);
    const std::vector<double> all = Evaluation<float>(node, inputs, {}).outputs()[0].values;
    const std::vector<double> alone = Evaluation<float>(node, of_one, {}).outputs()[0].values;
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), all.end() - static_cast<int64_t>(alone.size()), all.end()));
  }
}

}  // namespace
}  // namespace convstep::network
