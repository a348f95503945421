// fit.cc: epochs of steps.
#include <algorithm>
#include <numeric>

#include "convstep/error.h"
#include "convstep/loss.h"
#include "network/node_error.h"
#include "network/random.h"
#include "network/training/trainer_state.h"

namespace convstep {
namespace {

// The examples with these numbers, side by side.
template <class U, int Rank>
Tensor<U, Rank> chosen(const View<const U, Rank>& all, std::span<const int64_t> numbers) {
  Shape<Rank> shape = all.shape();
  shape[0] = static_cast<int64_t>(numbers.size());
  Tensor<U, Rank> some = Tensor<U, Rank>::uninitialized(shape);
  U* to = some.data();
  for (const int64_t n : numbers) {
    if constexpr (Rank == 1) {
      *to++ = all(n);
    } else {
      to = copy_elements(View<const U, Rank - 1>(all[n]), to);
    }
  }
  return some;
}

// Fisher and Yates, with numbers that are the same on every machine.
void shuffle(std::vector<int64_t>& order, network::Random& random) {
  for (size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.next() % k]);
}

template <class T>
struct Examples {
  View<const T, 4> images;
  View<const int64_t, 1> labels;
  View<const T, 2> targets;

  int64_t size() const { return images.shape(0); }
};

struct Measure {
  double loss = 0, right = 0;  // sums over examples
};

}  // namespace

template <class T>
struct Trainer<T>::Fit {
  // Means over examples on which the network is not trained.
  static Measure measure(State& state, const Examples<T>& examples, int64_t batch, const RunOptions& run) {
    Measure sum;
    std::vector<int64_t> numbers(static_cast<size_t>(examples.size()));
    std::iota(numbers.begin(), numbers.end(), 0);
    for (int64_t first = 0; first < examples.size(); first += batch) {
      const auto some = std::span<const int64_t>(numbers).subspan(static_cast<size_t>(first));
      const auto part = some.first(std::min<size_t>(some.size(), static_cast<size_t>(batch)));
      const Measure of_part = measure_batch(state, examples, part, run);
      sum.loss += of_part.loss;
      sum.right += of_part.right;
    }
    return {sum.loss / static_cast<double>(examples.size()), sum.right / static_cast<double>(examples.size())};
  }

  static Measure measure_batch(State& state, const Examples<T>& examples, std::span<const int64_t> numbers,
                               const RunOptions& run) {
    const Tensor<T, 4> images = chosen(examples.images, numbers);
    const double count = static_cast<double>(numbers.size());
    if (examples.labels) {
      const Tensor<int64_t, 1> labels = chosen(examples.labels, numbers);
      const Tensor<T, 2> outputs = state.outputs(images, run);
      return {count * static_cast<double>(softmax_cross_entropy(outputs.view(), labels.view())),
              static_cast<double>(count_right<T>(outputs, labels))};
    }
    const Tensor<T, 2> targets = chosen(examples.targets, numbers), outputs = state.outputs(images, run);
    if (targets.shape() != outputs.shape()) {
      throw ShapeError("targets", to_string(targets.shape()), to_string(outputs.shape()));
    }
    double loss = 0;
    for (int64_t k = 0; k < outputs.size(); ++k) {
      const double difference = static_cast<double>(outputs.data()[k]) - static_cast<double>(targets.data()[k]);
      loss += difference * difference;
    }
    return {loss / static_cast<double>(targets.shape(1)), 0};
  }

  static std::vector<Epoch> run(State& state, const Examples<T>& examples, const Examples<T>& validation,
                                const FitOptions& options) {
    if (options.epochs < 1) throw ParameterError("epochs", std::to_string(options.epochs.value), "1 or more");
    if (options.batch < 1) throw ParameterError("batch", std::to_string(options.batch.value), "1 or more");
    if (examples.size() < 1) throw ShapeError("images", to_string(examples.images.shape()), "at least one example");
    const int64_t N = examples.size(), batch = options.batch, steps = options.epochs * ((N + batch - 1) / batch);
    const RunOptions run{.threads = options.threads};
    network::Random random(options.seed);
    std::vector<int64_t> order(static_cast<size_t>(N));
    std::iota(order.begin(), order.end(), 0);
    std::vector<Epoch> history;
    int64_t step = 0;
    for (int64_t e = 0; e < options.epochs; ++e) {
      if (options.shuffles) shuffle(order, random);
      Measure sum;
      for (int64_t first = 0; first < N; first += batch, ++step) {
        const auto numbers = std::span<const int64_t>(order).subspan(static_cast<size_t>(first),
                                                                     static_cast<size_t>(std::min(batch, N - first)));
        if (options.rate) network::set_rate(state.options.optimizer, options.rate(step, steps));
        const Tensor<T, 4> images = chosen(examples.images, numbers);
        Tensor<int64_t, 1> labels;
        Tensor<T, 2> targets;
        if (examples.labels) labels = chosen(examples.labels, numbers);
        if (examples.targets) targets = chosen(examples.targets, numbers);
        const double loss = state.step(images, labels, targets, run);
        sum.loss += loss * static_cast<double>(numbers.size());
        sum.right += static_cast<double>(state.right);
        if (options.on_step) options.on_step(step + 1, steps, loss);
      }
      Epoch epoch{sum.loss / static_cast<double>(N), sum.right / static_cast<double>(N)};
      if (validation.images) {
        const Measure measured = network::naming([] { return std::string("validation"); },
                                                 [&] { return measure(state, validation, batch, run); });
        epoch.validation_loss = measured.loss;
        epoch.validation_accuracy = measured.right;
      }
      history.push_back(epoch);
      if (options.on_epoch) options.on_epoch(epoch);
    }
    return history;
  }
};

namespace {

template <class T>
void check_rows(const char* name, const View<const T, 4>& images, int64_t rows) {
  if (images.shape(0) == rows) return;
  throw ShapeError(name, std::to_string(rows) + " rows", std::to_string(images.shape(0)), "one for each image");
}

}  // namespace

template <class T>
std::vector<Epoch> Trainer<T>::fit(View<const T, 4> images, View<const int64_t, 1> labels, const FitOptions& options) {
  check_rows("labels", images, labels.shape(0));
  if (options.validation_images) {
    check_rows("validation_labels", options.validation_images, options.validation_labels.shape(0));
  }
  return Fit::run(*state_, {images, labels, {}}, {options.validation_images, options.validation_labels, {}}, options);
}

template <class T>
std::vector<Epoch> Trainer<T>::fit(View<const T, 4> images, View<const T, 2> targets, const FitOptions& options) {
  check_rows("targets", images, targets.shape(0));
  if (options.validation_images) {
    check_rows("validation_targets", options.validation_images, options.validation_targets.shape(0));
  }
  return Fit::run(*state_, {images, {}, targets}, {options.validation_images, {}, options.validation_targets}, options);
}

template std::vector<Epoch> Trainer<float>::fit(View<const float, 4>, View<const int64_t, 1>, const FitOptions&);
template std::vector<Epoch> Trainer<double>::fit(View<const double, 4>, View<const int64_t, 1>, const FitOptions&);
template std::vector<Epoch> Trainer<float>::fit(View<const float, 4>, View<const float, 2>, const FitOptions&);
template std::vector<Epoch> Trainer<double>::fit(View<const double, 4>, View<const double, 2>, const FitOptions&);

}  // namespace convstep
