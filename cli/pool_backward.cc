#include <algorithm>
#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/pool_options.h"
#include "cli/progress.h"
#include "convstep/pool.h"

namespace convstep::cli {
namespace {

// Throws ShapeError, naming DA, where it is no gradient of an output of this shape.
void check_grad(const Shape<4>& grad, const Shape<4>& output) {
  if (grad == output) return;
  throw ShapeError("DA", to_string(grad), to_string(output), "the shape of the pooling's output");
}

Tensor<int64_t, 4> indices_of(const Input& input) {
  if (input.array.dtype != Dtype::kInt64) {
    throw ParameterError(input.argument, dtype_name(input.array.dtype), "int64, as pool --indices writes it");
  }
  auto indices = Tensor<int64_t, 4>::uninitialized(
      {input.array.shape[0], input.array.shape[1], input.array.shape[2], input.array.shape[3]});
  std::copy_n(input.array.bytes.data(), input.array.bytes.size(), reinterpret_cast<unsigned char*>(indices.data()));
  return indices;
}

struct PoolBackwardCommand {
  std::string grad_path, input_path, indices_path, output_path;
  PoolWindow window;
  std::optional<PoolTies> ties;
  std::optional<Dtype> dtype;

  void check() const {
    window.check();
    if (!indices_path.empty() && window.mode != "max") throw CLI::ValidationError("--indices", "goes with --mode max");
    if (ties && window.mode != "max") throw CLI::ValidationError("--ties", "goes with --mode max");
    if (ties && !indices_path.empty()) throw CLI::ValidationError("--ties and --indices", "one of them, not both");
  }

  void run() const {
    check();
    const Outputs outputs({{"DA", grad_path}, {"A_PREV", input_path}, {"--indices", indices_path}},
                          {{"--output", output_path}});
    const Input grad = as_images(load_input("DA", grad_path)), input = as_images(load_input("A_PREV", input_path));
    std::optional<Input> indices;
    if (!indices_path.empty()) indices = as_images(load_input("--indices", indices_path));
    with_dtype(compute_dtype(dtype, {&grad, &input}), [&]<class T>(T) {
      const Tensor<T, 4> dA = tensor<T, 4>(grad), A_prev = tensor<T, 4>(input);
      PoolOptions pooling = window.on(A_prev.shape());
      check_grad(dA.shape(), pool_output_shape(A_prev.shape(), pooling));
      ProgressBar bar("pool-backward");
      pooling.progress = bar.callback();
      auto dA_prev = Tensor<T, 4>::uninitialized(A_prev.shape());
      if (indices) {
        pool_backward(dA, indices_of(*indices), dA_prev, pooling);
      } else {
        pool_backward(dA, A_prev, dA_prev, pooling, ties.value_or(PoolTies::kAll));
      }
      outputs.save("dA_prev", to_array(dA_prev.view()), output_path);
    });
  }
};

}  // namespace

void add_pool_backward(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("pool-backward", "The gradient of a pooling (pool_backward)");
  auto state = std::make_shared<PoolBackwardCommand>();
  add_input(command, "DA", state->grad_path, "The gradient of the pooling's output, (N, OH, OW, C)")->required();
  add_input(command, "A_PREV", state->input_path, "The pooling's images, (N, H, W, C)")->required();
  add_window(command, state->window);
  const Choices<PoolTies> ties{{"all", PoolTies::kAll}, {"first", PoolTies::kFirst}};
  add_choice(
      command, "--ties", ties, [&state = *state](const std::string&, PoolTies value) { state.ties = value; },
      "Which of several equal maxima get the gradient: all of them, as in the notebook, or the first (default: all)");
  add_input(command, "--indices", state->indices_path, "Where the maxima were, as pool --indices wrote it");
  add_threads_option(command, state->window.options.threads);
  add_dtype_option(command, state->dtype);
  add_array_output(command, "-o,--output", state->output_path, "Where to write the gradient of A_PREV")->required();
  add_example(command, "convstep pool-backward dA.npy A_prev.npy --mode average --window 3 --stride 2 -o dA_prev.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
