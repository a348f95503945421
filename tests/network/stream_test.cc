// stream_test.cc: programs that run in bands of rows give the bits that they give otherwise, within the memory that was
// asked for.
#include <gtest/gtest.h>

#include "convstep/error.h"
#include "tests/network/random_graph.h"
#include "tests/support/expect_error.h"

namespace convstep::network {
namespace {

using Pads = std::vector<int64_t>;

template <class T>
class StreamTest : public testing::Test {
 protected:
  // Convolutions with the weights of a seed.
  ValueId conv(ValueId x, int64_t filters, int64_t window, int64_t stride = 1, int64_t groups = 1) {
    const int64_t channels = builder_.shape(x)[1] / groups, pad = window / 2;
    const ValueId weights = builder_.constant(random_array<T>(random_, {filters, channels, window, window}, 0.2));
    const ValueId bias = builder_.constant(random_array<T>(random_, {filters}));
    return builder_.add1("Conv", {x, weights, bias},
                         {{"pads", Pads{pad, pad, pad, pad}}, {"strides", Pads{stride, stride}}, {"group", groups}});
  }
  ValueId relu(ValueId x) { return builder_.add1("Relu", {x}); }
  ValueId pool(ValueId x) {
    return builder_.add1("MaxPool", {x},
                         {{"kernel_shape", Pads{3, 3}}, {"strides", Pads{2, 2}}, {"pads", Pads{1, 1, 1, 1}}});
  }
  // A backbone with residuals, a Concat, depthwise windows, strides, and a value that is read again late.
  void make_backbone(const Dims& image) {
    const ValueId x = builder_.input("image", image, channels_last());
    const ValueId stem = relu(conv(x, 24, 3));
    ValueId y = pool(stem);
    const ValueId early = y;
    for (int k = 0; k < 2; ++k) y = relu(builder_.add1("Add", {conv(relu(conv(y, 32, 3)), 24, 3), y}));
    const ValueId joined =
        builder_.add1("Concat", {conv(y, 17, 1), conv(y, 24, 5, 1, 24), early}, {{"axis", int64_t{1}}});
    y = builder_.add1("Mul", {joined, builder_.add1("HardSigmoid", {joined})});
    y = conv(y, 40, 3, 2);
    builder_.graph.outputs = {y, early};
  }
  Program<T> program(int64_t limit) const {
    ProgramOptions options;
    options.memory_limit = limit;
    options.poisons_memory = true;
    return Program<T>(builder_.graph, builder_.input_infos(), options);
  }
  // Programs within half the memory, a third, ... of the whole, compared with that, down to what is possible.
  int compare(const GraphBuilder<T>& builder, unsigned seed, const std::string& name) {
    const std::vector<ValueInfo<T>> infos = builder.input_infos();
    const std::vector<Constant<T>> inputs = random_inputs<T>(seed, infos);
    const Program<T> whole(builder.graph, infos);
    const std::vector<std::string> expected = run_program<T>(whole, inputs);
    int compared = 0;
    for (int64_t share = 10; share > 0; --share) {
      ProgramOptions options;
      options.memory_limit = static_cast<int64_t>(whole.memory_bytes()) * share / 11;
      options.poisons_memory = true;
      if (options.memory_limit == 0) break;
      try {
        const Program<T> banded(builder.graph, infos, options);
        EXPECT_LE(static_cast<int64_t>(banded.memory_bytes()), options.memory_limit) << name;
        for (const int threads : {1, 3}) {
          EXPECT_EQ(run_program<T>(banded, inputs, 1 + compared % 2, {.threads = threads}), expected)
              << name << ", " << options.memory_limit << " of " << whole.memory_bytes() << " bytes";
        }
        ++compared;
      } catch (const ParameterError& error) {
        EXPECT_EQ(error.argument(), "memory") << error.what();
        break;
      }
    }
    return compared;
  }

