// Training: gradients beside central differences, bits beside plain functions, and what cannot be trained.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "convstep/convstep.h"
#include "tests/support/expect_error.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

constexpr int64_t kClasses = 5;

Tensor<int64_t, 1> some_labels(int64_t count) {
  Tensor<int64_t, 1> labels({count});
  for (int64_t n = 0; n < count; ++n) labels(n) = n * 7 % kClasses;
  return labels;
}

template <class T>
Network<T> lenet(uint64_t seed) {
  const Activation relu = Activation::kRelu;
  return Network<T>({8, 8, 1},
                    {layers::Conv{.filters = 6, .window = 3, .padding = 1, .activation = relu},
                     layers::Pool{.window = 2, .stride = 2},
                     layers::Conv{.filters = 8, .window = 3, .padding = 1, .activation = relu},
                     layers::Pool{.window = 2, .stride = 2}, layers::Flatten{}, layers::Linear{.outputs = kClasses}},
                    seed);
}

// The same network in plain functions.
template <class T>
struct Plain {
  Tensor<T, 4> W1, W2;
  Tensor<T, 1> b1, b2;
  Tensor<T, 2> W3;
  Tensor<T, 1> b3;

  struct Block {
    Tensor<T, 4> A, pooled;
  };
  static Block forward(View<const T, 4> x, View<const T, 4> W, View<const T, 1> b) {
    const ConvOptions conv{.padding = 1, .activation = Activation::kRelu};
    const PoolOptions pool{.window = 2, .stride = 2};
    Block block;
    block.A = Tensor<T, 4>(conv_output_shape(x.shape(), W.shape(), conv));
    conv_forward(x, W, b, block.A.view(), conv);
    block.pooled = Tensor<T, 4>(pool_output_shape(block.A.shape(), pool));
    pool_forward(View<const T, 4>(block.A), block.pooled.view(), pool);
    return block;
  }
  static void backward(const Tensor<T, 4>& pooled_grad, View<const T, 4> x, const Block& block, View<const T, 4> W,
                       Tensor<T, 4>& W_grad, Tensor<T, 1>& b_grad, View<T, 4> x_grad) {
    Tensor<T, 4> grad(block.A.shape());
    pool_backward(View<const T, 4>(pooled_grad), View<const T, 4>(block.A), grad.view(), {.window = 2, .stride = 2});
    activation_backward(View<const T, 4>(grad), View<const T, 4>(block.A), grad.view(), Activation::kRelu);
    conv_backward_weights(View<const T, 4>(grad), x, W_grad.view(), b_grad.view(), {.padding = 1}, true);
    if (x_grad) conv_backward_input(View<const T, 4>(grad), W, x_grad, {.padding = 1});
  }

  T step(View<const T, 4> x, View<const int64_t, 1> labels, T rate) {
    const Block first = forward(x, W1, b1), second = forward(first.pooled, W2, b2);
    const int64_t N = x.shape(0);
    Tensor<T, 2> logits({N, kClasses}), logits_grad({N, kClasses});
    const View<const T, 2> rows = second.pooled.template reshape<2>({N, -1});
    linear_forward(rows, View<const T, 2>(W3), View<const T, 1>(b3), logits.view());
    const T loss = softmax_cross_entropy(View<const T, 2>(logits), labels, logits_grad.view());
    Plain g{Tensor<T, 4>(W1.shape()), Tensor<T, 4>(W2.shape()), Tensor<T, 1>(b1.shape()),
            Tensor<T, 1>(b2.shape()), Tensor<T, 2>(W3.shape()), Tensor<T, 1>(b3.shape())};
    Tensor<T, 4> second_grad(second.pooled.shape()), first_grad(first.pooled.shape());
    linear_backward_weights(View<const T, 2>(logits_grad), rows, g.W3.view(), g.b3.view());
    linear_backward_input(View<const T, 2>(logits_grad), View<const T, 2>(W3),
                          second_grad.template reshape<2>({N, -1}));
    backward(second_grad, first.pooled, second, W2, g.W2, g.b2, first_grad.view());
    backward(first_grad, x, first, W1, g.W1, g.b1, {});
    const auto move = [rate](std::span<T> w, std::span<const T> d) {
      for (size_t i = 0; i < w.size(); ++i) w[i] -= rate * d[i];
    };
    move(W1, g.W1), move(b1, g.b1), move(W2, g.W2), move(b2, g.b2), move(W3, g.W3), move(b3, g.b3);
    return loss;
  }
};

