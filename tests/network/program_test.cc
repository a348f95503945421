#include "network/program.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/network/random_graph.h"
#include "tests/support/expect_error.h"

namespace convstep::network {
namespace {

// The bits stay: all passes but the one that rounds otherwise, and the one that may choose another method.
constexpr Passes kExactPasses{.fold_pads = false, .fold_affine = false};

template <class T>
void expect_outputs(const std::vector<Constant<T>>& wanted, const std::vector<std::string>& got) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t k = 0; k < got.size(); ++k) ASSERT_TRUE(got[k] == bytes_of(wanted[k].view())) << "output " << k;
}

template <class T>
void expect_bits_of_single_nodes(unsigned seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", element of " << sizeof(T));
  const RandomGraph<T> random(seed, 2, 1 + static_cast<int>(seed % 40), true);
  const auto infos = random.builder.input_infos();
  const auto inputs = random_inputs<T>(seed, infos, seed % 3 == 0);
  const auto wanted = evaluate<T>(random.builder.graph, infos, inputs);
  const Program<T> program(random.builder.graph, infos, {.passes = kExactPasses, .poisons_memory = true});
  for (const int64_t gap : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "gap " << gap);
    expect_outputs(wanted, run_program<T>(program, inputs, gap, {.threads = 1}));
  }
  expect_outputs(wanted, run_program<T>(program, inputs, 1, {.threads = 8}));
}

TEST(Program, HasTheBitsOfItsNodesByThemselves) {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    expect_bits_of_single_nodes<float>(seed);
    if (seed % 4 == 0) expect_bits_of_single_nodes<double>(seed);
    if (HasFatalFailure()) return;
  }
}

// Convolutions that are large enough for each method that computes some: a residual network's block.
template <class T>
GraphBuilder<T> residual_blocks(int64_t images, int64_t channels, int64_t pixels) {
  std::mt19937 random(1);
  GraphBuilder<T> build;
  ValueId x = build.input("x", {images, channels, pixels, pixels}, channels_last());
  const auto conv = [&](ValueId from, int64_t filters, int64_t window) {
    const double scale = 1 / std::sqrt(static_cast<double>(channels * window * window));
    const ValueId weights = build.constant(random_array<T>(random, {filters, channels, window, window}, scale));
    const ValueId bias = build.constant(random_array<T>(random, {filters}));
    return build.add1("Conv", {from, weights, bias}, {{"pads", std::vector<int64_t>(4, window / 2)}});
  };
  for (int block = 0; block < 2; ++block) {
    const ValueId inner = build.add1("Relu", {conv(x, channels, 3)});
    const ValueId shortcut = block ? conv(x, channels, 1) : x;
    x = build.add1("Relu", {build.add1("Add", {conv(inner, channels, 3), shortcut})});
  }
  const ValueId both = build.add1("Concat", {x, conv(x, 16, 3)}, {{"axis", int64_t{1}}});
  build.graph.outputs = {build.add1("Sigmoid", {both})};
  return build;
}

template <class T>
void expect_blocks_fused_exactly(int64_t channels, int64_t pixels) {
  const GraphBuilder<T> build = residual_blocks<T>(3, channels, pixels);
  const auto infos = build.input_infos();
  const auto inputs = random_inputs<T>(7, infos);
  const Program<T> program(build.graph, infos, {.passes = kExactPasses, .poisons_memory = true});
  for (const StepInfo<T>& step : program.steps()) EXPECT_TRUE(step.operation == "Conv" || step.operation == "Sigmoid");
  const auto wanted = evaluate<T>(build.graph, infos, inputs);
  for (const int64_t threads : {1, 2, 8})
    expect_outputs(wanted, run_program<T>(program, inputs, 1, {.threads = threads}));
}

TEST(Program, FusesLargeConvolutionsExactly) {
  expect_blocks_fused_exactly<float>(64, 14);
  expect_blocks_fused_exactly<float>(32, 31);
  expect_blocks_fused_exactly<double>(48, 15);
}

