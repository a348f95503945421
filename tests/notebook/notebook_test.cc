// notebook_test.cc: the figures that the other published versions of the notebook print for the forward pass.
#include <gtest/gtest.h>

#include "convstep/convstep.h"
#include "notebook/document_printouts.h"
#include "notebook/numpy_mean.h"
#include "notebook/numpy_random.h"
#include "notebook/numpy_text.h"

namespace convstep::cli {
namespace {

struct Step {
  Tensor<double, 3> a_slice_prev, W, b;
};

Step draw_step(int64_t seed, int64_t f) {
  NumpyRandom random(seed);
  Step step;
  step.a_slice_prev = random.randn(Shape<3>{f, f, 3});
  step.W = random.randn(Shape<3>{f, f, 3});
  step.b = random.randn(Shape<3>{1, 1, 1});
  return step;
}

struct Layer {
  Tensor<double, 4> A_prev, W, b;
};

Layer draw_layer(NumpyRandom& random, const Shape<4>& A_prev, const Shape<4>& W) {
  Layer layer;
  layer.A_prev = random.randn(A_prev);
  layer.W = random.randn(W);
  layer.b = random.randn(Shape<4>{1, 1, 1, W[3]});
  return layer;
}

Tensor<double, 4> forward(const Layer& layer, int64_t pad, int64_t stride) {
  return conv_forward(layer.A_prev, layer.W, layer.b, {.stride = stride, .pad = pad, .numerics = Numerics::kNumpy}).Z;
}

TEST(Notebook, ConvSingleStep) {
  const Step seed_1 = draw_step(1, 4);
  EXPECT_EQ(numpy_scalar_text(conv_single_step(seed_1.a_slice_prev, seed_1.W, seed_1.b)), "-6.999089450680221");
  const Step seed_3 = draw_step(3, 5);
  EXPECT_EQ(numpy_scalar_text(conv_single_step(seed_3.a_slice_prev, seed_3.W, seed_3.b)), "-3.5443670581382474");
}

TEST(Notebook, ConvForwardOfTenImages) {
  NumpyRandom random(1);
  const Tensor<double, 4> Z = forward(draw_layer(random, {10, 5, 7, 4}, {3, 3, 4, 8}), 1, 2);
  EXPECT_EQ(numpy_scalar_text(numpy_mean(Z)), "0.6923608807576933");
}

TEST(Notebook, ConvForwardOfTwoImages) {
  NumpyRandom random(1);
  const Tensor<double, 4> Z = forward(draw_layer(random, {2, 5, 7, 4}, {3, 3, 4, 8}), 1, 2);
  EXPECT_EQ(numpy_scalar_text(numpy_mean(Z)), "0.5511276474566768");
  EXPECT_EQ(numpy_text(Z[0][2][1]),
            "[-2.17796037  8.07171329 -0.5772704   3.36286738  4.48113645 -2.89198428\n 10.99288867  3.03171932]");
}

// The 2021 version draws a layer of 3 x 3 filters first, and then others of 5 x 5 for the same images.
TEST(Notebook, ConvForwardWithAWidePadding) {
  NumpyRandom random(3);
  Layer layer = draw_layer(random, {2, 5, 7, 4}, {3, 3, 4, 8});
  layer.W = random.randn(Shape<4>{5, 5, 4, 8});
  layer.b = random.randn(Shape<4>{1, 1, 1, 8});
  const Tensor<double, 4> Z = forward(layer, 6, 1);
  EXPECT_EQ(Z.shape(), (Shape<4>{2, 13, 15, 8}));
  EXPECT_EQ(numpy_scalar_text(numpy_mean(Z)), "-0.5384027772160062");
}

TEST(Notebook, ConvForwardOfTheSecondVersion) {
  NumpyRandom random(1);
  const Tensor<double, 4> Z = forward(draw_layer(random, {10, 4, 4, 3}, {2, 2, 3, 8}), 2, 2);
  EXPECT_EQ(older_number_text(numpy_mean(Z)), "0.0489952035289");
  EXPECT_EQ(numpy_text(Z[3][2][1]),
            "[-0.61490741 -6.7439236  -2.55153897  1.75698377  3.56208902  0.53036437\n  5.18531798  8.75898442]");
}

// The first version added the bias to every product, so that it counted as often as the filter has weights.
TEST(Notebook, TheFirstVersionCountedTheBiasOncePerProduct) {
  Step step = draw_step(1, 4);
  step.b(0, 0, 0) *= static_cast<double>(step.W.size());
  EXPECT_EQ(older_number_text(conv_single_step(step.a_slice_prev, step.W, step.b)), "-23.1602122025");

  NumpyRandom random(1);
  Layer layer = draw_layer(random, {10, 4, 4, 3}, {2, 2, 3, 8});
  const int64_t products = layer.W.shape(0) * layer.W.shape(1) * layer.W.shape(2);
  for (int64_t c = 0; c < layer.b.size(); ++c) layer.b(0, 0, 0, c) *= static_cast<double>(products);
  EXPECT_EQ(older_number_text(numpy_mean(forward(layer, 2, 1))), "0.155859324889");
}

}  // namespace
}  // namespace convstep::cli