template <class T>
std::vector<std::vector<T>> values_of(Trainer<T>& trainer) {
  std::vector<std::vector<T>> all;
  for (const TrainedArray<T>& array : trainer.arrays()) all.emplace_back(array.values.begin(), array.values.end());
  return all;
}

template <class T>
class TrainingTest : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(TrainingTest, Scalars);

TYPED_TEST(TrainingTest, HasTheBitsOfPlainFunctions) {
  using T = TypeParam;
  const auto images = random_tensor<T, 4>({12, 8, 8, 1}, 1);
  const auto labels = some_labels(12);
  for (const int64_t parts : {1, 3, 5, 12}) {
    for (const int64_t threads : {1, 2, 3}) {
      Trainer<T> trainer(lenet<T>(3), {.optimizer = Sgd{.rate = 0.1}, .parts = parts});
      const auto arrays = trainer.arrays();
      ASSERT_EQ(arrays.size(), 6u);
      EXPECT_EQ(arrays[0].shape, (std::vector<int64_t>{3, 3, 1, 6}));
      EXPECT_EQ(arrays[4].shape, (std::vector<int64_t>{32, kClasses}));
      const auto span = [&](size_t k) { return std::span<const T>(arrays[k].values); };
      Plain<T> plain{Tensor<T, 4>({3, 3, 1, 6}, span(0)),
                     Tensor<T, 4>({3, 3, 6, 8}, span(2)),
                     Tensor<T, 1>({6}, span(1)),
                     Tensor<T, 1>({8}, span(3)),
                     Tensor<T, 2>({32, kClasses}, span(4)),
                     Tensor<T, 1>({kClasses}, span(5))};
      for (int step = 0; step < 4; ++step) {
        const T wanted = plain.step(images, labels, static_cast<T>(0.1));
        ASSERT_EQ(trainer.step(images, labels, {.threads = threads}), static_cast<double>(wanted)) << step;
      }
      const auto expect_same = [&](size_t k, std::span<const T> wanted) {
        EXPECT_EQ(std::memcmp(arrays[k].values.data(), wanted.data(), wanted.size_bytes()), 0)
            << arrays[k].name << ", " << parts << " parts, " << threads << " threads";
      };
      expect_same(0, plain.W1), expect_same(1, plain.b1), expect_same(2, plain.W2), expect_same(3, plain.b2);
      expect_same(4, plain.W3), expect_same(5, plain.b3);

      // The network that comes out of it computes with these weights.
      const auto block1 = Plain<T>::forward(images, plain.W1, plain.b1);
      const auto block2 = Plain<T>::forward(block1.pooled, plain.W2, plain.b2);
      Tensor<T, 2> logits({12, kClasses});
      linear_forward(View<const T, 2>(block2.pooled.template reshape<2>({12, -1})), View<const T, 2>(plain.W3),
                     View<const T, 1>(plain.b3), logits.view());
      const auto outputs = trainer.network().run(images);
      EXPECT_EQ(std::memcmp(outputs.values().data(), logits.data(), outputs.values().size_bytes()), 0);
    }
  }
}