  std::mt19937 random_{7};
  GraphBuilder<T> builder_;
};

using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(StreamTest, Types);

TYPED_TEST(StreamTest, OfABackboneHasTheBitsOfTheWhole) {
  this->make_backbone({2, 3, 97, 31});
  EXPECT_GE(this->compare(this->builder_, 1, "backbone"), 4);
}

TYPED_TEST(StreamTest, OfATallImageTakesLittleMemory) {
  using T = TypeParam;
  const ValueId x = this->builder_.input("image", {1, 3, 2000, 16}, channels_last());
  ValueId y = x;
  for (int k = 0; k < 6; ++k) y = this->relu(this->conv(y, 32, 3));
  this->builder_.graph.outputs = {this->conv(y, 1, 1)};
  const auto whole = static_cast<int64_t>(this->program(0).memory_bytes());
  const Program<T> banded = this->program(whole / 20);
  EXPECT_LE(static_cast<int64_t>(banded.memory_bytes()), whole / 20);
  const auto inputs = random_inputs<T>(3, this->builder_.input_infos());
  EXPECT_EQ(run_program<T>(banded, inputs), run_program<T>(this->program(0), inputs));
  EXPECT_NE(banded.steps()[0].method.find(", in bands"), std::string::npos);
}

// In one stream from the image to the last row, each row would depend on nearly all of the image.
TYPED_TEST(StreamTest, OfBlocksThatShrinkTakesLittleMemory) {
  using T = TypeParam;
  ValueId y = this->conv(this->builder_.input("image", {1, 3, 112, 112}, channels_last()), 8, 3, 2);
  for (const int64_t filters : {8, 12, 16, 24}) {
    const int64_t wide = 6 * this->builder_.shape(y)[1];
    y = this->conv(this->relu(this->conv(this->relu(this->conv(y, wide, 1)), wide, 3, 2, wide)), filters, 1);
  }
  this->builder_.graph.outputs = {y};
  const auto whole = static_cast<int64_t>(this->program(0).memory_bytes());
  const auto inputs = random_inputs<T>(5, this->builder_.input_infos());
  const std::vector<std::string> expected = run_program<T>(this->program(0), inputs);
  for (const int64_t limit : {whole * 2 / 3, whole / 2, whole / 3}) {
    EXPECT_EQ(run_program<T>(this->program(limit), inputs), expected) << limit << " of " << whole;
  }
}

TYPED_TEST(StreamTest, OfRandomGraphsHasTheBitsOfTheWhole) {
  int compared = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    RandomGraph<TypeParam> graph(seed, 1 + seed % 3, 12, true, seed % 2 ? 5 : 30);
    compared += this->compare(graph.builder, seed, "seed " + std::to_string(seed));
  }
  EXPECT_GT(compared, 100);  // so many could run within less memory
}

TYPED_TEST(StreamTest, TellsWhatMemoryIsPossible) {
  this->make_backbone({1, 3, 97, 31});
  expect_error<ParameterError>([&] { this->program(1000); }, "memory", "1000 bytes", "or more");
}

TYPED_TEST(StreamTest, ReportsProgressAndTimes) {
  this->make_backbone({2, 3, 97, 31});
  const Program<TypeParam> banded = this->program(static_cast<int64_t>(this->program(0).memory_bytes()) / 2);
  const auto infos = this->builder_.input_infos();
  std::vector<SpacedArray<TypeParam>> memory;
  std::vector<ArrayView<TypeParam>> from, to;
  memory.reserve(3);
  from.push_back(memory.emplace_back(infos[0], infos[0].order, 1).view);
  for (const auto& info : banded.outputs()) to.push_back(memory.emplace_back(info, info.order, 1).view);
  int64_t last = 0, all = 1;
  int calls = 0;
  RunOptions options;
  options.progress = [&](int64_t done, int64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
    ++calls;
  };
  std::vector<double> seconds(banded.steps().size(), -1);
  banded.run(from, to, options, seconds);
  EXPECT_EQ(last, all);
  EXPECT_GT(calls, static_cast<int>(banded.steps().size()));
  for (const double s : seconds) EXPECT_GE(s, 0);
  options.progress = [](int64_t done, int64_t) {
    if (done > 0) throw std::runtime_error("stop");
  };
  EXPECT_THROW(banded.run(from, to, options), std::runtime_error);
}

}  // namespace
}  // namespace convstep::network
