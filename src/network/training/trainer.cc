// trainer.cc: one step of training.
#include <algorithm>

#include "convstep/error.h"
#include "convstep/loss.h"
#include "network/face.h"
#include "network/from_graph.h"
#include "network/training/trainer_state.h"

namespace convstep {
namespace {

// Whole batches, their last part, and those of a last batch that is smaller.
constexpr size_t kTapes = 4;

// The rows first .. first + count - 1 of an array.
template <class T>
network::ArrayView<T> rows_of(const network::ArrayView<T>& array, int64_t first, int64_t count) {
  network::ArrayView<T> rows = array;
  rows.shape[0] = count;
  rows.data = array.real().data + first * array.strides[0];
  return rows;
}

// The order of an array's axes in memory: (KH, KW, C, O) of filters that lie so, for which order_of has several answers
// where an axis has length 1.
template <class T>
network::Dims order_in_memory(const network::ArrayView<T>& view) {
  const network::Dims filters{2, 3, 1, 0};
  if (view.shape.rank() != filters.rank()) return network::order_of(view.shape, view.strides);
  const network::Dims strides = network::dense_strides(view.shape, filters);
  for (int axis = 0; axis < filters.rank(); ++axis) {
    if (view.shape[axis] != 1 && view.strides[axis] != strides[axis]) {
      return network::order_of(view.shape, view.strides);
    }
  }
  return filters;
}

// The sum of (output - target)^2 / count, one row after the other, and its gradient.
template <class T>
double squared_error(const View<const T, 2>& output, const View<const T, 2>& targets, int64_t first, double count,
                     double loss, const View<T, 2>& grad) {
  T sum = static_cast<T>(loss);
  const T factor = static_cast<T>(1 / count);
  for (int64_t n = 0; n < output.shape(0); ++n) {
    for (int64_t k = 0; k < output.shape(1); ++k) {
      const T difference = output(n, k) - targets(first + n, k);
      sum += difference * difference * factor;
      grad(n, k) = 2 * difference * factor;
    }
  }
  return static_cast<double>(sum);
}

}  // namespace

template <class T>
Trainer<T>::State::State(const Network<T>& from, const TrainerOptions& with) : network(from), options(with) {
  network::check(options.optimizer);
  if (options.parts < 1) throw ParameterError("parts", std::to_string(options.parts.value), "1 or more");
  const network::Graph<T>& whole = network.state().graph;
  if (whole.inputs.size() != 1) {
    throw ParameterError("network", std::to_string(whole.inputs.size()) + " inputs", "one, to be trained");
  }
  graph = network::trained_graph(whole, options.loss == Loss::kCrossEntropy);
  for (size_t k = 0; k < graph.trained.size(); ++k) {
    const network::ArrayView<T>& view = graph.begin_with[k].view();
    Trained array{whole[graph.trained[k]].name, view.shape, order_in_memory(view), {}, {}, {}};
    array.values = Tensor<T, 1>({view.shape.count()});
    array.gradient = Tensor<T, 1>({view.shape.count()});
    network::copy(view, array.view(array.values));
    trained.push_back(std::move(array));
  }
}

template <class T>
network::Tape<T>& Trainer<T>::State::tape_for(const network::ArrayView<T>& input) {
  const network::Dims order = network::order_of(input.shape, input.strides);
  const auto found = std::find_if(kept.begin(), kept.end(), [&](const std::unique_ptr<Kept>& one) {
    return one->shape == input.shape && one->order == order;
  });
  if (found != kept.end()) {
    std::rotate(kept.begin(), found, found + 1);
    return kept[0]->tape;
  }
  std::vector<network::ValueInfo<T>> infos{network::input_info(graph.graph, graph.graph.inputs[0], input.shape, order)};
  for (const Trained& array : trained) infos.push_back({network::Element::kReal, array.shape, array.order});
  kept.insert(kept.begin(), std::make_unique<Kept>(Kept{input.shape, order, network::Tape<T>(graph, infos)}));
  if (kept.size() > kTapes) kept.pop_back();
  return kept[0]->tape;
}

template <class T>
std::vector<network::ArrayView<T>> Trainer<T>::State::tape_inputs(const network::ArrayView<T>& input) {
  std::vector<network::ArrayView<T>> arrays{input};
  for (Trained& array : trained) arrays.push_back(array.view(array.values));
  return arrays;
}

template <class T>
View<const T, 2> Trainer<T>::State::output_rows(const network::Tape<T>& tape, int64_t rows) const {
  const network::NdView<T> output = tape.output().real();
  if (output.rank() != 2 || output.shape[0] != rows) {
    throw ShapeError("output", to_string(output.shape), "one row for each example, to be trained");
  }
  return output.template as<2>();
}

template <class T>
template <class LossOfRows>
double Trainer<T>::State::gradients(const network::ArrayView<T>& input, const LossOfRows& loss_of_rows,
                                    const RunOptions& run) {
  const int64_t N = input.shape[0], size = (N + options.parts - 1) / options.parts;
  std::vector<network::ArrayView<T>> grads;
  for (Trained& array : trained) grads.push_back(array.view(array.gradient));
  double loss = 0;
  for (int64_t first = 0; first < N; first += size) {
    const network::ArrayView<T> part = rows_of(input, first, std::min(size, N - first));
    network::Tape<T>& tape = tape_for(part);
    tape.run(tape_inputs(part), run);
    const View<const T, 2> output = output_rows(tape, part.shape[0]);
    Tensor<T, 2> grad(output.shape());
    loss = loss_of_rows(output, first, loss, grad.view());
    const network::Dims shape(output.shape());
    tape.run_back(network::NdView<T>{grad.data(), shape, {shape[1], 1}}, grads, first > 0, run);
  }
  return loss;
}

template <class T>
void Trainer<T>::State::descend() {
  ++steps;
  for (Trained& array : trained) {
    network::descend<T>(options.optimizer, steps, array.elements(array.gradient), array.momenta,
                        array.elements(array.values));
  }
}

template <class T>
network::ArrayView<T> Trainer<T>::State::checked_input(const NetworkArray<const T>& array) const {
  const int rank = static_cast<int>(graph.graph.inputs[0].shape.size());
  const network::ArrayView<T> input =
      network::of_graph<T>(array, network::face_axes(rank, network.state().inputs_as_they_are[0]));
  if (input.element != network::Element::kReal || input.shape.rank() != rank || input.shape[0] < 1) {
    throw ShapeError("input", to_string(input.shape), "real numbers of " + std::to_string(rank) + " axes",
                     "at least one example");
  }
  return input;
}

template <class T>
Tensor<T, 2> Trainer<T>::State::outputs(const NetworkArray<const T>& array, const RunOptions& run) {
  const network::ArrayView<T> input = checked_input(array);
  network::Tape<T>& tape = tape_for(input);
  tape.run(tape_inputs(input), run);
  return Tensor<T, 2>(output_rows(tape, input.shape[0]));
}

template <class T>
double Trainer<T>::State::step(const NetworkArray<const T>& array, const View<const int64_t, 1>& labels,
                               const View<const T, 2>& targets, const RunOptions& run) {
  const bool has_labels = options.loss == Loss::kCrossEntropy;
  if (has_labels != static_cast<bool>(labels)) {
    throw ParameterError(has_labels ? "targets" : "labels", "an array",
                         has_labels ? "labels, for the cross-entropy" : "targets, for the squared error");
  }
  const network::ArrayView<T> input = checked_input(array);
  const int64_t N = input.shape[0], given = has_labels ? labels.shape(0) : targets.shape(0);
  if (given != N) {
    throw ShapeError(has_labels ? "labels" : "targets", std::to_string(given) + " rows", std::to_string(N),
                     "one for each example");
  }
  const auto loss_of_rows = [&](const View<const T, 2>& output, int64_t first, double so_far,
                                const View<T, 2>& grad) -> double {
    const int64_t count = output.shape(0);
    if (has_labels) {
      const View<const int64_t, 1> rows(&labels(first), {count}, labels.strides());
      right += count_right(output, rows);
      return softmax_cross_entropy(output, rows, grad, {.count = N, .loss_so_far = so_far});
    }
    if (targets.shape(1) != output.shape(1)) {
      throw ShapeError("targets", to_string(targets.shape()),
                       "(" + std::to_string(N) + ", " + std::to_string(output.shape(1)) + ")");
    }
    return squared_error(output, targets, first, static_cast<double>(N * output.shape(1)), so_far, grad);
  };
  right = 0;
  const double loss = gradients(input, loss_of_rows, run);
  descend();
  return loss;
}

template <class T>
Trainer<T>::Trainer(const Network<T>& network, const TrainerOptions& options)
    : state_(std::make_unique<State>(network, options)) {}
template <class T>
Trainer<T>::~Trainer() = default;
template <class T>
Trainer<T>::Trainer(Trainer&&) noexcept = default;
template <class T>
Trainer<T>& Trainer<T>::operator=(Trainer&&) noexcept = default;

template <class T>
double Trainer<T>::step(const NetworkArray<const T>& input, View<const int64_t, 1> labels, const RunOptions& options) {
  return state_->step(input, labels, {}, options);
}
template <class T>
double Trainer<T>::step(const NetworkArray<const T>& input, View<const T, 2> targets, const RunOptions& options) {
  return state_->step(input, {}, targets, options);
}

template <class T>
void Trainer<T>::set_rate(double rate) {
  network::set_rate(state_->options.optimizer, rate);
}

template <class T>
std::vector<TrainedArray<T>> Trainer<T>::arrays() {
  std::vector<TrainedArray<T>> arrays;
  for (auto& array : state_->trained) {
    std::vector<int64_t> shape;
    for (const int64_t axis : array.order) shape.push_back(array.shape[static_cast<int>(axis)]);
    arrays.push_back({array.name, std::move(shape), array.elements(array.values)});
  }
  return arrays;
}

template <class T>
Network<T> Trainer<T>::network() const {
  const typename Network<T>::State& state = state_->network.state();
  network::Graph<T> graph = state.graph;
  for (size_t k = 0; k < state_->trained.size(); ++k) {
    auto& array = state_->trained[k];
    network::Constant<T> constant(Tensor<T, 1>(array.values), {array.values.size()});
    network::ArrayView<T> view = array.view(array.values);
    view.data = constant.view().data;
    graph[state_->graph.trained[k]].constant = constant.viewed(view);
  }
  return network::make_network(std::move(graph), state.options, state.inputs_as_they_are, state.outputs_as_they_are);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace convstep
