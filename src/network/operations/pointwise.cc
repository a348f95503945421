// pointwise.cc: Pointwise, several operations by element one after the other, which a pass joins (passes/).
//
// Arrays pass through all of them block by block, so that what lies between them never leaves the cache. Each operation
// runs its own step on a block: results have the bits of the operations by themselves.
//
//   inputs: arrays of one shape and order, and single numbers   output: of that shape
//   operations: their names   arguments: for each, how many it has, and which: 0, 1, ... an input of the node; then the
//   results of the operations before it; -1 for none   "2.alpha": the attribute alpha of operation 2
#include "network/operations/pointwise.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "network/loop.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"
#include "pointwise/chain_kernel.h"

namespace convstep::network {
namespace {

// So many elements pass through the operations at a time: some such blocks fit a level-1 cache, and they are large
// enough that what a step does besides its elements is little.
constexpr int64_t kBlock = 2048;

constexpr std::string_view kUnary[] = {
    "Abs",     "Ceil",        "Celu", "Clip",      "Cos",       "Elu",  "Erf",   "Exp",        "Floor",          "Gelu",
    "Log",     "HardSigmoid", "Mish", "HardSwish", "LeakyRelu", "Neg",  "Relu",  "Reciprocal", "Round",          "Selu",
    "Sigmoid", "Sign",        "Sin",  "Softplus",  "Softsign",  "Sqrt", "Swish", "Tanh",       "ThresholdedRelu"};
constexpr std::string_view kBinary[] = {"Add", "Div", "Max", "Min", "Mul", "PRelu", "Pow", "Sub", "Sum"};

template <size_t kCount>
bool is_among(const std::string_view (&names)[kCount], const std::string& name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

template <class T>
struct Part {
  Node node;
  const Operation<T>* operation;
  std::vector<ValueInfo<T>> inputs;
  Inferred<T> inferred;
};

// The operations with all that is known of them.
template <class T>
std::vector<Part<T>> parts_of(const Request<T>& request) {
  const auto found = request.node.attributes.find("operations");
  const auto* names =
      found == request.node.attributes.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
  const std::vector<int64_t> arguments = request.node.integers("arguments");
  if (!names || names->empty()) throw ParameterError("operations", "none", "at least one");
  std::vector<Part<T>> parts;
  std::vector<ValueInfo<T>> known(request.inputs.begin(), request.inputs.end());
  size_t at = 0;
  const auto next = [&] {
    if (at == arguments.size()) throw ParameterError("arguments", std::to_string(at), "more");
    return arguments[at++];
  };
  for (size_t k = 0; k < names->size(); ++k) {
    Part<T> part{{(*names)[k], "", {}, {}, {}}, find_operation<T>((*names)[k]), {}, {}};
    const std::string prefix = std::to_string(k) + ".";
    for (const auto& [name, value] : request.node.attributes) {
      if (name.rfind(prefix, 0) == 0) part.node.attributes[name.substr(prefix.size())] = value;
    }
    for (int64_t count = next(); count > 0; --count) {
      const int64_t argument = next();
      if (argument < -1 || argument >= static_cast<int64_t>(known.size())) {
        throw ParameterError("arguments", std::to_string(argument), "-1 to " + std::to_string(known.size() - 1));
      }
      part.node.inputs.push_back(static_cast<ValueId>(argument));
      part.inputs.push_back(argument < 0 ? ValueInfo<T>() : known[static_cast<size_t>(argument)]);
    }
    part.node.outputs = {static_cast<ValueId>(known.size())};
    if (!part.operation || !goes_by_element<T>(part.node, part.inputs)) {
      throw ParameterError("operations", part.node.operation, "operations by element");
    }
    part.inferred = part.operation->infer({part.node, part.inputs});
    known.push_back(part.inferred.outputs[0]);
    parts.push_back(std::move(part));
  }
  return parts;
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const std::vector<Part<T>> parts = parts_of(request);
  const ValueInfo<T> output = parts.back().inferred.outputs[0];
  const auto check = [&](const ValueInfo<T>& info, bool may_be_single) {
    if (!info || (may_be_single && info.shape.count() == 1)) return;
    if (info.element != Element::kReal || !(info.shape == output.shape) || !(info.order == output.order)) {
      throw ShapeError("inputs", to_string(info.shape), to_string(output.shape) + ", in one order in memory");
    }
  };
  Inferred<T> inferred{.outputs = {{output.element, output.shape, output.order}}, .may_work_in_place = true};
  inferred.in_place_inputs.clear();
  size_t arrays = 1;
  for (size_t k = 0; k < request.inputs.size(); ++k) {
    check(request.inputs[k], true);
    if (request.inputs[k].shape == output.shape) inferred.in_place_inputs.push_back(k);
    arrays += request.inputs[k].shape.count() > 1;
  }
  for (const Part<T>& part : parts) check(part.inferred.outputs[0], false);
  if (arrays > Run::kMostArrays) {
    throw ParameterError("inputs", std::to_string(arrays - 1) + " arrays",
                         "at most " + std::to_string(Run::kMostArrays - 1));
  }
  return inferred;
}

// The operations as a program of the kernel; none where it does not have one of them.
template <class T>
std::optional<kernels::ChainProgram> program_of(std::span<const Part<T>> parts, size_t inputs) {
  using Kind = kernels::ChainOperation;
  constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"Add", Kind::kAdd},    {"Sub", Kind::kSubtract},    {"Mul", Kind::kMultiply},
      {"Div", Kind::kDivide}, {"Clip", Kind::kClip},       {"Erf", Kind::kErf},
      {"Relu", Kind::kRelu},  {"Sigmoid", Kind::kSigmoid}, {"Tanh", Kind::kTanh}};
  // Behind the inputs of the node come the limits of a Clip that has none.
  kernels::ChainProgram program{static_cast<int>(inputs) + 2, {}};
  if (inputs + 2 > kernels::kMostChainInputs || inputs + 2 + parts.size() > kernels::kMostChainValues) return {};
  const auto value = [&](ValueId id) { return id < static_cast<ValueId>(inputs) ? id : id + 2; };
  for (const Part<T>& part : parts) {
    const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](const auto& kind) { return kind.first == part.node.operation; });
    if (found == std::end(kKinds)) return {};
    const std::vector<ValueId>& ids = part.node.inputs;
    kernels::ChainStep step{found->second, value(ids[0]), 0, 0};
    if (found->second == Kind::kClip) {
      step.b = ids.size() > 1 && ids[1] != kNoValue ? value(ids[1]) : static_cast<int>(inputs);
      step.c = ids.size() > 2 && ids[2] != kNoValue ? value(ids[2]) : static_cast<int>(inputs) + 1;
    } else if (ids.size() > 1) {
      step.b = value(ids[1]);
    }
    program.steps.push_back(step);
  }
  return program;
}

