#include "notebook/tutorial.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "convstep/convstep.h"
#include "convstep/error.h"
#include "notebook/numpy_mean.h"
#include "notebook/numpy_random.h"
#include "notebook/numpy_text.h"
#include "notebook/tutorial_backward.h"
#include "notebook/tutorial_cell.h"

namespace convstep::cli {
namespace {

constexpr int64_t kSeed = 1;  // every cell of the document starts from it

// Row after row of image 0, channel 0.
TutorialPanel first_channel(std::string title, const Tensor<double, 4>& images) {
  Tensor<double, 2> plane({images.shape(1), images.shape(2)});
  for (int64_t h = 0; h < plane.shape(0); ++h) {
    for (int64_t w = 0; w < plane.shape(1); ++w) plane(h, w) = images(0, h, w, 0);
  }
  return {std::move(title), std::move(plane)};
}

void play_zero_pad(TutorialCell& cell, std::vector<TutorialPicture>& pictures) {
  constexpr int64_t kPad = 2;
  NumpyRandom random(kSeed);
  const Tensor<double, 4> x = random.randn(Shape<4>{4, 3, 3, 2});
  const Tensor<double, 4> x_pad = zero_pad(x, kPad);

  cell.explain(
      "A frame of zeros is laid around every image, so that a window can also be centred on its border and\n"
      "the output need not shrink. Only height and width grow, by the padding on both sides; the number of\n"
      "images and of channels stays.");
  cell.list({fmt::format("np.random.seed({}); x = randn{}; x_pad = zero_pad(x, {})", kSeed, to_string(x.shape()), kPad),
             fmt::format("height: {} + 2*{} = {}", x.shape(1), kPad, x_pad.shape(1)),
             fmt::format("width:  {} + 2*{} = {}", x.shape(2), kPad, x_pad.shape(2))});
  cell.show("x.shape", to_string(x.shape()));
  cell.show("x_pad.shape", to_string(x_pad.shape()));
  cell.show("x[1,1]", numpy_text(x[1][1]));
  cell.show("x_pad[1,1]", numpy_text(x_pad[1][1]));
  pictures.push_back({"zero_pad", {}});
  pictures.back().panels.push_back(first_channel("x", x));
  pictures.back().panels.push_back(first_channel("x_pad", x_pad));
}

void play_conv_single_step(TutorialCell& cell, std::vector<TutorialPicture>&) {
  NumpyRandom random(kSeed);
  const Tensor<double, 3> a_slice_prev = random.randn(Shape<3>{4, 4, 3});
  const Tensor<double, 3> W = random.randn(Shape<3>{4, 4, 3});
  const Tensor<double, 3> b = random.randn(Shape<3>{1, 1, 1});
  const double Z = conv_single_step(a_slice_prev, W, b);

  cell.explain(
      "One window meets one filter of the same shape and leaves one number: multiply the two element by\n"
      "element, add up all the products, and add the bias, once, at the very end.");
  cell.list({fmt::format("np.random.seed({}); a_slice_prev = randn{}; W = randn{}; b = randn{}", kSeed,
                         to_string(a_slice_prev.shape()), to_string(W.shape()), to_string(b.shape())),
             fmt::format("products: {} * {} * {} = {}", W.shape(0), W.shape(1), W.shape(2), W.size()),
             fmt::format("bias:     {}", numpy_scalar_text(b(0, 0, 0)))});
  cell.show("Z", Z, Layout::kSameLine);
}

void play_conv_forward(TutorialCell& cell, std::vector<TutorialPicture>&) {
  NumpyRandom random(kSeed);
  const Tensor<double, 4> A_prev = random.randn(Shape<4>{10, 5, 7, 4});
  const Tensor<double, 4> W = random.randn(Shape<4>{3, 3, 4, 8});
  const Tensor<double, 4> b = random.randn(Shape<4>{1, 1, 1, 8});
  const ConvHparameters hparameters{.stride = 2, .pad = 1, .numerics = Numerics::kNumpy};
  const auto [Z, cache_conv] = conv_forward(A_prev, W, b, hparameters);

  const int64_t stride = hparameters.stride, pad = hparameters.pad;
  const int64_t f = W.shape(0);
  cell.explain(
      "The single step, at every position the window can take and for every filter. The window starts at\n"
      "the upper left corner of the padded image and moves on by the stride; each filter fills one channel\n"
      "of the output.");
  cell.list({fmt::format("np.random.seed({}); A_prev = randn{}; W = randn{}; b = randn{}", kSeed,
                         to_string(A_prev.shape()), to_string(W.shape()), to_string(b.shape())),
             fmt::format("pad = {}, stride = {}", pad, stride),
             output_size_text("n_H", A_prev.shape(1), f, pad, stride, Z.shape(1)),
             output_size_text("n_W", A_prev.shape(2), f, pad, stride, Z.shape(2)),
             fmt::format("n_C = {}, one channel per filter; Z is {}", Z.shape(3), to_string(Z.shape()))});
  cell.show("Z's mean", numpy_mean(Z));
  cell.show("Z[3,2,1]", numpy_text(Z[3][2][1]));
  cell.show("cache_conv[0][1][2][3]", numpy_text(cache_conv.A_prev[1][2][3]));
}

void play_pool_forward(TutorialCell& cell, std::string_view stem, int64_t stride,
                       std::vector<TutorialPicture>& pictures) {
  constexpr int64_t kWindow = 3;
  NumpyRandom random(kSeed);
  const Tensor<double, 4> A_prev = random.randn(Shape<4>{2, 5, 5, 3});
  const PoolHparameters hparameters{.stride = stride, .f = kWindow};
  const Shape<4> pooled = pool_forward(A_prev, hparameters).A.shape();

  cell.list({fmt::format("np.random.seed({}); A_prev = randn{}", kSeed, to_string(A_prev.shape())),
             fmt::format("f = {}, stride = {}, no padding", kWindow, stride),
             output_size_text("n_H", A_prev.shape(1), kWindow, stride, pooled[1]),
             output_size_text("n_W", A_prev.shape(2), kWindow, stride, pooled[2]),
             fmt::format("n_C = {}, as before", pooled[3])});
  pictures.push_back({std::string(stem), {}});
  pictures.back().panels.push_back(first_channel("A_prev", A_prev));
  for (const char* mode : {"max", "average"}) {
    const auto [A, cache] = pool_forward(A_prev, hparameters, mode);
    cell.begin_mode(mode);
    cell.show("A.shape", to_string(A.shape()), Layout::kSameLine);
    cell.show("A", numpy_text(A.view()));
    pictures.back().panels.push_back(first_channel(mode, A));
  }
}

void play_pool_stride_1(TutorialCell& cell, std::vector<TutorialPicture>& pictures) {
  cell.explain(
      "A window slides over each channel by itself and keeps its largest number (max), or the mean of its\n"
      "numbers (average). There is nothing to learn here: no filter, no bias.");
  play_pool_forward(cell, "pool_stride_1", 1, pictures);
}

void play_pool_stride_2(TutorialCell& cell, std::vector<TutorialPicture>& pictures) {
  cell.explain(
      "The same images, but the window jumps two rows or columns at a time: the output holds every second\n"
      "row and column of the one before.");
  play_pool_forward(cell, "pool_stride_2", 2, pictures);
}

struct Scene {
  TutorialPart part;
  std::string_view function;
  void (*play)(TutorialCell&, std::vector<TutorialPicture>&);
};

constexpr std::array kScenes{
    Scene{{"zero_pad", "3.1", "a frame of zeros around every image"}, "zero_pad", play_zero_pad},
    Scene{{"conv_single_step", "3.2", "one window, one filter, one number"}, "conv_single_step", play_conv_single_step},
    Scene{{"conv_forward", "3.3", "a whole layer of filters"}, "conv_forward", play_conv_forward},
    Scene{{"pool_stride_1", "4.1", "overlapping windows, stride 1"}, "pool_forward", play_pool_stride_1},
    Scene{{"pool_stride_2", "4.1", "every second position, stride 2"}, "pool_forward", play_pool_stride_2},
    Scene{{"conv_backward", "5.1", "the gradients of a layer of filters"}, "conv_backward", play_conv_backward},
    Scene{{"conv_backward_v1", "5.1", "the same in the notebook's first version"},
          "conv_backward",
          play_conv_backward_v1},
    Scene{{"create_mask", "5.2.1", "where the maximum is"}, "create_mask_from_window", play_create_mask},
    Scene{{"distribute_value", "5.2.2", "a number shared out evenly"}, "distribute_value", play_distribute_value},
    Scene{{"pool_backward", "5.2.3", "the gradient of a pooling"}, "pool_backward", play_pool_backward},
};

const Scene& find_scene(std::string_view name) {
  const auto scene =
      std::find_if(kScenes.begin(), kScenes.end(), [&](const Scene& candidate) { return candidate.part.name == name; });
  if (scene != kScenes.end()) return *scene;
  std::string names;
  for (const Scene& known : kScenes) names.append(names.empty() ? "" : ", ").append(known.part.name);
  throw ParameterError("part", name, "one of " + names);
}

}  // namespace

std::span<const TutorialPart> tutorial_parts() {
  static const std::array parts = [] {
    std::array<TutorialPart, kScenes.size()> all;
    std::transform(kScenes.begin(), kScenes.end(), all.begin(), [](const Scene& scene) { return scene.part; });
    return all;
  }();
  return parts;
}

TutorialResult run_tutorial(std::span<const std::string> parts, std::ostream& out,
                            std::span<const DocumentPrintout> printouts) {
  std::vector<const Scene*> scenes;
  for (const std::string& name : parts) scenes.push_back(&find_scene(name));
  if (scenes.empty()) {
    for (const Scene& scene : kScenes) scenes.push_back(&scene);
  }

  TutorialResult result;
  size_t compared = 0;
  for (const Scene* scene : scenes) {
    TutorialCell cell(scene->part, scene->function, printouts, out);
    scene->play(cell, result.pictures);
    result.passed = cell.finish() && result.passed;
    compared += cell.compared();
  }
  out << (result.passed ? fmt::format("All {} figures are the notebook's, to the last digit.\n", compared)
                        : "Not every figure is the notebook's: see the marks above.\n");
  return result;
}

}  // namespace convstep::cli
