// Pooling, normalization, resizing, padding and blocks of pixels of networks: values in all layouts, and errors.
#include <gtest/gtest.h>

#include "convstep/error.h"
#include "tests/network/run_operation.h"

namespace convstep::network {
namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Integers = std::vector<int64_t>;

const double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

// Whole numbers of both signs, no two of them equal in any window.
Numbers some(const Dims& shape) {
  return made(shape, [&](int64_t i) { return (i * 37) % 101 - 50; });
}

void expect(const char* operation, const Attributes& attributes, const std::vector<Numbers>& inputs,
            const std::vector<Numbers>& wanted, double units = 0) {
  expect_outputs(node_of(operation, inputs.size(), attributes, wanted.size()), inputs, wanted, units);
}

void refuse(const char* operation, const Attributes& attributes, const std::vector<Numbers>& inputs,
            const char* argument) {
  SCOPED_TRACE(operation);
  try {
    Evaluation<float>(node_of(operation, inputs.size(), attributes), inputs, {});
    ADD_FAILURE() << "nothing was thrown for " << argument;
  } catch (const ArgumentError& error) {
    EXPECT_EQ(error.argument(), argument) << error.what();
  }
}

TEST(PoolOperationTest, IndicesCountInTheWholeArray) {
  const Numbers x = reals({2, 2, 2, 3}, {0, 1, 2, 5, 4, 3, 9, 1, 8, 1, 1, 1, 1, 7, 1, 1, 1, 7, 0, 0, 0, 0, 0, 6});
  const Attributes attributes{{"kernel_shape", Integers{2, 2}}};
  const Numbers y = reals({2, 2, 1, 2}, {5, 4, 9, 8, 7, 7, 0, 6});
  expect("MaxPool", attributes, {x}, {y, integers({2, 2, 1, 2}, {3, 4, 6, 8, 13, 13, 18, 23})});
  Attributes by_columns = attributes;
  by_columns["storage_order"] = int64_t{1};
  expect("MaxPool", by_columns, {x}, {y, integers({2, 2, 1, 2}, {1, 3, 6, 10, 14, 14, 18, 23})});
}

TEST(PoolOperationTest, OneAxisIsAnImageOfHeightOne) {
  const Numbers x = reals({1, 2, 5}, {1, 5, 2, 4, 3, -1, -5, -2, -4, -3});
  const Attributes attributes{{"kernel_shape", Integers{3}}, {"strides", Integers{2}}, {"pads", Integers{1, 0}}};
  expect("MaxPool", attributes, {x}, {reals({1, 2, 2}, {5, 5, -1, -2}), integers({1, 2, 2}, {1, 1, 5, 7})});
  expect("AveragePool", attributes, {x}, {reals({1, 2, 2}, {3, 11.0 / 3, -3, -11.0 / 3})}, 1);
  expect("GlobalMaxPool", {}, {x}, {reals({1, 2, 1}, {5, -1})});
  expect("GlobalAveragePool", {}, {x}, {reals({1, 2, 1}, {3, -3})});
}

TEST(PoolOperationTest, TheCeilingAddsAWindowThatStartsOnTheInput) {
  const Numbers x = reals({1, 1, 1, 6}, {1, 2, 3, 4, 5, 6});
  Attributes attributes{{"kernel_shape", Integers{1, 3}}, {"strides", Integers{1, 2}}, {"ceil_mode", int64_t{1}}};
  expect("AveragePool", attributes, {x}, {reals({1, 1, 1, 3}, {2, 4, 5.5})});
  expect("LpPool", attributes, {x}, {reals({1, 1, 1, 3}, {std::sqrt(14), std::sqrt(50), std::sqrt(61)})}, 1);
  attributes["strides"] = Integers{1, 4};
  attributes["pads"] = Integers{0, 1, 0, 1};
  // A third one would start on the padding behind the input.
  expect("MaxPool", attributes, {x}, {reals({1, 1, 1, 2}, {2, 6})});
  attributes["count_include_pad"] = int64_t{1};
  expect("AveragePool", attributes, {x}, {reals({1, 1, 1, 2}, {1, 5})});
}

TEST(PoolOperationTest, GlobalNormsAreThoseOfAChannel) {
  const Numbers x = reals({1, 2, 1, 2}, {3, -4, 1, 2});
  expect("GlobalLpPool", {}, {x}, {reals({1, 2, 1, 1}, {5, std::sqrt(5)})}, 1);
  expect("GlobalLpPool", {{"p", int64_t{1}}}, {x}, {reals({1, 2, 1, 1}, {7, 3})});
}

TEST(PoolOperationTest, WholeNumbersHaveAMaximum) {
  const Numbers x = integers({1, 2, 2, 2}, {-128, 127, 0, 1, 255, 3, 2, 1});
  expect("MaxPool", {{"kernel_shape", Integers{2, 1}}}, {x},
         {integers({1, 2, 1, 2}, {0, 127, 255, 3}), integers({1, 2, 1, 2}, {2, 1, 4, 5})});
}

TEST(PoolOperationTest, ErrorsNameOnnxsArguments) {
  const Numbers x = some({1, 2, 4, 4});
  const auto with = [](const char* name, const Attribute& value) {
    Attributes attributes{{"kernel_shape", Integers{2, 2}}};
    attributes[name] = value;
    return attributes;
  };
  refuse("MaxPool", {}, {x}, "kernel_shape");
  refuse("MaxPool", with("kernel_shape", Integers{5, 5}), {x}, "kernel_shape");
  refuse("MaxPool", with("kernel_shape", Integers{2, 2}), {some({1, 2, 4, 4, 4})}, "X");
  refuse("MaxPool", {{"kernel_shape", Integers{2}}}, {x}, "kernel_shape");
  refuse("MaxPool", with("strides", Integers{0, 1}), {x}, "strides");
  refuse("MaxPool", with("pads", Integers{2, 0, 0, 0}), {x}, "pads");  // a window on nothing but padding
  refuse("AveragePool", with("dilations", Integers{4, 1}), {x}, "kernel_shape");
  refuse("LpPool", with("p", int64_t{0}), {x}, "p");
  refuse("GlobalAveragePool", {}, {some({3, 4})}, "X");
  refuse("AveragePool", with("auto_pad", "SAME"), {x}, "auto_pad");
  refuse("AveragePool", with("ceil_mode", int64_t{0}), {integers({1, 1, 2, 2}, {1, 2, 3, 4})}, "X");
}

TEST(NormalizationOperationTest, ABatchHasTheNumbersOfItsTraining) {
  const Numbers x = some({2, 3, 2, 4});
  const std::vector<double> scale{1, 2, -1}, bias{0, 1, 2}, mean{3, -1, 0}, variance{3, 0.75, 15};
  const Numbers y = made(x.shape, [&](int64_t i) {
    const size_t c = static_cast<size_t>(index_of(x.shape, i)[1]);
    return (x.values[static_cast<size_t>(i)] - mean[c]) * (scale[c] / std::sqrt(variance[c] + 0.25)) + bias[c];
  });
  const std::vector<Numbers> inputs{x, reals({3}, scale), reals({3}, bias), reals({3}, mean), reals({3}, variance)};
  std::vector<Numbers> known = inputs;
  for (size_t i = 1; i < known.size(); ++i) known[i].is_constant = true;
  expect("BatchNormalization", {{"epsilon", 0.25}}, inputs, {y}, 4);
  expect("BatchNormalization", {{"epsilon", 0.25}}, known, {y}, 4);
  const Numbers one = reals({1}, {1}), half = reals({1}, {0.75}), zero = reals({1}, {0});
  expect("BatchNormalization", {{"epsilon", 0.25}}, {reals({3}, {1, 2, kNan}), one, half, zero, half},
         {reals({3}, {1.75, 2.75, kNan})});
  refuse("BatchNormalization", {{"training_mode", int64_t{1}}}, inputs, "training_mode");
  refuse("BatchNormalization", {}, {x, one, half, zero, half}, "scale");
  refuse("BatchNormalization", {}, {x, inputs[1], inputs[2], inputs[3]}, "input_var");
}

TEST(NormalizationOperationTest, AnInstanceIsNormalizedByItself) {
  // 17 channels are a group of 16 and one.
  const Numbers x = made({2, 17, 2, 2}, [](int64_t i) { return (i % 4 == 0 ? 10 : i % 4 == 3 ? -10 : 0) + i / 4; });
  const Numbers scale = made({17}, [](int64_t c) { return c + 1; }), bias = made({17}, [](int64_t c) { return -c; });
  const Numbers y = made(x.shape, [](int64_t i) {
    const int64_t c = i / 4 % 17;
    return (i % 4 == 0 ? 1.25 : i % 4 == 3 ? -1.25 : 0) * static_cast<double>(c + 1) - static_cast<double>(c);
  });
  expect("InstanceNormalization", {{"epsilon", 14.0}}, {x, scale, bias}, {y}, 8);
  refuse("InstanceNormalization", {}, {x, scale, reals({1}, {1})}, "B");
  refuse("InstanceNormalization", {}, {some({2, 17})}, "input");
}

TEST(NormalizationOperationTest, ChannelsAreNormalizedByThoseBesideThem) {
  const Numbers x = some({2, 5, 2, 3});
  for (const int64_t size : {1, 2, 3, 8, 100}) {
    for (const double beta : {0.75, 0.5}) {
      const Numbers y = made(x.shape, [&](int64_t i) {
        const int64_t c = index_of(x.shape, i)[1], first = c - (size - 1) / 2, last = c + size / 2;
        double sum = 0;
        for (int64_t k = std::max<int64_t>(first, 0); k <= std::min<int64_t>(last, 4); ++k) {
          sum += std::pow(x.values[static_cast<size_t>(i + (k - c) * 6)], 2);
        }
        return x.values[static_cast<size_t>(i)] / std::pow(1.5 + 0.5 / static_cast<double>(size) * sum, beta);
      });
      expect("LRN", {{"size", size}, {"alpha", 0.5}, {"bias", 1.5}, {"beta", beta}}, {x}, {y}, 8);
    }
  }
  refuse("LRN", {}, {x}, "size");
  refuse("LRN", {{"size", int64_t{3}}}, {some({4})}, "X");
}

TEST(PadOperationTest, EachModeContinuesInItsWay) {
  const Numbers x = reals({1, 4}, {1, 2, 3, 4}), pads = known({0, 5, 0, 2});
  expect("Pad", {}, {x, pads, reals({}, {9})}, {reals({1, 11}, {9, 9, 9, 9, 9, 1, 2, 3, 4, 9, 9})});
  expect("Pad", {}, {x, pads}, {reals({1, 11}, {0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0})});
  expect("Pad", {{"mode", "edge"}}, {x, pads}, {reals({1, 11}, {1, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4})});
  expect("Pad", {{"mode", "reflect"}}, {x, pads}, {reals({1, 11}, {2, 3, 4, 3, 2, 1, 2, 3, 4, 3, 2})});
  expect("Pad", {{"mode", "wrap"}}, {x, pads}, {reals({1, 11}, {4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2})});
}

TEST(PadOperationTest, NegativePadsCutOffFirst) {
  const Numbers x = reals({5}, {1, 2, 3, 4, 5});
  expect("Pad", {}, {x, known({-2, -1})}, {reals({2}, {3, 4})});
  expect("Pad", {{"mode", "reflect"}}, {x, known({2, -2})}, {reals({5}, {3, 2, 1, 2, 3})});
  expect("Pad", {}, {x, known({-5, 0})}, {reals({0}, {})});
  expect("Pad", {}, {reals({0, 2}, {}), known({1, 0, 0, 1})}, {reals({1, 3}, {0, 0, 0})});
}

TEST(PadOperationTest, AxesMayBeSomeAndImagesOfWholeNumbers) {
  const Numbers x = integers({1, 2, 1, 2}, {1, 2, 3, 4});
  expect("Pad", {{"mode", "edge"}}, {x, known({1, 0, 0, 1}), kLeftOut, known({-1, 2})},
         {integers({1, 2, 2, 3}, {1, 1, 2, 1, 1, 2, 3, 3, 4, 3, 3, 4})});
  expect("Pad", {}, {x, known({1, 0}), integers({1}, {7}), known({1})}, {integers({1, 3, 1, 2}, {7, 7, 1, 2, 3, 4})});
}

TEST(PadOperationTest, ErrorsNameOnnxsArguments) {
  const Numbers x = reals({2, 3}, {1, 2, 3, 4, 5, 6});
  refuse("Pad", {}, {x}, "pads");
  refuse("Pad", {}, {x, integers({4}, {0, 0, 0, 0})}, "pads");  // which only a run knows
  refuse("Pad", {}, {x, known({1, 1})}, "pads");
  refuse("Pad", {}, {x, known({-2, 0, -1, 0})}, "pads");
  refuse("Pad", {{"mode", "edge"}}, {x, known({-2, 0, 1, 0})}, "pads");
  refuse("Pad", {}, {x, known({0x1p62, 0, 0x1p62, 0})}, "pads");
  refuse("Pad", {{"mode", "mirror"}}, {x, known({0, 0, 0, 0})}, "mode");
  refuse("Pad", {}, {x, known({0, 0}), kLeftOut, known({2})}, "axes");
  refuse("Pad", {}, {x, known({0, 0, 0, 0}), kLeftOut, known({1, -1})}, "axes");
  refuse("Pad", {}, {x, known({0, 0, 0, 0}), integers({}, {1})}, "constant_value");
  refuse("Pad", {}, {x, known({0, 0, 0, 0}), reals({2}, {1, 2})}, "constant_value");
}

Attributes resizing(const char* mode, const char* coordinates) {
  return {{"mode", mode}, {"coordinate_transformation_mode", coordinates}};
}

TEST(ResizeOperationTest, TheNearestIsACopy) {
  const Numbers x = reals({1, 1, 2, 2}, {1, 2, 3, 4}), scales = constant(reals({4}, {1, 1, 2, 1.5}));
  const Numbers y = reals({1, 1, 4, 3}, {1, 1, 2, 1, 1, 2, 3, 3, 4, 3, 3, 4});
  const Numbers rounded = reals({1, 1, 4, 3}, {1, 2, 2, 1, 2, 2, 3, 4, 4, 3, 4, 4});
  expect("Resize", resizing("nearest", "asymmetric"), {x, kLeftOut, scales}, {rounded});
  Attributes floor = resizing("nearest", "asymmetric");
  floor["nearest_mode"] = "floor";
  expect("Resize", floor, {x, kLeftOut, scales}, {y});
  Numbers whole = x, whole_y = y;
  whole.element = whole_y.element = Element::kInteger;
  expect("Resize", floor, {whole, kLeftOut, scales}, {whole_y});
  floor["nearest_mode"] = "ceil";
  expect("Resize", floor, {x, kLeftOut, scales}, {reals({1, 1, 4, 3}, {1, 2, 2, 3, 4, 4, 3, 4, 4, 3, 4, 4})});
}

TEST(ResizeOperationTest, ItIsLinearBetweenElements) {
  const Numbers x = reals({1, 2, 1, 2}, {0, 4, 8, 16}), sizes = known({1, 2, 2, 4});
  expect("Resize", resizing("linear", "half_pixel"), {x, kLeftOut, kLeftOut, sizes},
         {reals({1, 2, 2, 4}, {0, 1, 3, 4, 0, 1, 3, 4, 8, 10, 14, 16, 8, 10, 14, 16})});
  expect("Resize", resizing("linear", "align_corners"), {reals({2}, {0, 3}), kLeftOut, kLeftOut, known({4})},
         {reals({4}, {0, 1, 2, 3})}, 4);
  // The middle of the input stays that of the output: here at 2.5 of 3, as of 5 / 2 * 1.2.
  expect("Resize", resizing("linear", "half_pixel_symmetric"),
         {reals({5}, {0, 10, 20, 30, 40}), kLeftOut, constant(reals({1}, {0.5}))}, {reals({2}, {10, 30})}, 4);
  // Channels and images, too.
  expect("Resize", resizing("linear", "half_pixel"),
         {reals({2, 2, 1, 1}, {0, 4, 8, 16}), kLeftOut, kLeftOut, known({1, 4, 1, 1})},
         {reals({1, 4, 1, 1}, {4, 5.5, 8.5, 10})});
}

TEST(ResizeOperationTest, WhatLiesOutsideARegionHasAValueOfItsOwn) {
  Attributes attributes = resizing("linear", "tf_crop_and_resize");
  attributes["extrapolation_value"] = 9.0;
  const Numbers x = reals({1, 1, 3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8});
  const Numbers roi = constant(reals({8}, {0, 0, 0.5, -0.5, 1, 1, 1, 0.5})), sizes = known({1, 1, 2, 3});
  expect("Resize", attributes, {x, roi, kLeftOut, sizes}, {reals({1, 1, 2, 3}, {9, 3, 4, 9, 6, 7})});
  refuse("Resize", attributes, {x, kLeftOut, kLeftOut, sizes}, "roi");
}

TEST(ResizeOperationTest, AnAspectRatioIsKept) {
  const Numbers x = some({1, 1, 4, 8});
  const auto shape_of = [&](const char* policy) {
    const Attributes attributes{{"axes", Integers{2, -1}}, {"keep_aspect_ratio_policy", policy}};
    const Node node = node_of("Resize", 4, attributes);
    const Evaluation<float> evaluation(node, {x, kLeftOut, kLeftOut, known({6, 10})}, {});
    return to_string(evaluation.outputs()[0].shape);
  };
  EXPECT_EQ(shape_of("stretch"), "(1, 1, 6, 10)");
  EXPECT_EQ(shape_of("not_larger"), "(1, 1, 5, 10)");
  EXPECT_EQ(shape_of("not_smaller"), "(1, 1, 6, 12)");
}

TEST(ResizeOperationTest, InfinityReachesWhatIsMadeOfIt) {
  expect("Resize", resizing("linear", "asymmetric"),
         {reals({3}, {1, kInfinity, 3}), kLeftOut, constant(reals({1}, {2}))},
         {reals({6}, {1, kInfinity, kInfinity, kInfinity, 3, 3})});
}

TEST(ResizeOperationTest, ErrorsNameOnnxsArguments) {
  const Numbers x = some({1, 2, 4, 4}), scales = constant(reals({4}, {1, 1, 2, 2}));
  refuse("Resize", {}, {x}, "scales");
  refuse("Resize", {}, {x, kLeftOut, reals({4}, {1, 1, 2, 2})}, "scales");  // which only a run knows
  refuse("Resize", {}, {x, kLeftOut, constant(reals({2}, {2, 2}))}, "scales");
  refuse("Resize", {}, {x, kLeftOut, constant(reals({4}, {1, 1, 0.1, 2}))}, "scales");
  refuse("Resize", {}, {x, kLeftOut, constant(reals({4}, {1, 1, kNan, 2}))}, "scales");
  refuse("Resize", {}, {x, kLeftOut, scales, known({1, 2, 8, 8})}, "scales");
  refuse("Resize", {}, {x, kLeftOut, kLeftOut, known({1, 2, 0, 8})}, "sizes");
  refuse("Resize", {}, {x, kLeftOut, kLeftOut, known({8, 8})}, "sizes");
  refuse("Resize", {{"mode", "area"}}, {x, kLeftOut, scales}, "mode");
  refuse("Resize", {{"nearest_mode", "up"}}, {x, kLeftOut, scales}, "nearest_mode");
  refuse("Resize", resizing("linear", "corners"), {x, kLeftOut, scales}, "coordinate_transformation_mode");
  refuse("Resize", {{"antialias", int64_t{1}}}, {x, kLeftOut, scales}, "antialias");
  refuse("Resize", {{"axes", Integers{4}}}, {x, kLeftOut, scales}, "axes");
  refuse("Resize", {{"mode", "linear"}}, {integers({1}, {1}), kLeftOut, constant(reals({1}, {2}))}, "mode");
  refuse("Resize", {}, {reals({0}, {}), kLeftOut, constant(reals({1}, {2}))}, "X");
}

TEST(BlocksOperationTest, ChannelsBecomePixelsAndPixelsChannels) {
  const Numbers deep = reals({1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  const Numbers columns = reals({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7});
  const Numbers depth = reals({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  const Attributes dcr{{"blocksize", int64_t{2}}}, crd{{"blocksize", int64_t{2}}, {"mode", "CRD"}};
  expect("DepthToSpace", dcr, {deep}, {columns});
  expect("DepthToSpace", crd, {deep}, {depth});
  expect("SpaceToDepth", dcr, {columns}, {deep});
  expect("SpaceToDepth", crd, {depth}, {deep});
  Numbers whole = deep, whole_columns = columns;
  whole.element = whole_columns.element = Element::kInteger;
  expect("DepthToSpace", dcr, {whole}, {whole_columns});
  refuse("DepthToSpace", {}, {deep}, "blocksize");
  refuse("DepthToSpace", {{"blocksize", int64_t{3}}}, {deep}, "input");
  refuse("DepthToSpace", {{"blocksize", int64_t{2}}, {"mode", "RCD"}}, {deep}, "mode");
  refuse("SpaceToDepth", {{"blocksize", int64_t{3}}}, {columns}, "input");
  refuse("SpaceToDepth", dcr, {some({2, 4})}, "input");
}

TEST(DropoutOperationTest, NothingIsDropped) {
  const Numbers x = reals({2, 2}, {1, 2, 3, kNan}), mask = integers({2, 2}, {1, 1, 1, 1});
  const Numbers no = constant(integers({}, {0})), yes = constant(integers({}, {1}));
  const Numbers half = constant(reals({}, {0.5})), none = constant(reals({}, {0}));
  expect("Dropout", {}, {x}, {x});
  expect("Dropout", {}, {x, half, no}, {x, mask});
  expect("Dropout", {}, {x, none, yes}, {x, mask});
  refuse("Dropout", {}, {x, half, yes}, "training_mode");
  refuse("Dropout", {}, {x, half, integers({}, {0})}, "training_mode");  // which only a run knows
}

}  // namespace
}  // namespace convstep::network