// A step, and where its arguments are: inputs of the node, or one of a few blocks of memory.
template <class T>
struct BlockStep {
  Step<T> step;
  std::vector<ValueId> arguments;
  std::array<int, kMostPointwiseInputs> from_block = {-1, -1, -1};
  int to_block = -1;  // -1: the output
};

template <class T>
class Chain {
 public:
  explicit Chain(const Request<T>& request) : inputs_(request.inputs.size()) {
    std::vector<Part<T>> parts = parts_of(request);
    program_ = program_of<T>(parts, inputs_);
    std::vector<size_t> last_read(parts.size(), 0);
    for (size_t k = 0; k < parts.size(); ++k) {
      for (const ValueId id : parts[k].node.inputs) {
        if (is_result(id)) last_read[result(id)] = k;
      }
    }
    // A result has the first block that no living result has, be it one that dies in its step.
    std::vector<int> block_of(parts.size(), -1);
    for (size_t k = 0; k < parts.size(); ++k) {
      BlockStep<T> step{parts[k].operation->make({parts[k].node, parts[k].inputs}, parts[k].inferred),
                        parts[k].node.inputs};
      for (size_t i = 0; i < step.arguments.size(); ++i) {
        if (is_result(step.arguments[i])) step.from_block[i] = block_of[result(step.arguments[i])];
      }
      if (k + 1 < parts.size()) {
        int block = 0;
        const auto is_taken = [&](int wanted) {
          for (size_t r = 0; r < k; ++r) {
            if (block_of[r] == wanted && last_read[r] > k) return true;
          }
          return false;
        };
        while (is_taken(block)) ++block;
        block_of[k] = step.to_block = block;
        blocks_ = std::max(blocks_, block + 1);
      }
      steps_.push_back(std::move(step));
    }
  }

