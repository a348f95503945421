// training.h: lets a network learn from examples.
//
//   Trainer<float> trainer(network, {.optimizer = Adam{.rate = 1e-3}});
//   const auto history = trainer.fit(images, labels, {.epochs = 5, .batch = 64, .seed = 1});
//   const Network<float> trained = trainer.network();
//
// A step lowers the loss of a batch: the network runs, its gradients are computed backwards, and the optimizer moves
// the weights and biases of its convolutions and linear layers. What is computed is what the plain functions compute:
// conv.h, pool.h, activation.h, linear.h and loss.h, forward and backward. So the same examples give the same bits for
// any number of threads, and for any `parts` that a batch is taken in.
//
// What can be trained: Conv, Gemm (a linear layer), pooling, activations, Add and Mul of arrays of one shape, Concat,
// and what only looks at an array differently (Flatten, Reshape, Transpose ...). Batch normalisation keeps its numbers.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "convstep/network.h"

namespace CONVSTEP_EXPORT convstep {

enum class Loss {
  kCrossEntropy,  // softmax and cross-entropy of logits (N, K) and labels (N,): loss.h. A Softmax that the network ends
                  // with is left out, as it is part of the loss.
  kSquaredError   // the mean of (output - target)^2 over all elements
};

// Stochastic gradient descent, whose velocity keeps some of itself:  v = momentum*v + g + decay*w,  w -= rate*v
struct Sgd {
  double rate = 0.01;
  double momentum = 0;
  double decay = 0;
};

// Kingma and Ba, Adam: a method for stochastic optimization, 2015. With g the gradient plus decay*w, at step t:
//   m = beta1*m + (1-beta1)*g,  v = beta2*v + (1-beta2)*g^2,
//   w -= rate * (m / (1-beta1^t)) / (sqrt(v / (1-beta2^t)) + epsilon)
struct Adam {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double decay = 0;
};

using Optimizer = std::variant<Sgd, Adam>;

struct TrainerOptions {
  Loss loss = Loss::kCrossEntropy;
  Optimizer optimizer = Sgd{};
  // A batch is taken in so many calls, one after the other, which need less memory: it changes no bit.
  Count parts = 1;
};

// What an epoch came to: means over all examples. Where there are no labels, accuracies are 0.
struct Epoch {
  double loss = 0, accuracy = 0;                        // of the batches, each before its step
  double validation_loss = 0, validation_accuracy = 0;  // after the epoch; 0 without examples for it
};

// One array of numbers that is trained.
template <class T>
struct TrainedArray {
  std::string name;
  std::vector<int64_t> shape;  // (KH, KW, C, O), (C, O) or (O,)
  std::span<T> values;         // in row-major order of that shape
};

template <class T>
class Trainer {
 public:
  // Takes the weights of the network as they are. Throws ParameterError where there is nothing to train, or an
  // operation whose gradient is not known lies behind it.
  explicit Trainer(const Network<T>& network, const TrainerOptions& options = {});
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  // One step. Returns the loss before it. Where it throws (or progress does), the weights are as before.
  double step(const NetworkArray<const T>& input, View<const int64_t, 1> labels, const RunOptions& options = {});
  double step(const NetworkArray<const T>& input, View<const T, 2> targets, const RunOptions& options = {});

  struct FitOptions {
    Count epochs = 1;
    Count batch = 32;
    bool shuffles = true;  // the examples, before each epoch, by `seed`
    uint64_t seed = 0;
    // Of the step, of so many in all, where it is not always the optimizer's.
    std::function<double(int64_t step, int64_t steps)> rate{};
    // Examples to measure on after each epoch: images or rows, as those to learn from are.
    View<const T, 4> validation_images{};
    View<const T, 2> validation_rows{};
    View<const int64_t, 1> validation_labels{};
    View<const T, 2> validation_targets{};
    // Hears of every step, and of every epoch that ended. What they throw ends fit(), after a whole step.
    std::function<void(int64_t step, int64_t steps, double loss)> on_step{};
    std::function<void(const Epoch& epoch)> on_epoch{};
    Count threads = 0;
  };
  std::vector<Epoch> fit(View<const T, 4> images, View<const int64_t, 1> labels, const FitOptions& options);
  std::vector<Epoch> fit(View<const T, 4> images, View<const T, 2> targets, const FitOptions& options);
  std::vector<Epoch> fit(View<const T, 2> rows, View<const int64_t, 1> labels, const FitOptions& options);
  std::vector<Epoch> fit(View<const T, 2> rows, View<const T, 2> targets, const FitOptions& options);

  // Of the next steps.
  void set_rate(double rate);
  // What is trained, to be read or changed between steps.
  std::vector<TrainedArray<T>> arrays();
  // The network with the weights as they are now.
  Network<T> network() const;

 private:
  struct State;
  struct Fit;
  std::unique_ptr<State> state_;
};
extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace convstep
