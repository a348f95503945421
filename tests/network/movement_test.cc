// Operations that move elements, or look at them otherwise: their shapes, values, views and errors.
#include <gtest/gtest.h>

#include "tests/network/run_operation.h"
#include "tests/support/expect_error.h"

namespace convstep::network {
namespace {

using Indices = std::vector<int64_t>;

Numbers counted(const Dims& shape) {
  return made(shape, [](int64_t i) { return i; });
}
Numbers whole(Numbers numbers) {
  numbers.element = Element::kInteger;
  return numbers;
}
// The same for real and whole numbers.
void expect_moved(const Node& node, std::vector<Numbers> inputs, const Numbers& wanted) {
  expect_outputs(node, inputs, {wanted});
  inputs[0].element = Element::kInteger;
  expect_outputs(node, inputs, {whole(wanted)});
}
// An array whose element at each index is that of `from` at the index that `source` makes of it.
template <class Source>
Numbers gathered(const Numbers& from, const Dims& shape, const Source& source) {
  const Dims strides = dense_strides(from.shape, row_major(from.shape.rank()));
  return made(shape, [&](int64_t i) {
    return from.values[static_cast<size_t>(offset_of(source(index_of(shape, i)), strides))];
  });
}

// What is inferred of an input in this order, without running.
Inferred<float> infer(const Node& node, std::vector<ValueInfo<float>> inputs) {
  return find_operation<float>(node.operation)->infer({node, inputs});
}
ArrayView<float> constant_view(std::vector<int64_t>& numbers) {
  return NdView<int64_t>{numbers.data(), {static_cast<int64_t>(numbers.size())}, {1}};
}

template <class Call>
void expect_refusal(const Node& node, const std::vector<Numbers>& inputs, const Call& expect) {
  expect([&] { Evaluation<float>(node, inputs, {}); });
}
#define EXPECT_REFUSAL(Error, node, inputs, ...) \
  expect_refusal(node, inputs, [](const auto& call) { expect_error<Error>(call, __VA_ARGS__); })

TEST(MovementTest, Transposes) {
  const Numbers data = counted({2, 3, 4});
  expect_moved(node_of("Transpose", 1), {data}, gathered(data, {4, 3, 2}, [](const Dims& i) {
                 return Dims{i[2], i[1], i[0]};
               }));
  expect_moved(node_of("Transpose", 1, {{"perm", Indices{1, 2, 0}}}), {data},
               gathered(data, {3, 4, 2}, [](const Dims& i) {
                 return Dims{i[2], i[0], i[1]};
               }));
  const Inferred<float> inferred = infer(node_of("Transpose", 1, {{"perm", Indices{0, 2, 3, 1}}}),
                                         {{Element::kReal, {1, 3, 4, 5}, channels_last()}});
  EXPECT_EQ(to_string(inferred.outputs[0].order), "(0, 1, 2, 3)");
  EXPECT_REFUSAL(ParameterError, node_of("Transpose", 1, {{"perm", Indices{0, 1}}}), {counted({2, 3, 4})}, "perm", "2");
  EXPECT_REFUSAL(ParameterError, node_of("Transpose", 1, {{"perm", Indices{0, 1, 1}}}), {counted({2, 3, 4})}, "perm");
}

TEST(MovementTest, ReshapesInRowMajorOrder) {
  struct Case {
    Dims from;
    std::vector<double> shape;
    Dims to;
  };
  const Case kCases[] = {{{2, 3, 4}, {4, 6}, {4, 6}},
                         {{2, 3, 4}, {0, -1}, {2, 12}},
                         {{2, 3, 4}, {-1}, {24}},
                         {{2, 3, 4}, {2, 1, 3, 2, 2, 1}, {2, 1, 3, 2, 2, 1}},
                         {{1}, {}, {}},
                         {{}, {1, 1}, {1, 1}},
                         {{6, 4}, {2, 3, 4}, {2, 3, 4}},
                         {{0, 3}, {3, 0, -1}, {}},
                         {{2, 3, 4, 5}, {2, 3, 20}, {2, 3, 20}},
                         {{0, 3}, {0, 3, 1}, {0, 3, 1}},
                         {{2, 1, 3, 1}, {3, 2}, {3, 2}},
                         {{4, 9}, {2, 2, 3, 3}, {2, 2, 3, 3}}};
  for (const Case& one : kCases) {
    if (one.to.rank() == 0 && one.from.count() == 0) continue;
    SCOPED_TRACE(to_string(one.from) + to_string(one.to));
    Numbers wanted = counted(one.from);
    wanted.shape = one.to;
    expect_moved(node_of("Reshape", 2), {counted(one.from), known(one.shape)}, wanted);
  }
  const Node all_zeros = node_of("Reshape", 2, {{"allowzero", int64_t{1}}});
  expect_moved(all_zeros, {counted({0, 3}), known({3, 0})}, counted({3, 0}));
  EXPECT_REFUSAL(ShapeError, all_zeros, (std::vector{counted({2, 3}), known({3, 0})}), "shape", "(3, 0)");
  const Node reshape = node_of("Reshape", 2);
  EXPECT_REFUSAL(ShapeError, reshape, (std::vector{counted({2, 3}), known({4, -1})}), "shape", "(4, -1)", "6 elements");
  EXPECT_REFUSAL(ShapeError, reshape, (std::vector{counted({2, 3}), known({7})}), "shape", "(7,)");
  EXPECT_REFUSAL(ShapeError, reshape, (std::vector{counted({2, 3}), known({-1, -1})}), "shape");
  EXPECT_REFUSAL(ShapeError, reshape, (std::vector{counted({2, 3}), known({-2, -3})}), "shape");
  EXPECT_REFUSAL(ShapeError, reshape, (std::vector{counted({2, 3}), known({1 << 30, 1 << 30, 1 << 30, 1 << 30})}),
                 "shape");
  EXPECT_REFUSAL(ShapeError, reshape, (std::vector{counted({2}), known({0, 0})}), "shape");
  EXPECT_REFUSAL(ParameterError, reshape, (std::vector{counted({2, 3}), integers({1}, {6})}), "shape", "run");
}

// Channels side by side: what keeps the axes apart that are apart in memory moves nothing.
TEST(MovementTest, ReshapeOfAnImageIsAViewWhereItCanBe) {
  const auto inferred = [](const Dims& from, Indices shape) {
    const ValueInfo<float> image(Element::kReal, from, channels_last());
    const Dims count{static_cast<int64_t>(shape.size())};
    return infer(node_of("Reshape", 2), {image, {Element::kInteger, count, {0}, constant_view(shape)}});
  };
  const Inferred<float> joined = inferred({2, 3, 4, 5}, {2, 3, 20});
  ASSERT_TRUE(joined.view);
  EXPECT_FALSE(joined.view_takes_strides);  // rows must lie one after the other
  EXPECT_EQ(to_string(joined.outputs[0].order), "(0, 2, 1)");
  const Inferred<float> split = inferred({2, 6, 4, 5}, {2, 2, 3, 4, 5});
  ASSERT_TRUE(split.view);
  EXPECT_TRUE(split.view_takes_strides);
  EXPECT_EQ(to_string(split.outputs[0].order), "(0, 3, 4, 1, 2)");
  const Inferred<float> pixel = inferred({2, 8, 1, 1}, {2, 8});
  ASSERT_TRUE(pixel.view);
  EXPECT_EQ(to_string(pixel.outputs[0].order), "(0, 1)");
  EXPECT_FALSE(inferred({2, 3, 4, 5}, {2, 60}).view);
  EXPECT_TRUE(inferred({2, 1, 4, 5}, {2, 20}).view);
}

// Large enough for squares of any part, and for several threads.
TEST(MovementTest, CopiesBetweenOrders) {
  for (const Dims& shape : {Dims{2, 41, 67, 53}, Dims{3, 8, 5, 4}, Dims{1, 17, 1, 16}, Dims{2, 40000, 3, 2}}) {
    for (const int threads : {1, 2, 3}) {
      const Numbers data = counted(shape);
      for (const Layout& layout : kLayouts) {
        const Evaluation<float> flat(node_of("Reshape", 2), {data, known({-1})}, layout, {.threads = threads});
        ASSERT_EQ(flat.outputs()[0].values, data.values) << to_string(shape);
      }
    }
  }
}

TEST(MovementTest, FlattensSqueezesAndUnsqueezes) {
  const Numbers data = counted({2, 3, 4});
  const auto as = [](Numbers numbers, const Dims& shape) {
    numbers.shape = shape;
    return numbers;
  };
  expect_moved(node_of("Flatten", 1), {data}, as(data, {2, 12}));
  expect_moved(node_of("Flatten", 1, {{"axis", int64_t{0}}}), {data}, as(data, {1, 24}));
  expect_moved(node_of("Flatten", 1, {{"axis", int64_t{3}}}), {data}, as(data, {24, 1}));
  expect_moved(node_of("Flatten", 1, {{"axis", int64_t{-1}}}), {data}, as(data, {6, 4}));
  const Numbers ones = counted({1, 3, 1, 4});
  expect_moved(node_of("Squeeze", 1), {ones}, as(ones, {3, 4}));
  expect_moved(node_of("Squeeze", 2), {ones, known({-2})}, as(ones, {1, 3, 4}));
  expect_moved(node_of("Unsqueeze", 2), {data, known({0, -1, 2})}, as(data, {1, 2, 1, 3, 4, 1}));
  expect_moved(node_of("Unsqueeze", 2), {counted({}), known({0})}, as(counted({}), {1}));
  EXPECT_REFUSAL(ParameterError, node_of("Flatten", 1, {{"axis", int64_t{4}}}), {counted({2, 3, 4})}, "axis", "4");
  EXPECT_REFUSAL(ParameterError, node_of("Squeeze", 2), (std::vector{counted({2, 1}), known({0})}), "axes", "0");
  EXPECT_REFUSAL(ParameterError, node_of("Unsqueeze", 2), (std::vector{counted({2}), known({0, 0})}), "axes", "twice");
  EXPECT_REFUSAL(ParameterError, node_of("Unsqueeze", 2), (std::vector{counted({2}), known({2})}), "axes", "2");
  EXPECT_REFUSAL(ShapeError, node_of("Unsqueeze", 2), (std::vector{counted({2}), known({0, 1, 2, 3, 4, 5, 6, 7})}),
                 "shape");
}

TEST(MovementTest, Slices) {
  const Numbers data = counted({5, 6});
  const auto slice = [&](const std::vector<double>& starts, const std::vector<double>& ends,
                         const std::vector<double>& axes, const std::vector<double>& steps, const Dims& shape,
                         const Dims& first, const Dims& step) {
    expect_moved(node_of("Slice", 5), {data, known(starts), known(ends), known(axes), known(steps)},
                 gathered(data, shape, [&](const Dims& i) {
                   return Dims{first[0] + i[0] * step[0], first[1] + i[1] * step[1]};
                 }));
  };
  slice({1}, {4}, {0}, {1}, {3, 6}, {1, 0}, {1, 1});
  slice({-3, 0}, {-1, 100}, {0, 1}, {1, 2}, {2, 3}, {2, 0}, {1, 2});
  slice({-1}, {-100}, {1}, {-1}, {5, 6}, {0, 5}, {1, -1});
  slice({100}, {0}, {-1}, {-2}, {5, 3}, {0, 5}, {1, -2});
  slice({3}, {3}, {0}, {1}, {0, 6}, {0, 0}, {1, 1});
  slice({4}, {1}, {0}, {1}, {0, 6}, {0, 0}, {1, 1});
  const double far = 0x1p62;
  slice({0}, {far}, {0}, {far}, {1, 6}, {0, 0}, {1, 1});
  slice({far}, {-far}, {0}, {-far}, {1, 6}, {4, 0}, {1, 1});
  expect_moved(node_of("Slice", 3), {data, known({1, 2}), known({3, 4})}, gathered(data, {2, 2}, [](const Dims& i) {
                 return Dims{i[0] + 1, i[1] + 2};
               }));
  const Node node = node_of("Slice", 5);
  EXPECT_REFUSAL(ParameterError, node, (std::vector{counted({3}), known({0}), known({3}), known({0}), known({0})}),
                 "steps", "0");
  EXPECT_REFUSAL(ShapeError, node, (std::vector{counted({3}), known({0}), known({3, 4})}), "ends", "2");
  EXPECT_REFUSAL(ParameterError, node, (std::vector{counted({3}), known({0}), known({3}), known({1})}), "axes", "1");
  EXPECT_REFUSAL(ParameterError, node, (std::vector{counted({3}), known({0, 0}), known({3, 3}), known({0, -1})}),
                 "axes");
  EXPECT_REFUSAL(ParameterError, node, (std::vector{counted({3}), integers({1}, {0}), known({3})}), "starts", "run");
}

TEST(MovementTest, JoinsAndCutsApart) {
  const Numbers a = counted({2, 3}), b = made({2, 2}, [](int64_t i) { return 100 + i; });
  const Numbers joined = reals({2, 5}, {0, 1, 2, 100, 101, 3, 4, 5, 102, 103});
  expect_outputs(node_of("Concat", 2, {{"axis", int64_t{1}}}), {a, b}, {joined});
  expect_outputs(node_of("Concat", 2, {{"axis", int64_t{-1}}}), {whole(a), whole(b)}, {whole(joined)});
  expect_outputs(node_of("Concat", 3, {{"axis", int64_t{0}}}), {reals({1}, {1}), reals({0}, {}), reals({2}, {2, 3})},
                 {reals({3}, {1, 2, 3})});
  const Indices axis{1};
  expect_outputs(node_of("Split", 2, {{"axis", int64_t{1}}}, 2), {joined, known({3, 2})}, {a, b});
  expect_outputs(node_of("Split", 1, {{"num_outputs", int64_t{3}}}, 3), {whole(counted({7}))},
                 {integers({3}, {0, 1, 2}), integers({3}, {3, 4, 5}), integers({1}, {6})});
  expect_outputs(node_of("Split", 1, {}, 2), {counted({4})}, {reals({2}, {0, 1}), reals({2}, {2, 3})});
  expect_outputs(node_of("Split", 2, {}, 2), {counted({2}), known({2, 0})}, {reals({2}, {0, 1}), reals({0}, {})});
  const Node concat = node_of("Concat", 2, {{"axis", int64_t{0}}});
  EXPECT_REFUSAL(ShapeError, concat, (std::vector{counted({2, 3}), counted({2, 4})}), "inputs", "(2, 4)");
  EXPECT_REFUSAL(ShapeError, concat, (std::vector{counted({2, 3}), counted({2})}), "inputs", "(2,)");
  EXPECT_REFUSAL(ParameterError, concat, (std::vector{counted({2}), whole(counted({2}))}), "inputs", "whole");
  EXPECT_REFUSAL(ParameterError, node_of("Concat", 1), {counted({2})}, "axis", "none");
  const Node split = node_of("Split", 2, {}, 2);
  EXPECT_REFUSAL(ParameterError, split, (std::vector{counted({4}), known({1, 2})}), "split", "(1, 2)", "4");
  EXPECT_REFUSAL(ParameterError, split, (std::vector{counted({4}), known({-1, 5})}), "split");
  EXPECT_REFUSAL(ParameterError, split, (std::vector{counted({4}), known({0x1p62, 0x1p62})}), "split");
  EXPECT_REFUSAL(ParameterError, node_of("Split", 1, {{"num_outputs", int64_t{0}}}), {counted({4})}, "num_outputs");
}

TEST(MovementTest, GathersParts) {
  const Numbers data = counted({3, 4, 2});
  const auto gather = [](int64_t axis) { return node_of("Gather", 2, {{"axis", axis}}); };
  const Numbers indices = integers({2, 2}, {0, -1, 2, 1});
  const auto place = [&](int64_t i, int64_t j) {
    const int64_t k = static_cast<int64_t>(indices.values[static_cast<size_t>(2 * i + j)]);
    return k < 0 ? k + 4 : k;
  };
  expect_moved(gather(1), {data, indices}, gathered(data, {3, 2, 2, 2}, [&](const Dims& i) {
                 return Dims{i[0], place(i[1], i[2]), i[3]};
               }));
  expect_moved(gather(0), {data, integers({1}, {-1})}, gathered(data, {1, 4, 2}, [](const Dims& i) {
                 return Dims{2, i[1], i[2]};
               }));
  // One place that is known is a view, one that is not is a copy.
  for (const Numbers& last : {constant(integers({}, {-1})), integers({}, {-1})}) {
    expect_moved(gather(1), {data, last}, gathered(data, {3, 2}, [](const Dims& i) { return Dims{i[0], 3, i[1]}; }));
  }
  expect_moved(gather(0), {data, integers({0}, {})}, counted({0, 4, 2}));
  EXPECT_REFUSAL(ParameterError, gather(0), (std::vector{counted({3}), integers({1}, {3})}), "indices", "3", "-3 to 2");
  EXPECT_REFUSAL(ParameterError, gather(0), (std::vector{counted({3}), constant(integers({}, {-4}))}), "indices", "-4");
  EXPECT_REFUSAL(ParameterError, gather(1), (std::vector{counted({3}), integers({1}, {0})}), "axis", "1");
}

TEST(MovementTest, GathersElements) {
  const Numbers data = counted({3, 4}), indices = integers({2, 3}, {0, -1, 2, 1, 0, 0});
  const auto place = [&](const Dims& i) {
    return static_cast<int64_t>(indices.values[static_cast<size_t>(3 * i[0] + i[1])]);
  };
  expect_moved(node_of("GatherElements", 2, {{"axis", int64_t{1}}}), {data, indices},
               gathered(data, {2, 3}, [&](const Dims& i) {
                 return Dims{i[0], place(i) < 0 ? 3 : place(i)};
               }));
  expect_moved(node_of("GatherElements", 2), {data, indices}, gathered(data, {2, 3}, [&](const Dims& i) {
                 return Dims{place(i) < 0 ? 2 : place(i), i[1]};
               }));
  const Node node = node_of("GatherElements", 2);
  EXPECT_REFUSAL(ParameterError, node, (std::vector{counted({2}), integers({1}, {2})}), "indices", "2");
  EXPECT_REFUSAL(ShapeError, node, (std::vector{counted({2, 1}), integers({1, 2}, {0, 0})}), "indices", "(1, 2)");
}

TEST(MovementTest, ExpandsAndTiles) {
  const Numbers data = counted({3, 1});
  expect_moved(node_of("Expand", 2), {data, known({2, 1, 4})}, gathered(data, {2, 3, 4}, [](const Dims& i) {
                 return Dims{i[1], 0};
               }));
  expect_moved(node_of("Expand", 2), {data, known({1})}, data);
  expect_moved(node_of("Expand", 2), {data, known({0})}, counted({3, 0}));
  EXPECT_REFUSAL(ShapeError, node_of("Expand", 2), (std::vector{counted({3}), known({4})}), "shape", "(4,)");
  EXPECT_REFUSAL(ShapeError, node_of("Expand", 2), (std::vector{counted({1, 1}), known({0x1p31, 0x1p31})}), "shape");
  const Numbers tile = counted({2, 3});
  expect_moved(node_of("Tile", 2), {tile, known({3, 2})}, gathered(tile, {6, 6}, [](const Dims& i) {
                 return Dims{i[0] % 2, i[1] % 3};
               }));
  expect_moved(node_of("Tile", 2), {tile, known({0, 2})}, counted({0, 6}));
  EXPECT_REFUSAL(ShapeError, node_of("Tile", 2), (std::vector{counted({3}), known({1, 2})}), "repeats", "2");
  EXPECT_REFUSAL(ShapeError, node_of("Tile", 2), (std::vector{counted({3}), known({0x1p62})}), "repeats");
  EXPECT_REFUSAL(ParameterError, node_of("Tile", 2), (std::vector{counted({3}), known({-1})}), "repeats", "-1");
}

TEST(MovementTest, TellsShapes) {
  const Numbers data = counted({2, 3, 4});
  expect_outputs(node_of("Shape", 1), {data}, {integers({3}, {2, 3, 4})});
  expect_outputs(node_of("Shape", 1, {{"start", int64_t{-2}}}), {data}, {integers({2}, {3, 4})});
  expect_outputs(node_of("Shape", 1, {{"start", int64_t{1}}, {"end", int64_t{-1}}}), {data}, {integers({1}, {3})});
  expect_outputs(node_of("Shape", 1, {{"start", int64_t{2}}, {"end", int64_t{1}}}), {data}, {integers({0}, {})});
  expect_outputs(node_of("Shape", 1, {{"start", int64_t{-9}}, {"end", int64_t{9}}}), {data},
                 {integers({3}, {2, 3, 4})});
  expect_outputs(node_of("Size", 1), {data}, {integers({}, {24})});
  const Inferred<float> inferred = infer(node_of("Shape", 1), {{Element::kReal, {5, 6}, {0, 1}}});
  ASSERT_TRUE(inferred.outputs[0].constant);  // before anything has run
  EXPECT_EQ(inferred.outputs[0].constant.integers().data[1], 6);
}

TEST(MovementTest, MakesArraysFromNumbers) {
  expect_outputs(node_of("ConstantOfShape", 1, {{"value", 2.5}}), {known({2, 1})}, {reals({2, 1}, {2.5, 2.5})});
  expect_outputs(node_of("ConstantOfShape", 1, {{"value", int64_t{7}}}), {known({3})}, {integers({3}, {7, 7, 7})});
  expect_outputs(node_of("ConstantOfShape", 1), {known({})}, {reals({}, {0})});
  expect_outputs(node_of("ConstantOfShape", 1), {known({0, 3})}, {reals({0, 3}, {})});
  EXPECT_REFUSAL(ShapeError, node_of("ConstantOfShape", 1), {known({-1})}, "input", "(-1,)");
  EXPECT_REFUSAL(ShapeError, node_of("ConstantOfShape", 1), {known({0x1p40, 0x1p40})}, "input");
  const auto range = [](const Numbers& start, const Numbers& limit, const Numbers& delta) {
    return std::vector{constant(start), constant(limit), constant(delta)};
  };
  const auto one = [](double x) { return reals({}, {x}); };
  const auto whole_one = [](double x) { return integers({}, {x}); };
  const Node node = node_of("Range", 3);
  expect_outputs(node, range(one(1), one(2), one(0.25)), {reals({4}, {1, 1.25, 1.5, 1.75})});
  expect_outputs(node, range(whole_one(5), whole_one(-2), whole_one(-3)), {integers({3}, {5, 2, -1})});
  expect_outputs(node, range(whole_one(5), whole_one(9), whole_one(-3)), {integers({0}, {})});
  EXPECT_REFUSAL(ParameterError, node, range(one(1), one(2), one(0)), "delta", "0");
  EXPECT_REFUSAL(ParameterError, node, range(one(0), one(1e30), one(1)), "limit");
  EXPECT_REFUSAL(ParameterError, node, range(whole_one(-0x1p62), whole_one(0x1p62), whole_one(1)), "limit");
  EXPECT_REFUSAL(ParameterError, node, range(one(0), one(std::nan("")), one(1)), "limit");
}

}  // namespace
}  // namespace convstep::network
