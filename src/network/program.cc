#include "network/program.h"

#include <limits>

#include "convstep/error.h"
#include "network/node_error.h"
#include "network/operations/pointwise.h"
#include "network/program_state.h"

namespace convstep::network {
namespace {

template <class T>
StepInfo<T> step_info(const Graph<T>& graph, const InferredNode<T>& node, const Step<T>& step) {
  StepInfo<T> info;
  info.name = describe(graph, *node.node);
  if (node.node->operation == "Conv" && node.inputs.size() > 3 && node.inputs[3]) info.name += " + residual";
  const std::string activation = node.node->text("activation", "");
  if (!activation.empty()) info.name += " + " + activation;
  info.operation = node.node->operation;
  info.method = step.method;
  info.output = node.inferred.outputs[0];
  for (const ValueInfo<T>& input : node.inputs) {
    if (input.constant && input.element == Element::kReal) info.parameters += input.shape.count();
  }
  info.multiply_adds = step.multiply_adds;
  return info;
}

template <class T>
StepInfo<T> copy_info(const Graph<T>& graph, const Places<T>& places, const Work& copy) {
  const size_t from = static_cast<size_t>(copy.inputs[0]);
  StepInfo<T> info;
  info.operation = "copy";
  info.name = from < graph.values.size() ? "copy of '" + graph.values[from].name + "'" : "copy";
  info.output = places.values[from];
  return info;
}

// Are the rows of the output computed from the same rows of the inputs, element by element?
template <class T>
bool goes_by_row(const InferredNode<T>& node) {
  const std::string& operation = node.node->operation;
  if (operation == "Concat")
    return node.node->integer("axis", 0) == 1 && node.node->inputs.size() <= kMostInputsByElement;
  return operation == "Pointwise" || operation == "BatchNormalization" ||
         goes_by_element<T>(*node.node, std::span(node.inputs).first(node.node->inputs.size()));
}

template <class T>
Step<T> copy_step() {
  Step<T> step;
  step.run = [](const StepArrays<T>& arrays, const RunOptions& options) {
    copy(arrays.inputs[0], arrays.outputs[0], options);
  };
  step.method = "rows";
  step.of_rows = by_element(step);
  return step;
}

}  // namespace

template <class T>
Program<T>::Program(Graph<T> graph, std::span<const ValueInfo<T>> inputs, const ProgramOptions& options)
    : compiled_(std::make_unique<Compiled>()) {
  check_graph(graph);
  run_passes(graph, inputs, options.passes);
  compiled_->graph = std::move(graph);
  compiled_->poisons_memory = options.poisons_memory;
  const Graph<T>& made = compiled_->graph;
  const InferredGraph<T> inferred = infer_graph<T>(made, inputs);
  compiled_->places = find_places(made, inferred);
  compiled_->memory = lay_out(compiled_->places.blocks);
  for (const Work& work : compiled_->places.works) {
    if (work.node < 0) {
      compiled_->steps.push_back(copy_step<T>());
      compiled_->infos.push_back(copy_info(made, compiled_->places, work));
      continue;
    }
    const InferredNode<T>& node = inferred.nodes[static_cast<size_t>(work.node)];
    compiled_->steps.push_back(
        naming_node(made, *node.node, [&] { return node.operation->make(node.request(), node.inferred); }));
    Step<T>& step = compiled_->steps.back();
    if (!step.of_rows && goes_by_row(node)) step.of_rows = by_element(step);
    compiled_->infos.push_back(step_info(made, node, step));
  }
  const int64_t limit = options.memory_limit;
  if (limit > 0 && compiled_->memory.bytes > limit) compiled_->keep_within(limit, inferred);
  compiled_->states.reserve(Compiled::kStates);
  compiled_->give_back(compiled_->take_state());  // so that the first run, too, allocates nothing
}

template <class T>
void Program<T>::Compiled::keep_within(int64_t limit, const InferredGraph<T>& inferred) {
  constexpr int64_t kMostBands = 4096;
  places = find_places(graph, inferred, false);
  int64_t least = memory.bytes;
  std::vector<std::vector<Stream<T>>> ways;
  for (const int64_t few_bytes : {int64_t{0}, limit / 2, limit / 4, limit / 8}) {
    ways.push_back(find_streams<T>(places, steps, few_bytes));
  }
  for (int64_t bands = 2; bands <= kMostBands; bands *= 2) {
    for (std::vector<Stream<T>>& way : ways) {
      std::vector<Block> blocks = places.blocks;
      for (Stream<T>& stream : way) {
        stream.plan_bands(bands);
        stream.change(blocks);
      }
      memory = lay_out(blocks);
      least = std::min(least, memory.bytes);
      if (memory.bytes > limit) continue;
      places.blocks = std::move(blocks);
      streams = std::move(way);
      for (const Stream<T>& stream : streams) {
        for (int w = stream.first(); w < stream.end(); ++w) infos[static_cast<size_t>(w)].method += ", in bands";
      }
      return;
    }
  }
  throw ParameterError("memory", std::to_string(limit) + " bytes", std::to_string(least) + " or more");
}

template <class T>
Program<T>::~Program() = default;
template <class T>
Program<T>::Program(Program&&) noexcept = default;
template <class T>
Program<T>& Program<T>::operator=(Program&&) noexcept = default;

template <class T>
const Graph<T>& Program<T>::graph() const {
  return compiled_->graph;
}

template <class T>
std::vector<ValueInfo<T>> Program<T>::inputs() const {
  std::vector<ValueInfo<T>> infos;
  for (const GraphInput& input : compiled_->graph.inputs) {
    infos.push_back(compiled_->places.values[static_cast<size_t>(input.value)]);
  }
  return infos;
}

template <class T>
std::vector<ValueInfo<T>> Program<T>::outputs() const {
  std::vector<ValueInfo<T>> infos;
  for (const ValueId id : compiled_->graph.outputs) infos.push_back(compiled_->places.values[static_cast<size_t>(id)]);
  return infos;
}

template <class T>
std::vector<StepInfo<T>> Program<T>::steps() const {
  return compiled_->infos;
}

template <class T>
size_t Program<T>::memory_bytes() const {
  return static_cast<size_t>(compiled_->memory.bytes);
}

template class Program<float>;
template class Program<double>;

}  // namespace convstep::network