// Branches, sums, products, concatenations, every activation and pooling, batch normalisation.
Network<double> branching() {
  NetworkBuilder<double> build(5);
  const auto image = build.input({7, 6, 3});
  const auto conv = [&](auto x, int64_t filters, Size2 stride, Activation activation) {
    return build.layer(
        x, layers::Conv{.filters = filters, .window = 3, .stride = stride, .padding = 1, .activation = activation});
  };
  const auto a = conv(image, 4, 1, Activation::kTanh);
  const auto b = conv(a, 4, 1, Activation::kSigmoid);
  const auto numbers = [](double x, double step) {
    Tensor<double, 1> values({4});
    for (int64_t c = 0; c < 4; ++c) values(c) = x + step * double(c);
    return values;
  };
  const auto normal = build.batch_normalization(build.add(a, b), numbers(1, 0.1), numbers(0, 0.2), numbers(0.1, 0.1),
                                                numbers(0.5, 0.2));
  const auto product = build.multiply(normal, b);
  const auto pools = build.concat({build.pool(product, {.window = 2, .stride = 2, .mode = PoolMode::kAverage}),
                                   build.pool(a, {.window = 2, .stride = 2}),
                                   build.pool(b, {.window = 2, .stride = 2, .mode = PoolMode::kLp})});
  const auto strided = conv(pools, 6, 2, Activation::kLeakyRelu);
  const auto squared = build.multiply(strided, strided);
  const auto features = build.global_pool(build.activation(squared, Activation::kRelu6));
  const auto deep = build.layer(build.flatten(features), layers::Linear{.outputs = 7, .activation = Activation::kTanh});
  build.output(build.softmax(build.layer(deep, layers::Linear{.outputs = kClasses})));
  return build.network();
}

template <class Step>
void expect_central_differences(Trainer<double>& trainer, const Step& step) {
  trainer.set_rate(0);
  const auto arrays = trainer.arrays();
  const auto before = values_of(trainer);
  trainer.set_rate(1);
  step();  // w - g
  const auto after = values_of(trainer);
  trainer.set_rate(0);
  for (size_t k = 0; k < arrays.size(); ++k) std::copy(before[k].begin(), before[k].end(), arrays[k].values.begin());
  int compared = 0;
  for (size_t k = 0; k < arrays.size(); ++k) {
    for (size_t i = 0; i < before[k].size(); i += 1 + before[k].size() / 7) {
      constexpr double kStep = 1e-5;
      double& w = arrays[k].values[i];
      w = before[k][i] + kStep;
      const double above = step();
      w = before[k][i] - kStep;
      const double below = step();
      w = before[k][i];
      const double wanted = (above - below) / (2 * kStep), got = before[k][i] - after[k][i];
      EXPECT_NEAR(got, wanted, 1e-7 * std::max(std::abs(wanted), 0.01)) << arrays[k].name << " " << i;
      ++compared;
    }
  }
  EXPECT_GT(compared, 30);
}

TEST(Training, GradientsAreCentralDifferences) {
  const auto images = random_tensor<double, 4>({6, 7, 6, 3}, 1);
  const auto labels = some_labels(6);
  Trainer<double> trainer(branching(), {.optimizer = Sgd{.rate = 0}});
  expect_central_differences(trainer, [&] { return trainer.step(images, labels); });
}

TEST(Training, SquaredErrorsHaveGradients) {
  const auto images = random_tensor<double, 4>({6, 7, 6, 3}, 1);
  const auto targets = random_tensor<double, 2>({6, kClasses}, 2);
  Trainer<double> trainer(lenet<double>(1), {.loss = Loss::kSquaredError, .optimizer = Sgd{.rate = 0}});
  const auto pictures = random_tensor<double, 4>({6, 8, 8, 1}, 3);
  expect_central_differences(trainer, [&] { return trainer.step(pictures, View<const double, 2>(targets)); });
}

