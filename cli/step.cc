#include <fmt/core.h>

#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "convstep/notebook.h"
#include "notebook/numpy_text.h"

namespace convstep::cli {
namespace {

struct StepCommand {
  std::string slice_path, weights_path, bias_path;
  std::optional<Dtype> dtype;

  void run() const {
    const Outputs nowhere({{"SLICE", slice_path}, {"W", weights_path}, {"B", bias_path}}, {});
    const Input slice = as_window(load_input("SLICE", slice_path));
    const Input weights = as_window(load_input("W", weights_path));
    const Input bias = load_input("B", bias_path);
    with_dtype(compute_dtype(dtype, {&slice, &weights, &bias}), [&]<class T>(T) {
      if (bias.array.size() != 1) {
        throw ShapeError(bias.argument, bias.shape_text(), "(1, 1, 1)", "one filter has one bias");
      }
      const Tensor<T, 1> b = bias.array.flat<T>();
      const T Z = conv_single_step(tensor<T, 3>(slice), tensor<T, 3>(weights), View<const T, 3>(b.data(), {1, 1, 1}));
      fmt::print("{}\n", numpy_scalar_text(Z));
    });
  }
};

}  // namespace

void add_step(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("step", "Apply one filter to one window (conv_single_step)");
  auto state = std::make_shared<StepCommand>();
  add_input(command, "SLICE", state->slice_path, "The window, (f, f, C), or (f, f) of one channel")->required();
  add_input(command, "W", state->weights_path, "The filter, of the same shape")->required();
  add_input(command, "B", state->bias_path, "Its bias, (1, 1, 1)")->required();
  add_dtype_option(command, state->dtype);
  add_example(command, "convstep step a_slice_prev.npy W.npy b.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
