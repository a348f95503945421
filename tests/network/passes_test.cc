// Each pass: the graph before and after it, as a text, and what both compute.
#include "network/passes/passes.h"

#include <gtest/gtest.h>

#include <functional>

#include "convstep/error.h"
#include "network/graph_text.h"
#include "tests/network/random_graph.h"

namespace convstep::network {
namespace {

using Ints = std::vector<int64_t>;
const Dims kImage{2, 4, 6, 5};

// A graph of one image x (2, 4, 6, 5), whose values have short names.
class Build : public GraphBuilder<double> {
 public:
  std::mt19937 random{3};
  ValueId x = input("x", kImage, channels_last());

  ValueId named(const std::string& name, ValueId id) {
    graph[id].name = name;
    return id;
  }
  ValueId weights(const std::string& name, const Dims& shape, double scale = 1) {
    return named(name, constant(random_array<double>(random, shape, scale)));
  }
  ValueId ints(const std::string& name, std::initializer_list<int64_t> numbers) {
    return named(name, constant(integer_array<double>(numbers)));
  }
  ValueId add_named(const std::string& name, const std::string& operation, const std::vector<ValueId>& inputs,
                    const Attributes& attributes = {}) {
    return named(name, add1(operation, inputs, attributes));
  }
  ValueId conv(const std::string& name, ValueId from, int64_t pad = 0, bool has_bias = false) {
    std::vector<ValueId> inputs{from, weights("w", {4, 4, 3, 3}, 0.2)};
    if (has_bias) inputs.push_back(weights("b", {4}));
    return add_named(name, "Conv", inputs, {{"pads", Ints(4, pad)}});
  }
  ValueId batch_normalization(const std::string& name, ValueId from, double mean = 1) {
    std::vector<ValueId> inputs{from};
    for (const char* part : {"scale", "shift"}) inputs.push_back(weights(part, {shape(from)[1]}));
    inputs.push_back(weights("mean", {shape(from)[1]}, mean));
    auto variance = Tensor<double, 1>::full({shape(from)[1]}, 0.5);
    inputs.push_back(named("variance", constant(Constant<double>(std::move(variance), {shape(from)[1]}))));
    return add_named(name, "BatchNormalization", inputs);
  }
};

using Pass = std::function<void(Graph<double>&, const std::vector<ValueInfo<double>>&)>;

// The text after the pass, and outputs that differ by no more than rounding does.
void expect_after(Build& build, ValueId output, const Pass& pass, const std::string& wanted, double bound = 1e-12) {
  build.graph.outputs = {output};
  const auto infos = build.input_infos();
  const auto inputs = random_inputs<double>(5, infos);
  Graph<double> after = build.graph;
  pass(after, infos);
  EXPECT_EQ(to_text(after), wanted);
  const Constant<double> before = evaluate<double>(build.graph, infos, inputs)[0];
  const Constant<double> result = evaluate<double>(after, infos, inputs)[0];
  ASSERT_EQ(to_string(before.shape()), to_string(result.shape()));
  const Constant<double> a(before.view()), b(result.view());
  for (int64_t i = 0; i < a.shape().count(); ++i) {
    const double x = a.view().real().data[i], y = b.view().real().data[i];
    const bool is_same = x == y || (x != x && y != y);
    ASSERT_TRUE(is_same || std::abs(x - y) <= bound * (1 + std::abs(x))) << x << " and " << y << " at " << i;
  }
}
// Nothing changes.
void expect_kept(Build& build, ValueId output, const Pass& pass) {
  build.graph.outputs = {output};
  expect_after(build, output, pass, to_text(build.graph), 0);
}

const Pass kDropIdentities = [](auto& graph, auto&) { drop_identities(graph); };
const Pass kFoldAffine = [](auto& graph, auto&) { fold_affine(graph); };
const Pass kFoldPads = [](auto& graph, auto&) {
  fold_pads(graph);
  drop_unread(graph);
};
const Pass kFuse = [](auto& graph, auto& infos) { fuse<double>(graph, infer_graph<double>(graph, infos).values); };
const Pass kCutSplits = [](auto& graph, auto& infos) { cut_splits(graph, infer_graph<double>(graph, infos)); };

TEST(DropIdentities, LeavesOutWhatPassesOn) {
  Build build;
  const ValueId a = build.add_named("a", "Identity", {build.x}), b = build.add_named("b", "Dropout", {a});
  expect_after(build, build.add_named("y", "Relu", {b}), kDropIdentities, "y = Relu(x)\noutputs: y\n", 0);
}

TEST(DropIdentities, KeepsTheNamesOfOutputs) {
  Build build;
  expect_kept(build, build.add_named("y", "Identity", {build.x}), kDropIdentities);
}

TEST(CutSplits, MakesSlicesOfParts) {
  Build build;
  const std::vector<ValueId> parts =
      build.add("Split", {build.x, build.ints("lengths", {1, 3})}, {{"axis", int64_t{-3}}}, 2);
  build.named("part", parts[1]);
  build.graph.nodes[0].outputs[0] = kNoValue;
  expect_after(build, build.add_named("y", "Relu", {parts[1]}), kCutSplits,
               "part = Slice(x, starts(1,), ends(1,), axes(1,))\ny = Relu(part)\noutputs: y\n", 0);
}

TEST(FoldAffine, TakesBatchNormalizationIntoTheConvolutionBeforeIt) {
  Build build;
  const ValueId y = build.batch_normalization("y", build.conv("c", build.x, 1));
  expect_after(build, y, kFoldAffine, "y = Conv(x, w(4, 4, 3, 3), w, bias(4,), pads: [1, 1, 1, 1])\noutputs: y\n");
}

TEST(FoldAffine, TakesAllThatMultipliesAndShiftsChannels) {
  Build build;
  ValueId y = build.conv("c", build.x, 0, true);
  y = build.add_named("m", "Mul", {y, build.weights("m1", {1, 4, 1, 1})});
  y = build.add_named("a", "Add", {build.weights("a1", {4, 1, 1}), y});
  y = build.batch_normalization("n", y);
  y = build.add_named("s", "Sub", {y, build.number(0.5)});
  y = build.add_named("y", "Div", {y, build.number(3)});
  expect_after(build, y, kFoldAffine, "y = Conv(x, w(4, 4, 3, 3), w, bias(4,), pads: [0, 0, 0, 0])\noutputs: y\n");
}

TEST(FoldAffine, TakesItIntoGroupsAndLinearLayersToo) {
  Build build;
  ValueId y = build.add_named("c", "Conv", {build.x, build.weights("w", {6, 2, 1, 1})}, {{"group", int64_t{2}}});
  y = build.batch_normalization("n", y);
  y = build.add_named("f", "Flatten", {y});
  y = build.add_named("g", "Gemm", {y, build.weights("v", {7, 180}, 0.1)}, {{"transB", int64_t{1}}});
  y = build.batch_normalization("y", y);
  expect_after(build, y, kFoldAffine,
               "n = Conv(x, w(6, 2, 1, 1), w, bias(6,), group: 2)\nf = Flatten(n)\n"
               "y = Gemm(f, v(7, 180), v, bias(7,), transB: 1)\noutputs: y\n");
}

TEST(FoldAffine, TakesItIntoTheConvolutionAfterIt) {
  Build build;
  const ValueId n = build.batch_normalization("n", build.add_named("r", "Relu", {build.x}));
  const ValueId y = build.add_named("y", "Conv", {n, build.weights("w", {6, 2, 3, 3}), build.weights("b", {6})},
                                    {{"group", int64_t{2}}});
  expect_after(build, y, kFoldAffine, "r = Relu(x)\ny = Conv(r, w(6, 2, 3, 3), w, bias(6,), group: 2)\noutputs: y\n");
}

TEST(FoldAffine, KeepsWhatItCannotTake) {
  {  // padding would be shifted
    Build build;
    expect_kept(build, build.conv("y", build.batch_normalization("n", build.add_named("r", "Relu", {build.x})), 1),
                kFoldAffine);
  }
  {  // large values may cancel
    Build build;
    expect_kept(build, build.conv("y", build.batch_normalization("n", build.x, 1000)), kFoldAffine);
  }
  {
    Build build;
    expect_kept(build, build.conv("y", build.add_named("s", "Sub", {build.x, build.number(1000)})), kFoldAffine);
  }
  {  // somebody else reads the convolution
    Build build;
    const ValueId c = build.conv("c", build.x, 1);
    expect_kept(build, build.add_named("y", "Add", {build.batch_normalization("n", c), c}), kFoldAffine);
  }
  {  // not one number for each channel
    Build build;
    expect_kept(build, build.add_named("y", "Mul", {build.conv("c", build.x), build.weights("m", {3})}), kFoldAffine);
  }
  {  // a number divided by the convolution
    Build build;
    expect_kept(build, build.add_named("y", "Div", {build.number(2), build.conv("c", build.x)}), kFoldAffine);
  }
  {  // an activation lies between
    Build build;
    expect_kept(build, build.batch_normalization("y", build.add_named("r", "Relu", {build.conv("c", build.x)})),
                kFoldAffine);
  }
  {  // weights would not be numbers any more
    Build build;
    expect_kept(build, build.add_named("y", "Div", {build.conv("c", build.x), build.number(0)}), kFoldAffine);
  }
}

TEST(FoldPads, GivesZerosToConvolutions) {
  Build build;
  const ValueId pads = build.ints("p", {0, 0, 1, 2, 0, 0, 3, 0});
  const ValueId padded = build.add_named("q", "Pad", {build.x, pads});
  expect_after(build, build.conv("y", padded, 1), kFoldPads,
               "y = Conv(x, w(4, 4, 3, 3), pads: [2, 3, 4, 1])\noutputs: y\n");
}

TEST(FoldPads, GivesAxesToConvolutions) {
  Build build;
  const ValueId padded = build.add_named(
      "q", "Pad", {build.x, build.ints("p", {1, 2}), build.named("zero", build.number(0)), build.ints("axes", {-1})});
  const ValueId y =
      build.add_named("y", "Conv", {padded, build.weights("w", {4, 4, 3, 3})}, {{"auto_pad", std::string("VALID")}});
  expect_after(build, y, kFoldPads, "y = Conv(x, w(4, 4, 3, 3), pads: [0, 1, 0, 2])\noutputs: y\n");
}

TEST(FoldPads, GivesMaxPoolingWhatIsSmallest) {
  const GraphBuilder<double>::Attributes window{{"kernel_shape", Ints{3, 3}}};
  {
    Build build;
    const ValueId pads = build.ints("p", {0, 0, 1, 1, 0, 0, 1, 1});
    const ValueId padded =
        build.add_named("q", "Pad", {build.x, pads, build.number(-std::numeric_limits<double>::infinity())});
    expect_after(build, build.add_named("y", "MaxPool", {padded}, window), kFoldPads,
                 "y = MaxPool(x, kernel_shape: [3, 3], pads: [1, 1, 1, 1])\noutputs: y\n", 0);
  }
  {  // zeros are, where nothing is negative
    Build build;
    const ValueId pads = build.ints("p", {0, 0, 1, 1, 0, 0, 1, 1}), relu = build.add_named("r", "Relu", {build.x});
    const ValueId padded = build.add_named("q", "Pad", {relu, pads});
    expect_after(build, build.add_named("y", "MaxPool", {padded}, window), kFoldPads,
                 "r = Relu(x)\ny = MaxPool(r, kernel_shape: [3, 3], pads: [1, 1, 1, 1])\noutputs: y\n", 0);
  }
}

TEST(FoldPads, KeepsOtherBorders) {
  const GraphBuilder<double>::Attributes window{{"kernel_shape", Ints{3, 3}}};
  const auto expect_kept_before = [&](const std::string& reader, Ints pads, double value, const std::string& mode) {
    Build build;
    auto numbers = Tensor<int64_t, 1>({8}, pads);
    const ValueId p = build.named("p", build.constant(Constant<double>(std::move(numbers), {8})));
    const ValueId padded = build.add_named("q", "Pad", {build.x, p, build.number(value)}, {{"mode", mode}});
    expect_kept(build, reader == "Conv" ? build.conv("y", padded) : build.add_named("y", reader, {padded}, window),
                kFoldPads);
  };
  expect_kept_before("Conv", {0, 0, 1, 1, 0, 0, 1, 1}, 0.5, "constant");
  expect_kept_before("Conv", {0, 0, 1, 1, 0, 0, 1, 1}, 0, "reflect");
  expect_kept_before("Conv", {0, 0, -1, 1, 0, 0, 1, 1}, 0, "constant");
  expect_kept_before("Conv", {1, 0, 1, 1, 0, 0, 1, 1}, 0, "constant");
  expect_kept_before("MaxPool", {0, 0, 1, 1, 0, 0, 1, 1}, 0, "constant");  // x may be negative
  expect_kept_before("MaxPool", {0, 0, 3, 1, 0, 0, 1, 1}, -std::numeric_limits<double>::infinity(), "constant");
  expect_kept_before("AveragePool", {0, 0, 1, 1, 0, 0, 1, 1}, 0, "constant");
}

TEST(Fuse, TakesResidualAndActivation) {
  Build build;
  const ValueId sum = build.add_named("s", "Add", {build.x, build.conv("c", build.x, 1, true)});
  expect_after(build, build.add_named("y", "Relu", {sum}), kFuse,
               "y = Conv(x, w(4, 4, 3, 3), b(4,), x, activation: Relu, pads: [1, 1, 1, 1])\noutputs: y\n", 0);
}

TEST(Fuse, KnowsTheActivations) {
  const auto expect_fused = [](const std::string& operation, const std::vector<double>& numbers,
                               const GraphBuilder<double>::Attributes& attributes, const std::string& wanted) {
    Build build;
    std::vector<ValueId> inputs{build.conv("c", build.x)};
    for (const double number : numbers) inputs.push_back(build.number(number));
    expect_after(build, build.add_named("y", operation, inputs, attributes), kFuse,
                 "y = Conv(x, w(4, 4, 3, 3), activation: " + wanted + ")\noutputs: y\n", 0);
  };
  expect_fused("Relu", {}, {}, "Relu, pads: [0, 0, 0, 0]");
  expect_fused("Clip", {0, 6}, {}, "Relu6, pads: [0, 0, 0, 0]");
  expect_fused("LeakyRelu", {}, {{"alpha", 0.25}}, "LeakyRelu, pads: [0, 0, 0, 0], slope: 0.25");
  expect_fused("Sigmoid", {}, {}, "Sigmoid, pads: [0, 0, 0, 0]");
  expect_fused("Tanh", {}, {}, "Tanh, pads: [0, 0, 0, 0]");
}

TEST(Fuse, TakesActivationsIntoLinearLayers) {
  Build build;
  const ValueId flat = build.add_named("f", "Flatten", {build.x});
  const ValueId sums = build.add_named("g", "Gemm", {flat, build.weights("w", {120, 3}, 0.1)});
  expect_after(build, build.add_named("y", "Tanh", {sums}), kFuse,
               "f = Flatten(x)\ny = Gemm(f, w(120, 3), activation: Tanh)\noutputs: y\n", 0);
}

// Of two convolutions that are added the later one takes the other's output, and moves behind it.
TEST(Fuse, PutsTheConvolutionBehindItsResidual) {
  Build build;
  const ValueId a = build.conv("a", build.x, 1), b = build.add_named("b", "Sigmoid", {build.conv("c", build.x, 1)});
  expect_after(build, build.add_named("y", "Add", {a, b}), kFuse,
               "b = Conv(x, w(4, 4, 3, 3), activation: Sigmoid, pads: [1, 1, 1, 1])\n"
               "y = Conv(x, w(4, 4, 3, 3), none, b, pads: [1, 1, 1, 1])\noutputs: y\n",
               0);
}

TEST(Fuse, KeepsWhatOthersRead) {
  {
    Build build;
    const ValueId c = build.conv("c", build.x, 1);
    expect_kept(build, build.add_named("y", "Mul", {build.add_named("r", "Relu", {c}), c}), kFuse);
  }
  {  // broadcast
    Build build;
    expect_kept(build, build.add_named("y", "Add", {build.conv("c", build.x), build.weights("r", {1, 4, 1, 1})}),
                kFuse);
  }
  {  // other limits
    Build build;
    expect_kept(build, build.add_named("y", "Clip", {build.conv("c", build.x), build.number(0), build.number(5)}),
                kFuse);
  }
  {  // an output of the graph
    Build build;
    const ValueId c = build.conv("c", build.x);
    build.add_named("y", "Relu", {c});
    build.graph.outputs = {c};
    expect_kept(build, c, kFuse);
  }
  {  // twice the same
    Build build;
    const ValueId c = build.conv("c", build.x);
    expect_kept(build, build.add_named("y", "Add", {c, c}), kFuse);
  }
}

const Pass kJoinPointwise = [](auto& graph, auto& infos) {
  join_pointwise<double>(graph, infer_graph<double>(graph, infos).values);
};

// Hard-swish as files spell it out.
TEST(JoinPointwise, JoinsWhatFollowsEachOther) {
  Build build;
  const auto number = [&](double x) { return build.named("n", build.number(x)); };
  ValueId y = build.add_named("a", "Add", {build.x, number(3)});
  y = build.add_named("c", "Clip", {y, number(0), number(6)});
  y = build.add_named("m", "Mul", {build.x, y});
  y = build.add_named("y", "Div", {y, number(6)});
  expect_after(build, y, kJoinPointwise,
               "y = Pointwise(n(), x, n(), n(), n(), arguments: [2, 1, 4, 3, 5, 2, 3, 2, 1, 6, 2, 7, 0], "
               "operations: [Add, Clip, Mul, Div])\noutputs: y\n",
               0);
}

TEST(JoinPointwise, KeepsAttributesAndSquares) {
  Build build;
  ValueId y = build.add_named("a", "LeakyRelu", {build.x}, {{"alpha", 0.5}});
  y = build.add_named("y", "Mul", {y, y});
  expect_after(build, y, kJoinPointwise,
               "y = Pointwise(x, 0.alpha: 0.5, arguments: [1, 0, 2, 1, 1], operations: [LeakyRelu, Mul])\noutputs: y\n",
               0);
}

TEST(JoinPointwise, KeepsWhatOthersReadAndWhatIsBroadcast) {
  {
    Build build;
    const ValueId a = build.add_named("a", "Relu", {build.x}), b = build.conv("b", a, 1);
    expect_kept(build, build.add_named("y", "Mul", {a, b}), kJoinPointwise);
  }
  {
    Build build;
    const ValueId a = build.add_named("a", "Mul", {build.x, build.weights("m", {4, 1, 1})});
    expect_kept(build, build.add_named("y", "Relu", {a}), kJoinPointwise);
  }
  {  // four arrays
    Build build;
    ValueId y = build.x;
    for (const char* name : {"a", "b", "c"}) {
      y = build.named(name, build.add1("Mul", {y, build.add_named(std::string("s") + name, "Softmax", {build.x})}));
    }
    build.graph.outputs = {y};
    Graph<double> after = build.graph;
    kJoinPointwise(after, build.input_infos());
    EXPECT_EQ(std::count_if(after.nodes.begin(), after.nodes.end(), [](auto& n) { return n.operation == "Pointwise"; }),
              1);
  }
}

// Long enough for many blocks and tasks, and with what is not dense.
TEST(JoinPointwise, HasTheBitsOfItsOperations) {
  for (const int64_t pixels : {1, 7, 45, 300}) {
    SCOPED_TRACE(pixels);
    GraphBuilder<float> build;
    const ValueId x = build.input("x", {2, 3, pixels, pixels}, channels_last());
    const ValueId other = build.input("other", {2, 3, pixels, pixels}, channels_last());
    const ValueId a = build.add1("Mul", {x, build.add1("Sigmoid", {x})});
    const ValueId b = build.add1("Sub", {a, build.add1("Tanh", {build.add1("Exp", {other})})});
    const ValueId c = build.add1("Max", {build.add1("Pow", {b, build.number(2)}), build.add1("HardSwish", {other})});
    const ValueId d = build.add1("Concat", {build.add1("Neg", {c}), x}, {{"axis", int64_t{1}}});
    build.graph.outputs = {d};
    const auto infos = build.input_infos();
    const Program<float> program(build.graph, infos, {.poisons_memory = true});
    const std::vector<StepInfo<float>> steps = program.steps();
    EXPECT_EQ(std::count_if(steps.begin(), steps.end(), [](auto& s) { return s.operation == "Pointwise"; }), 1);
    const auto inputs = random_inputs<float>(3, infos, true);
    const std::string wanted = bytes_of(evaluate<float>(build.graph, infos, inputs)[0].view());
    for (const int64_t gap : {1, 2}) {
      for (const int64_t threads : {1, 4}) {
        EXPECT_TRUE(run_program<float>(program, inputs, gap, {.threads = threads})[0] == wanted) << gap << threads;
      }
    }
  }
}

TEST(Pointwise, RefusesOperationsOfOtherKinds) {
  const auto infer = [](const std::vector<std::string>& operations, const Ints& arguments) {
    Build build;
    build.add1("Pointwise", {build.x}, {{"operations", operations}, {"arguments", arguments}});
  };
  infer({"Relu", "Abs"}, {1, 0, 1, 1});
  EXPECT_THROW(infer({"Relu", "Softmax"}, {1, 0, 1, 1}), ParameterError);
  EXPECT_THROW(infer({"Identity"}, {1, 0}), ParameterError);
  EXPECT_THROW(infer({"Relu"}, {1}), ParameterError);
  EXPECT_THROW(infer({"Relu"}, {1, 1}), ParameterError);
  EXPECT_THROW(infer({"Relu"}, {1, -2}), ParameterError);
  EXPECT_THROW(infer({"Relu"}, {1, -1}), ParameterError);
  EXPECT_THROW(infer({"Sum"}, {1, 0}), ParameterError);
  EXPECT_THROW(infer({}, {}), ParameterError);
}

// What a file asks for all together, and a pass left out.
TEST(Passes, RunTogetherOrNot) {
  Build build;
  const ValueId padded = build.add_named("q", "Pad", {build.x, build.ints("p", {0, 0, 1, 1, 0, 0, 1, 1})});
  ValueId y = build.batch_normalization("n", build.add_named("i", "Identity", {build.conv("c", padded)}));
  y = build.add_named("y", "Relu", {build.add_named("s", "Add", {y, build.x})});
  expect_after(
      build, y, [](auto& graph, auto& infos) { run_passes<double>(graph, infos, {}); },
      "y = Conv(x, w(4, 4, 3, 3), w, bias(4,), x, activation: Relu, pads: [1, 1, 1, 1])\noutputs: y\n");
  const Passes none{false, false, false, false, false, false};
  expect_after(
      build, y, [&](auto& graph, auto& infos) { run_passes<double>(graph, infos, none); }, to_text(build.graph), 0);
}

TEST(Passes, HaveResultsThatAreCloseForRandomGraphs) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const RandomGraph<double> random(seed, 2, 1 + static_cast<int>(seed % 40), true);
    const auto infos = random.builder.input_infos();
    const auto inputs = random_inputs<double>(seed, infos);
    const auto wanted = evaluate<double>(random.builder.graph, infos, inputs);
    const auto got =
        run_program<double>(Program<double>(random.builder.graph, infos, {.poisons_memory = true}), inputs);
    for (size_t k = 0; k < got.size(); ++k) {
      const Constant<double> dense(wanted[k].view());
      double largest = 1;
      for (int64_t i = 0; i < dense.shape().count(); ++i)
        largest = std::max(largest, std::abs(dense.view().real().data[i]));
      const double* numbers = reinterpret_cast<const double*>(got[k].data());
      for (int64_t i = 0; i < dense.shape().count(); ++i) {
        ASSERT_LE(std::abs(numbers[i] - dense.view().real().data[i]), 1e-9 * largest) << "output " << k << " at " << i;
      }
    }
  }
}

}  // namespace
}  // namespace convstep::network