// As Kingma and Ba write it.
TEST(Training, AdamMovesAsItsPaperSays) {
  const auto images = random_tensor<double, 4>({4, 8, 8, 1}, 1);
  const auto labels = some_labels(4);
  Trainer<double> plain(lenet<double>(2), {.optimizer = Sgd{.rate = 1}});
  Trainer<double> adam(lenet<double>(2), {.optimizer = Adam{.rate = 0.01}});
  std::vector<std::vector<double>> m, v;
  for (int t = 1; t <= 3; ++t) {
    const auto before = values_of(adam);
    const auto arrays = plain.arrays();
    for (size_t k = 0; k < arrays.size(); ++k) std::copy(before[k].begin(), before[k].end(), arrays[k].values.begin());
    plain.step(images, labels);
    adam.step(images, labels);
    const auto moved = values_of(plain), after = values_of(adam);
    if (t == 1) m = v = std::vector<std::vector<double>>(before.size());
    for (size_t k = 0; k < before.size(); ++k) {
      m[k].resize(before[k].size());
      v[k].resize(before[k].size());
      for (size_t i = 0; i < before[k].size(); ++i) {
        const double g = before[k][i] - moved[k][i];
        m[k][i] = 0.9 * m[k][i] + 0.1 * g;
        v[k][i] = 0.999 * v[k][i] + 0.001 * g * g;
        const double step =
            0.01 * (m[k][i] / (1 - std::pow(0.9, t))) / (std::sqrt(v[k][i] / (1 - std::pow(0.999, t))) + 1e-8);
        EXPECT_NEAR(after[k][i], before[k][i] - step, 1e-6) << t;
      }
    }
  }
}

TYPED_TEST(TrainingTest, FitLearnsAndIsTheSameAgain) {
  using T = TypeParam;
  // Each class is a bright square somewhere.
  const int64_t count = 60;
  Tensor<T, 4> images = random_tensor<T, 4>({count, 8, 8, 1}, 1);
  const auto labels = some_labels(count);
  for (int64_t n = 0; n < count; ++n) images(n, labels(n), labels(n) + 1, 0) += 6;
  const auto train = [&](int64_t threads, int64_t parts) {
    Trainer<T> trainer(lenet<T>(1), {.optimizer = Adam{.rate = 0.01}, .parts = parts});
    int64_t steps = 0, epochs = 0;
    const auto history = trainer.fit(images, labels,
                                     {.epochs = 8,
                                      .batch = 16,
                                      .seed = 4,
                                      .validation_images = images,
                                      .validation_labels = labels,
                                      .on_step =
                                          [&](int64_t step, int64_t all, double) {
                                            EXPECT_EQ(step, ++steps);
                                            EXPECT_EQ(all, 32);
                                          },
                                      .on_epoch = [&](const Epoch&) { ++epochs; },
                                      .threads = threads});
    EXPECT_EQ(epochs, 8);
    EXPECT_LT(history.back().loss, history.front().loss / 4);
    EXPECT_GE(history.back().validation_accuracy, 0.95);
    return values_of(trainer);
  };
  const auto once = train(1, 1);
  EXPECT_EQ(once, train(2, 1));
  EXPECT_EQ(once, train(1, 4));
}

// Rows are images of one pixel that are flattened.
TYPED_TEST(TrainingTest, FitTakesRows) {
  using T = TypeParam;
  const auto images = random_tensor<T, 4>({40, 1, 1, 12}, 1);
  const View<const T, 2> rows(images.data(), {40, 12});
  const auto labels = some_labels(40);
  const auto targets = random_tensor<T, 2>({40, kClasses}, 2);
  const layers::Linear hidden{.outputs = 9, .activation = Activation::kTanh}, last{.outputs = kClasses};
  const std::vector<NetworkLayer> of_rows{hidden, last}, of_images{layers::Flatten{}, hidden, last};
  for (const Loss loss : {Loss::kCrossEntropy, Loss::kSquaredError}) {
    Trainer<T> by_rows(Network<T>::of_rows(12, of_rows, 3), {.loss = loss});
    Trainer<T> by_images(Network<T>({1, 1, 12}, of_images, 3), {.loss = loss});
    const typename Trainer<T>::FitOptions of_all{.epochs = 2,
                                                 .batch = 16,
                                                 .validation_images = images,
                                                 .validation_rows = rows,
                                                 .validation_labels = labels,
                                                 .validation_targets = targets};
    const bool has_labels = loss == Loss::kCrossEntropy;
    const auto first = has_labels ? by_rows.fit(rows, labels, of_all) : by_rows.fit(rows, targets, of_all);
    const auto second = has_labels ? by_images.fit(images, labels, of_all) : by_images.fit(images, targets, of_all);
    EXPECT_EQ(first.back().validation_loss, second.back().validation_loss);
    EXPECT_EQ(values_of(by_rows), values_of(by_images));
  }
  Trainer<T> trainer(Network<T>::of_rows(12, of_rows, 3));
  expect_error<ShapeError>([&] { trainer.fit(rows, some_labels(39), {}); }, "labels", "39 rows", "40");
  expect_error<ShapeError>([&] { trainer.fit(images, labels, {}); }, "input", "(1, 1, 1, 12)",
                           "real numbers of 2 axes");
}

