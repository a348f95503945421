// run.cc: runs of a program.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>

#include "convstep/error.h"
#include "core/array_checks.h"
#include "network/program_state.h"
#include "runtime/fork_safe_mutex.h"
#include "runtime/threads.h"

namespace convstep::network {
namespace {

constexpr int kPoison = 0xff;  // NaN, and -1

template <class T>
Extent extent_of(const std::string& name, const ArrayView<T>& array) {
  const size_t size = static_cast<size_t>(element_size<T>(array.element));
  return {name.c_str(), array.data, array.shape.begin(), array.strides.begin(), array.shape.rank(), size};
}

template <class T>
void check_array(const std::string& name, const ArrayView<T>& array, const ValueInfo<T>& expected) {
  if (array.element != expected.element) {
    const auto kind = [](Element element) { return element == Element::kInteger ? "whole numbers" : "real numbers"; };
    throw ParameterError(name, array ? kind(array.element) : "nothing", kind(expected.element));
  }
  if (!(array.shape == expected.shape)) throw ShapeError(name, to_string(array.shape), to_string(expected.shape));
}

// Tells the caller of the part of a run that is done.
class Progress {
 public:
  Progress(const ProgressCallback& callback, int64_t steps) : callback_(callback), steps_(steps) {}

  // What the step that runs now is told to call.
  ProgressCallback of_step() {
    if (!callback_) return {};
    return [this](int64_t done, int64_t total) {
      if (done < total) callback_(done_ * kParts + kParts * done / std::max<int64_t>(total, 1), steps_ * kParts);
    };
  }
  void end_step() {
    ++done_;
    if (callback_) callback_(done_ * kParts, steps_ * kParts);
  }

