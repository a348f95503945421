// fit.cc: epochs of steps.
#include <algorithm>
#include <numeric>

#include "convstep/error.h"
#include "convstep/loss.h"
#include "core/array_checks.h"
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

// Images, or rows.
template <class T, int Rank>
struct Examples {
  View<const T, Rank> inputs;
  View<const int64_t, 1> labels;
  View<const T, 2> targets;

  int64_t size() const { return inputs.shape(0); }
};

struct Measure {
  double loss = 0, right = 0;  // sums over examples
};

}  // namespace

template <class T>
struct Trainer<T>::Fit {
  // Means over examples on which the network is not trained.
  template <int Rank>
  static Measure measure(State& state, const Examples<T, Rank>& examples, int64_t batch, const RunOptions& run) {
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

  template <int Rank>
  static Measure measure_batch(State& state, const Examples<T, Rank>& examples, std::span<const int64_t> numbers,
                               const RunOptions& run) {
    const Tensor<T, Rank> inputs = chosen(examples.inputs, numbers);
    const double count = static_cast<double>(numbers.size());
    if (examples.labels) {
      const Tensor<int64_t, 1> labels = chosen(examples.labels, numbers);
      const Tensor<T, 2> outputs = state.outputs(inputs, run);
      return {count * static_cast<double>(softmax_cross_entropy(outputs.view(), labels.view())),
              static_cast<double>(count_right<T>(outputs, labels))};
    }
    const Tensor<T, 2> targets = chosen(examples.targets, numbers), outputs = state.outputs(inputs, run);
    double loss = 0;
    for (int64_t k = 0; k < outputs.size(); ++k) {
      const double difference = static_cast<double>(outputs.data()[k]) - static_cast<double>(targets.data()[k]);
      loss += difference * difference;
    }
    return {loss / static_cast<double>(targets.shape(1)), 0};
  }

  // Before the first step, for none of them is to find out later what was wrong from the start.
  template <int Rank>
  static void check_answers(State& state, const Examples<T, Rank>& examples, const RunOptions& run) {
    constexpr int64_t kFirst[] = {0};
    const int64_t columns = state.outputs(chosen(examples.inputs, kFirst), run).shape(1);
    if (examples.labels) return check_labels(examples.labels, columns);
    const Shape<2> expected{examples.size(), columns};
    if (examples.targets.shape() == expected) return;
    throw ShapeError("targets", to_string(examples.targets.shape()), to_string(expected));
  }

  template <int Rank>
  static std::vector<Epoch> run(State& state, const Examples<T, Rank>& examples, const Examples<T, Rank>& validation,
                                const FitOptions& options) {
    if (options.epochs < 1) throw ParameterError("epochs", std::to_string(options.epochs.value), "1 or more");
    if (options.batch < 1) throw ParameterError("batch", std::to_string(options.batch.value), "1 or more");
    if (examples.size() < 1)
      throw ShapeError(Rank == 4 ? "images" : "rows", to_string(examples.inputs.shape()), "at least one example");
    const int64_t N = examples.size(), batch = options.batch, steps = options.epochs * ((N + batch - 1) / batch);
    const RunOptions run{.threads = options.threads};
    const auto naming_validation = [](const auto& function) {
      return network::naming([] { return std::string("validation"); }, function);
    };
    check_answers(state, examples, run);
    if (validation.inputs && validation.size() < 1) {
      throw ShapeError(Rank == 4 ? "validation_images" : "validation_rows", to_string(validation.inputs.shape()),
                       "at least one example");
    }
    if (validation.inputs) naming_validation([&] { check_answers(state, validation, run); });
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
        const Tensor<T, Rank> inputs = chosen(examples.inputs, numbers);
        Tensor<int64_t, 1> labels;
        Tensor<T, 2> targets;
        if (examples.labels) labels = chosen(examples.labels, numbers);
        if (examples.targets) targets = chosen(examples.targets, numbers);
        const double loss = state.step(inputs, labels, targets, run);
        sum.loss += loss * static_cast<double>(numbers.size());
        sum.right += static_cast<double>(state.right);
        if (options.on_step) options.on_step(step + 1, steps, loss);
      }
      Epoch epoch{sum.loss / static_cast<double>(N), sum.right / static_cast<double>(N)};
      if (validation.inputs) {
        const Measure measured = naming_validation([&] { return measure(state, validation, batch, run); });
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

template <class T, int Rank>
void check_size(const char* name, const View<const T, Rank>& inputs, int64_t answers) {
  if (inputs.shape(0) == answers) return;
  throw ShapeError(name, std::to_string(answers) + " rows", std::to_string(inputs.shape(0)),
                   Rank == 4 ? "one for each image" : "one for each row of the input");
}

// Are there answers to all of the inputs, and to all of those to measure on?
template <class T, int Rank>
void check_sizes(const Examples<T, Rank>& examples, const Examples<T, Rank>& validation, bool are_labels) {
  const auto answers = [&](const auto& of) { return are_labels ? of.labels.shape(0) : of.targets.shape(0); };
  check_size(are_labels ? "labels" : "targets", examples.inputs, answers(examples));
  if (!validation.inputs) return;
  check_size(are_labels ? "validation_labels" : "validation_targets", validation.inputs, answers(validation));
}

}  // namespace

template <class T>
std::vector<Epoch> Trainer<T>::fit(View<const T, 4> images, View<const int64_t, 1> labels, const FitOptions& options) {
  const Examples<T, 4> examples{images, labels, {}},
      validation{options.validation_images, options.validation_labels, {}};
  check_sizes(examples, validation, true);
  return Fit::run(*state_, examples, validation, options);
}
template <class T>
std::vector<Epoch> Trainer<T>::fit(View<const T, 4> images, View<const T, 2> targets, const FitOptions& options) {
  const Examples<T, 4> examples{images, {}, targets},
      validation{options.validation_images, {}, options.validation_targets};
  check_sizes(examples, validation, false);
  return Fit::run(*state_, examples, validation, options);
}
template <class T>
std::vector<Epoch> Trainer<T>::fit(View<const T, 2> rows, View<const int64_t, 1> labels, const FitOptions& options) {
  const Examples<T, 2> examples{rows, labels, {}}, validation{options.validation_rows, options.validation_labels, {}};
  check_sizes(examples, validation, true);
  return Fit::run(*state_, examples, validation, options);
}
template <class T>
std::vector<Epoch> Trainer<T>::fit(View<const T, 2> rows, View<const T, 2> targets, const FitOptions& options) {
  const Examples<T, 2> examples{rows, {}, targets}, validation{options.validation_rows, {}, options.validation_targets};
  check_sizes(examples, validation, false);
  return Fit::run(*state_, examples, validation, options);
}

template std::vector<Epoch> Trainer<float>::fit(View<const float, 4>, View<const int64_t, 1>, const FitOptions&);
template std::vector<Epoch> Trainer<float>::fit(View<const float, 4>, View<const float, 2>, const FitOptions&);
template std::vector<Epoch> Trainer<float>::fit(View<const float, 2>, View<const int64_t, 1>, const FitOptions&);
template std::vector<Epoch> Trainer<float>::fit(View<const float, 2>, View<const float, 2>, const FitOptions&);
template std::vector<Epoch> Trainer<double>::fit(View<const double, 4>, View<const int64_t, 1>, const FitOptions&);
template std::vector<Epoch> Trainer<double>::fit(View<const double, 4>, View<const double, 2>, const FitOptions&);
template std::vector<Epoch> Trainer<double>::fit(View<const double, 2>, View<const int64_t, 1>, const FitOptions&);
template std::vector<Epoch> Trainer<double>::fit(View<const double, 2>, View<const double, 2>, const FitOptions&);

}  // namespace convstep
