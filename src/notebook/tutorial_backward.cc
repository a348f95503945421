#include "notebook/tutorial_backward.h"

#include <fmt/format.h>

#include <string_view>

#include "convstep/convstep.h"
#include "notebook/numpy_mean.h"
#include "notebook/numpy_random.h"
#include "notebook/numpy_text.h"

namespace convstep::cli {
namespace {

constexpr int64_t kSeed = 1;  // as in the cells of the forward pass

// A layer whose output stands for its own gradient: dZ = Z. Every bias counts `bias_counts` times.
void play_layer(TutorialCell& cell, int64_t stride, int64_t bias_counts) {
  NumpyRandom random(kSeed);
  const Tensor<double, 4> A_prev = random.randn(Shape<4>{10, 4, 4, 3});
  const Tensor<double, 4> W = random.randn(Shape<4>{2, 2, 3, 8});
  Tensor<double, 4> b = random.randn(Shape<4>{1, 1, 1, 8});
  const std::string drawn = fmt::format("np.random.seed({}); A_prev = randn{}; W = randn{}; b = randn{}", kSeed,
                                        to_string(A_prev.shape()), to_string(W.shape()), to_string(b.shape()));
  for (double& bias : b) bias *= static_cast<double>(bias_counts);
  const ConvHparameters hparameters{.stride = stride, .pad = 2, .numerics = Numerics::kNumpy};
  const auto [Z, cache_conv] = conv_forward(A_prev, W, b, hparameters);
  const auto [dA, dW, db] = conv_backward(Z, cache_conv);

  const std::string forward = bias_counts == 1 ? "b" : fmt::format("{}*b", bias_counts);
  cell.list({drawn, fmt::format("Z, cache = conv_forward(A_prev, W, {}, pad = 2, stride = {})", forward, stride),
             "dA, dW, db = conv_backward(Z, cache)",
             fmt::format("shapes: dA {} of A_prev, dW {} of W, db {} of b", to_string(dA.shape()),
                         to_string(dW.shape()), to_string(db.shape()))});
  cell.show("Z's mean", numpy_mean(Z), Layout::kSameLine);
  cell.show("dA_mean", numpy_mean(dA), Layout::kSameLine);
  cell.show("dW_mean", numpy_mean(dW), Layout::kSameLine);
  cell.show("db_mean", numpy_mean(db), Layout::kSameLine);
}

}  // namespace

void play_conv_backward(TutorialCell& cell, std::vector<TutorialPicture>&) {
  cell.explain(
      "Back from the gradient of the output, dZ, to those of all that the output was made of. It was a sum of\n"
      "products, so each factor gets dZ times the other factor; windows overlap, and all that comes together\n"
      "in one place is added up. The bias was added once to every output: its gradient is the sum of dZ.\n"
      "What falls on the padding is dropped. In this cell the output stands for its own gradient.");
  cell.list({"dA[i, window] += W[:,:,:,c] * dZ[i,h,w,c]", "dW[:,:,:,c]   += A_prev[i, window] * dZ[i,h,w,c]",
             "db[:,:,:,c]   += dZ[i,h,w,c]"});
  play_layer(cell, 2, 1);
}

void play_conv_backward_v1(TutorialCell& cell, std::vector<TutorialPicture>&) {
  constexpr int64_t kWeightsOfAFilter = 2 * 2 * 3;
  cell.explain(
      "The notebook's first version moved its window by 1, and added the bias to every product of a window,\n"
      "not once to their sum. So it counted 2 * 2 * 3 = 12 times. The way back is the same as above.");
  play_layer(cell, 1, kWeightsOfAFilter);
}

void play_create_mask(TutorialCell& cell, std::vector<TutorialPicture>&) {
  NumpyRandom random(kSeed);
  const Tensor<double, 2> x = random.randn(Shape<2>{2, 3});
  cell.explain(
      "Max pooling kept one number of a window and forgot the others. Only that number had a say in the\n"
      "output, so it alone gets the gradient. The mask shows where it is.");
  cell.list({fmt::format("np.random.seed({}); x = randn{}", kSeed, to_string(x.shape())), "mask = (x == max(x))"});
  cell.show("x", numpy_text(x.view()));
  cell.show("mask", numpy_text(create_mask_from_window(x).view()));
}

void play_distribute_value(TutorialCell& cell, std::vector<TutorialPicture>&) {
  constexpr int kGradient = 2;
  const Shape<2> shape{2, 2};
  cell.explain(
      "In a mean every number of the window has the same say, so the gradient is shared out evenly. The shares\n"
      "add up to what came in.");
  cell.list({fmt::format("a = distribute_value({}, {})", kGradient, to_string(shape)),
             fmt::format("{} / ({} * {}) for each", kGradient, shape[0], shape[1])});
  cell.show("distributed value", numpy_text(distribute_value(kGradient, shape).view()));
}

void play_pool_backward(TutorialCell& cell, std::vector<TutorialPicture>&) {
  NumpyRandom random(kSeed);
  const Tensor<double, 4> A_prev = random.randn(Shape<4>{5, 5, 3, 2});
  const PoolHparameters hparameters{.stride = 1, .f = 2};
  const auto [A, cache] = pool_forward(A_prev, hparameters);
  const Tensor<double, 4> dA = random.randn(Shape<4>{5, 4, 2, 2});

  cell.explain(
      "Every output hands its gradient to its window: to the maximum (max), or in equal shares to all numbers\n"
      "(average). A number under several windows gets something from each.");
  cell.list({fmt::format("np.random.seed({}); A_prev = randn{}; f = 2, stride = 1", kSeed, to_string(A_prev.shape())),
             fmt::format("A, cache = pool_forward(A_prev, ...); dA = randn{}", to_string(dA.shape())),
             "max:     dA_prev[i, window, c] += mask * dA[i,h,w,c]",
             "average: dA_prev[i, window, c] += distribute_value(dA[i,h,w,c], (f, f))"});
  for (const char* mode : {"max", "average"}) {
    cell.begin_mode(mode);
    if (std::string_view(mode) == "max") cell.show("mean of dA", numpy_mean(dA), Layout::kSameLine);
    cell.show("dA_prev[1,1]", numpy_text(pool_backward(dA, cache, mode)[1][1]));
  }
}

}  // namespace convstep::cli