TEST(Training, StopsAfterAWholeStep) {
  const auto images = random_tensor<float, 4>({10, 8, 8, 1}, 1);
  const auto labels = some_labels(10);
  Trainer<float> stopped(lenet<float>(1)), whole(lenet<float>(1));
  EXPECT_THROW(stopped.fit(images, labels,
                           {.epochs = 3,
                            .batch = 5,
                            .shuffles = false,
                            .on_step =
                                [](int64_t step, int64_t, double) {
                                  if (step == 2) throw std::runtime_error("enough");
                                }}),
               std::runtime_error);
  whole.fit(images, labels, {.epochs = 1, .batch = 5, .shuffles = false});
  EXPECT_EQ(values_of(stopped), values_of(whole));
}

// The last label is wrong, and so is the last of those to measure on: nothing has been learnt by then.
TEST(Training, ChecksAllAnswersFirst) {
  const auto images = random_tensor<float, 4>({20, 8, 8, 1}, 1);
  const auto labels = some_labels(20);
  Tensor<int64_t, 1> wrong = labels;
  wrong(19) = kClasses;
  Trainer<float> trainer(lenet<float>(1));
  const auto before = values_of(trainer);
  const std::string expected = "0 to " + std::to_string(kClasses - 1);
  expect_error<ParameterError>([&] { trainer.fit(images, wrong, {.batch = 4}); }, "labels", "at index 19", expected);
  expect_error<ParameterError>(
      [&] { trainer.fit(images, labels, {.batch = 4, .validation_images = images, .validation_labels = wrong}); },
      "validation, labels", "at index 19", expected);
  EXPECT_EQ(values_of(trainer), before);
}

TEST(Training, NamesTheValidation) {
  const auto images = random_tensor<float, 4>({4, 8, 8, 1}, 1);
  const auto labels = some_labels(4), few = some_labels(3);
  Tensor<int64_t, 1> wrong = labels;
  wrong(2) = kClasses;
  const auto fit_with = [&](const Tensor<int64_t, 1>& answers) {
    Trainer<float>(lenet<float>(1)).fit(images, labels, {.validation_images = images, .validation_labels = answers});
  };
  expect_error<ShapeError>([&] { fit_with(few); }, "validation_labels", "3 rows", "4");
  expect_error<ParameterError>([&] { fit_with(wrong); }, "validation, labels");
}

TEST(Training, SaysWhatCannotBeTrained) {
  const auto images = random_tensor<float, 4>({4, 8, 8, 1}, 1);
  Trainer<float> trainer(lenet<float>(1));
  expect_error<ShapeError>([&] { trainer.step(images, some_labels(3)); }, "labels", "3 rows", "4");
  expect_error<ParameterError>(
      [&] {
        const Tensor<float, 2> targets({4, kClasses});
        trainer.step(images, View<const float, 2>(targets));
      },
      "targets", "an array", "labels");
  expect_error<ParameterError>([&] { Trainer<float>(lenet<float>(1), {.optimizer = Sgd{.momentum = 1}}); }, "momentum",
                               "1", "0 to below 1");
  expect_error<ParameterError>(
      [&] {
        Trainer<float>(Network<float>({8, 8, 1}, {layers::Pool{.window = 2}}));
      },
      "network", "no weights");
  Tensor<int64_t, 1> labels = some_labels(4);
  labels(2) = kClasses;
  const auto before = values_of(trainer);
  EXPECT_THROW(trainer.step(images, labels), ParameterError);
  EXPECT_EQ(values_of(trainer), before);
}

}  // namespace
}  // namespace convstep