 private:
  static constexpr int64_t kParts = 1000;  // of a step
  const ProgressCallback& callback_;
  int64_t steps_, done_ = 0;
};

}  // namespace

template <class T>
std::unique_ptr<typename Program<T>::State> Program<T>::Compiled::take_state() {
  {
    const std::lock_guard lock(fork_safe_mutex(this));
    if (!states.empty()) {
      std::unique_ptr<State> state = std::move(states.back());
      states.pop_back();
      return state;
    }
  }
  auto state = std::make_unique<State>();
  state->arena = Tensor<std::byte, 1>::uninitialized({memory.bytes});
  state->arrays.resize(places.values.size());
  size_t most = 0;
  for (const Work& work : places.works) most = std::max(most, work.inputs.size() + work.outputs.size());
  state->arguments.resize(most);
  return state;
}

template <class T>
void Program<T>::Compiled::give_back(std::unique_ptr<State> state) {
  const std::lock_guard lock(fork_safe_mutex(this));
  if (states.size() < kStates) states.push_back(std::move(state));
}

template <class T>
void Program<T>::Compiled::check(std::span<const ArrayView<T>> inputs, std::span<const ArrayView<T>> outputs) const {
  if (inputs.size() != graph.inputs.size()) {
    throw ParameterError("inputs", std::to_string(inputs.size()), std::to_string(graph.inputs.size()));
  }
  if (outputs.size() != graph.outputs.size()) {
    throw ParameterError("outputs", std::to_string(outputs.size()), std::to_string(graph.outputs.size()));
  }
  for (size_t k = 0; k < inputs.size(); ++k) {
    const ValueId id = graph.inputs[k].value;
    check_array(graph[id].name, inputs[k], places.values[static_cast<size_t>(id)]);
    check_readable(extent_of(graph[id].name, inputs[k]));
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    const ValueId id = graph.outputs[k];
    check_array(graph[id].name, outputs[k], places.values[static_cast<size_t>(id)]);
    const Extent extent = extent_of(graph[id].name, outputs[k]);
    check_writable(extent);
    for (size_t i = 0; i < inputs.size(); ++i) {
      check_no_overlap(extent, extent_of(graph[graph.inputs[i].value].name, inputs[i]));
    }
    for (size_t i = 0; i < k; ++i) check_no_overlap(extent, extent_of(graph[graph.outputs[i]].name, outputs[i]));
  }
}

template <class T>
ArrayView<T> Program<T>::Compiled::in_block(int block, const ValueInfo<T>& info, State& state) const {
  return dense_array(info, state.arena.data() + memory.offsets[static_cast<size_t>(block)]);
}

template <class T>
void Program<T>::Compiled::bind(State& state, std::span<const ArrayView<T>> inputs,
                                std::span<const ArrayView<T>> outputs, const RunOptions& options) const {
  for (const ValueId id : places.bases_first) {
    const Place<T>& place = places.places[static_cast<size_t>(id)];
    const ValueInfo<T>& info = places.values[static_cast<size_t>(id)];
    const size_t index = static_cast<size_t>(place.index);
    ArrayView<T>& array = state.arrays[static_cast<size_t>(id)];
    switch (place.kind) {
      case PlaceKind::kNowhere:
        break;
      case PlaceKind::kConstant:
        array = graph.values[index].constant.view();
        break;
      case PlaceKind::kInput:
        array = inputs[index];
        if (places.staging[index] >= 0 && !is_dense(array.shape, array.strides, info.order)) {
          array = in_block(places.staging[index], info, state);
          copy(inputs[index], array, {.threads = options.threads});
        }
        break;
      case PlaceKind::kOutput:
        array = outputs[index];
        break;
      case PlaceKind::kBlock:
        array = in_block(place.index, info, state);
        break;
      case PlaceKind::kView:
        array = place.view(state.arrays[index]);
        break;
    }
  }
}

template <class T>
StepArrays<T> Program<T>::Compiled::arguments(State& state, const Work& work) const {
  size_t count = 0;
  for (const std::vector<ValueId>* ids : {&work.inputs, &work.outputs}) {
    for (const ValueId id : *ids) {
      state.arguments[count++] = id == kNoValue ? ArrayView<T>() : state.arrays[static_cast<size_t>(id)];
    }
  }
  const std::span<const ArrayView<T>> all(state.arguments.data(), count);
  return {all.first(work.inputs.size()), all.last(work.outputs.size())};
}

// Before a step: what died with the one before it, and what begins with it.
template <class T>
void Program<T>::Compiled::poison(State& state, int work) const {
  if (work == 0) std::memset(state.arena.data(), kPoison, static_cast<size_t>(state.arena.size()));
  for (size_t b = 0; work > 0 && b < places.blocks.size(); ++b) {
    const Block& block = places.blocks[b];
    if (block.last != work - 1 && block.first != work) continue;
    std::memset(state.arena.data() + memory.offsets[b], kPoison, static_cast<size_t>(block.bytes));
  }
}

template <class T>
void Program<T>::run(std::span<const ArrayView<T>> inputs, std::span<const ArrayView<T>> outputs,
                     const RunOptions& options, std::span<double> seconds) const {
  using Clock = std::chrono::steady_clock;
  Compiled& all = *compiled_;
  resolve_threads(options.threads);  // throws where there cannot be so many
  all.check(inputs, outputs);
  std::unique_ptr<State> state = all.take_state();
  if (all.poisons_memory) all.poison(*state, 0);
  all.bind(*state, inputs, outputs, options);

  Progress progress(options.progress, static_cast<int64_t>(all.steps.size()));
  const RunOptions of_step{options.threads, progress.of_step()};
  auto stream = all.streams.begin();
  for (size_t w = 0; w < all.steps.size();) {
    if (all.poisons_memory && w > 0) all.poison(*state, static_cast<int>(w));
    const bool is_streamed = stream != all.streams.end() && stream->first() == static_cast<int>(w);
    const size_t end = is_streamed ? static_cast<size_t>(stream->end()) : w + 1;
    const std::span<double> measured = end <= seconds.size() ? seconds.subspan(w, end - w) : std::span<double>();
    if (is_streamed) {
      stream->run(state->arrays, state->arguments, of_step, measured);
      ++stream;
    } else {
      const StepArrays<T> arrays = all.arguments(*state, all.places.works[w]);
      const Clock::time_point begin = Clock::now();
      all.steps[w].run(arrays, of_step);
      if (!measured.empty()) measured[0] = std::chrono::duration<double>(Clock::now() - begin).count();
    }
    for (; w < end; ++w) progress.end_step();
  }
  all.give_back(std::move(state));
}

template class Program<float>;
template class Program<double>;

}  // namespace convstep::network