  void run(const StepArrays<T>& arrays, const RunOptions& options) const {
    const NdView<T> to = arrays.outputs[0].real();
    std::array<Dims, Run::kMostArrays> strides;
    std::array<size_t, Run::kMostArrays> array_of{};  // of the loop: the input
    size_t count = 0;
    strides.fill(Dims::filled(to.rank(), 0));
    strides[count++] = to.strides;
    for (size_t k = 0; k < arrays.inputs.size(); ++k) {
      if (arrays.inputs[k].shape.count() <= 1) continue;
      array_of[count] = k;
      strides[count++] = arrays.inputs[k].strides;
    }
    const Loop loop(to.shape, {strides[0], strides[1], strides[2], strides[3]});
    loop.run(options, [&](const Run& run) {
      if (program_ && run_program(arrays, run, {array_of.data(), count})) return;
      ThreadWorkspace workspace(static_cast<size_t>(blocks_ * kBlock) * sizeof(T));
      for (int64_t first = 0; first < run.count; first += kBlock) {
        const int64_t n = std::min(kBlock, run.count - first);
        const auto piece = [&](T* data, int64_t step) { return ArrayView<T>(NdView<T>{data, {n}, {step}}); };
        const auto block = [&](int b) { return piece(static_cast<T*>(workspace.data()) + b * kBlock, 1); };
        const ArrayView<T> output = piece(to.data + run.offset(0) + first * run.step(0), run.step(0));
        const auto input = [&](ValueId id) {
          const size_t k = static_cast<size_t>(id);
          ArrayView<T> view = arrays.inputs[k];
          for (size_t a = 1; a < count; ++a) {
            if (array_of[a] == k) return piece(view.real().data + run.offset(a) + first * run.step(a), run.step(a));
          }
          view.shape = view.strides = {};  // a single number
          return view;
        };
        for (const BlockStep<T>& step : steps_) {
          std::array<ArrayView<T>, kMostPointwiseInputs> from;
          for (size_t i = 0; i < step.arguments.size(); ++i) {
            if (step.from_block[i] >= 0) {
              from[i] = block(step.from_block[i]);
            } else if (step.arguments[i] != kNoValue) {
              from[i] = input(step.arguments[i]);
            }
          }
          const ArrayView<T> result = step.to_block < 0 ? output : block(step.to_block);
          step.step.run({{from.data(), step.arguments.size()}, {&result, 1}}, {.threads = 1});
        }
      }
    });
  }

 private:
  // False where elements do not lie side by side. Array k of the loop, for k > 0, is the input array_of[k].
  bool run_program(const StepArrays<T>& arrays, const Run& run, std::span<const size_t> array_of) const {
    constexpr T kInfinity = std::numeric_limits<T>::infinity(), kLimits[] = {-kInfinity, kInfinity};
    if (run.step(0) != 1) return false;
    std::array<kernels::ChainInput<T>, kernels::kMostChainInputs> from;
    for (size_t k = 0; k < inputs_; ++k) {
      from[k] = {arrays.inputs[k] ? arrays.inputs[k].real().data : &kLimits[0], true};
    }
    from[inputs_] = {&kLimits[0], true};
    from[inputs_ + 1] = {&kLimits[1], true};
    for (size_t a = 1; a < array_of.size(); ++a) {
      if (run.step(a) != 0 && run.step(a) != 1) return false;
      kernels::ChainInput<T>& input = from[array_of[a]];
      input = {input.data + run.offset(a), run.step(a) == 0};
    }
    T* const to = arrays.outputs[0].real().data + run.offset(0);
    kernels::chain_run(target_, *program_, from.data(), to, run.count);
    return true;
  }
  bool is_result(ValueId id) const { return id >= static_cast<ValueId>(inputs_); }
  size_t result(ValueId id) const { return static_cast<size_t>(id) - inputs_; }

  size_t inputs_;
  const kernels::Target& target_ = kernels::chosen_target();
  std::optional<kernels::ChainProgram> program_;
  std::vector<BlockStep<T>> steps_;
  int blocks_ = 0;
};

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>&) {
  std::string method;
  for (const Part<T>& part : parts_of(request)) method.append(method.empty() ? "" : ", ").append(part.node.operation);
  Step<T> step;
  step.run = [chain = std::make_shared<const Chain<T>>(request)](
                 const StepArrays<T>& arrays, const RunOptions& options) { chain->run(arrays, options); };
  step.method = method;
  return step;
}

}  // namespace

template <class T>
bool goes_by_element(const Node& node, std::span<const ValueInfo<T>> inputs) {
  if (is_among(kUnary, node.operation)) return inputs.size() <= (node.operation == "Clip" ? 3 : 1);
  if (!is_among(kBinary, node.operation) || inputs.size() != 2) return false;
  return node.operation != "Pow" || inputs[1].shape.count() == 1;  // which squares where it is one number, 2
}

template <class T>
Operation<T> pointwise_operation() {
  return {"Pointwise", kAnyNumber, infer<T>, make<T>};
}
template bool goes_by_element(const Node&, std::span<const ValueInfo<float>>);
template bool goes_by_element(const Node&, std::span<const ValueInfo<double>>);
template Operation<float> pointwise_operation();
template Operation<double> pointwise_operation();

}  // namespace convstep::network