// A batch of eight is eight batches of one.
TEST(Program, HasTheSameBitsForEachImageInAnyBatch) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const RandomGraph<float> eight(seed, 8, 12), one(seed, 1, 12);
    const auto infos = eight.builder.input_infos(), single_infos = one.builder.input_infos();
    const auto inputs = random_inputs<float>(seed, infos);
    const Program<float> program(eight.builder.graph, infos), single(one.builder.graph, single_infos);
    const auto together = run_program<float>(program, inputs);
    for (int64_t n = 0; n < 8; ++n) {
      std::vector<Constant<float>> image;
      for (const Constant<float>& input : inputs) {
        NdView<float> view = input.view().real();
        view.data += n * view.strides[0];
        view.shape[0] = 1;
        image.push_back(input.viewed(view));
      }
      const auto alone = run_program<float>(single, image);
      for (size_t k = 0; k < alone.size(); ++k) {
        const size_t bytes = alone[k].size();
        ASSERT_EQ(together[k].size(), 8 * bytes);
        ASSERT_TRUE(together[k].substr(static_cast<size_t>(n) * bytes, bytes) == alone[k]) << "image " << n;
      }
    }
  }
}

TEST(Program, IsRunByManyThreadsAtOnce) {
  const GraphBuilder<float> build = residual_blocks<float>(1, 16, 12);
  const auto infos = build.input_infos();
  const Program<float> program(build.graph, infos);
  std::vector<std::vector<Constant<float>>> inputs;
  std::vector<std::vector<std::string>> wanted;
  for (unsigned k = 0; k < 12; ++k) {
    inputs.push_back(random_inputs<float>(k, infos));
    wanted.push_back(run_program<float>(program, inputs.back()));
  }
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (size_t k = 0; k < inputs.size(); ++k) {
    threads.emplace_back([&, k] {
      for (int run = 0; run < 20; ++run) wrong += run_program<float>(program, inputs[k]) != wanted[k];
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Program, TellsHowMuchIsDone) {
  const GraphBuilder<float> build = residual_blocks<float>(1, 32, 20);
  const auto infos = build.input_infos();
  const Program<float> program(build.graph, infos);
  int64_t last = 0, whole = 0, calls = 0;
  run_program<float>(program, random_inputs<float>(1, infos), 1,
                     {.threads = 2, .progress = [&](int64_t done, int64_t total) {
                        EXPECT_GE(done, last);
                        EXPECT_LE(done, total);
                        last = done;
                        whole = total;
                        ++calls;
                      }});
  EXPECT_EQ(last, whole);
  EXPECT_GE(calls, static_cast<int64_t>(program.steps().size()));
  const auto stops = [](int64_t, int64_t) { throw std::runtime_error("stop"); };
  EXPECT_THROW(run_program<float>(program, random_inputs<float>(1, infos), 1, {.progress = stops}), std::runtime_error);
  EXPECT_EQ(run_program<float>(program, random_inputs<float>(1, infos)).size(), 1u);
}

TEST(Program, ComputesNothingForNoImages) {
  const GraphBuilder<float> build = residual_blocks<float>(0, 16, 12);
  const auto infos = build.input_infos();
  EXPECT_EQ(run_program<float>(Program<float>(build.graph, infos), random_inputs<float>(1, infos))[0], "");
}

// What follows from shapes alone is computed once: here, the shape of a Reshape.
TEST(Program, FoldsArithmeticOnShapes) {
  GraphBuilder<float> build;
  const ValueId x = build.input("x", {3, 4, 2, 2}, channels_last());
  const ValueId shape = build.add1("Shape", {x});
  build.values[static_cast<size_t>(shape)].constant = {};
  const ValueId zero = build.constant(integer_array<float>({0})),
                minus_one = build.constant(integer_array<float>({-1}));
  // Not through add1: the builder does not fold, so what follows has no shape yet.
  const auto node = [&](const char* operation, std::vector<ValueId> inputs,
                        GraphBuilder<float>::Attributes attributes) {
    const ValueId id = build.graph.add_value(operation);
    build.graph.nodes.push_back({operation, "", std::move(inputs), {id}, std::move(attributes)});
    return id;
  };
  const ValueId images = node("Gather", {shape, zero}, {{"axis", int64_t{0}}});
  const ValueId to = node("Concat", {images, minus_one}, {{"axis", int64_t{0}}});
  build.graph.outputs = {node("Reshape", {x, to}, {})};
  const auto infos = build.input_infos();
  const Program<float> program(build.graph, infos);
  EXPECT_EQ(to_string(program.outputs()[0].shape), "(3, 16)");
  for (const StepInfo<float>& step : program.steps())
    EXPECT_TRUE(step.operation == "Reshape" || step.operation == "copy");
}

TEST(Program, RefusesArraysThatDoNotFit) {
  GraphBuilder<float> build;
  const ValueId x = build.input("x", {1, 2, 3, 4}, channels_last());
  build.graph.outputs = {build.add1("Relu", {x})};
  const ValueId y = build.graph.outputs[0];
  build.graph[y].name = "y";
  const auto infos = build.input_infos();
  const Program<float> program(build.graph, infos);
  SpacedArray<float> in(infos[0], channels_last(), 1), out(infos[0], channels_last(), 1);
  const auto run = [&](std::vector<ArrayView<float>> inputs, std::vector<ArrayView<float>> outputs) {
    return [&program, inputs, outputs] { program.run(inputs, outputs); };
  };
  expect_error<ParameterError>(run({}, {out.view}), "inputs", "0", "1");
  expect_error<ParameterError>(run({in.view}, {}), "outputs", "0", "1");
  ArrayView<float> wrong = in.view;
  wrong.shape[3] = 5;
  expect_error<ShapeError>(run({wrong}, {out.view}), "x", "(1, 2, 3, 5)", "(1, 2, 3, 4)");
  expect_error<ShapeError>(run({in.view}, {wrong}), "y", "(1, 2, 3, 5)", "(1, 2, 3, 4)");
  wrong = in.view;
  wrong.element = Element::kInteger;
  expect_error<ParameterError>(run({wrong}, {out.view}), "x", "whole numbers", "real numbers");
  wrong = in.view;
  wrong.data = nullptr;
  expect_error<ParameterError>(run({wrong}, {out.view}), "x");
  expect_error<ParameterError>(run({in.view}, {wrong}), "y");
  expect_error<ParameterError>(run({in.view}, {in.view}), "y", "memory that overlaps x");
  wrong = out.view;
  wrong.strides[2] = 0;
  expect_error<ParameterError>(run({in.view}, {wrong}), "y");
  wrong = in.view;
  wrong.strides[2] = 0;  // to read the same row again and again is fine
  run({wrong}, {out.view})();
}

TEST(Program, NamesTheNodeThatIsWrong) {
  GraphBuilder<float> build;
  const ValueId x = build.input("x", {1, 3, 8, 8}, channels_last());
  std::mt19937 random(1);
  const ValueId weights = build.constant(random_array<float>(random, {4, 5, 3, 3}));
  const ValueId y = build.graph.add_value("y");
  build.graph.nodes.push_back({"Conv", "features.0", {x, weights}, {y}, {}});
  build.graph.outputs = {y};
  const auto infos = build.input_infos();
  const auto compile = [&] { Program<float>(build.graph, infos); };
  expect_error<ShapeError>(compile, "Conv 'features.0', W", "(4, 5, 3, 3)");
  build.graph.nodes[0].name.clear();
  expect_error<ShapeError>(compile, "Conv of 'y', W");
  build.graph.nodes[0].inputs = {x, weights, kNoValue, kNoValue, x};
  expect_error<ParameterError>(compile, "Conv of 'y', inputs", "5", "at most 4");
  build.graph.nodes[0] = {"Mystery", "", {x}, {y}, {}};
  build.graph.nodes.push_back({"Enigma", "", {x}, {build.graph.add_value("z")}, {}});
  expect_error<ParameterError>(compile, "graph", "Enigma, Mystery");
  build.graph.nodes = {{"Relu", "", {x}, {y, build.graph.add_value("more")}, {}}};
  build.graph.outputs.push_back(build.graph.nodes[0].outputs[1]);
  expect_error<ParameterError>(compile, "Relu of 'y', outputs", "output 1");
}

TEST(Program, RefusesInputsThatAreDeclaredOtherwise) {
  GraphBuilder<float> build;
  const ValueId x = build.input("x", {1, 3, 8, 8}, channels_last());
  build.graph.inputs[0].shape = {-1, 3, 8, 8};
  build.graph.outputs = {x};
  const auto info = [&](const Dims& shape) {
    return input_info(build.graph, build.graph.inputs[0], shape, row_major(shape.rank()));
  };
  EXPECT_EQ(info({5, 3, 8, 8}).shape[0], 5);
  expect_error<ShapeError>([&] { info({5, 4, 8, 8}); }, "x", "(5, 4, 8, 8)", "(any, 3, 8, 8)");
  expect_error<ShapeError>([&] { info({3, 8, 8}); }, "x", "(3, 8, 8)", "(any, 3, 8, 8)");
  expect_error<ShapeError>([&] { info({int64_t{1} << 60, 3, 8, 8}); }, "x");
}

}  // namespace
}  // namespace convstep::network
