#include <fmt/core.h>

#include <memory>

#include "cli/commands.h"
#include "cli/network_input.h"
#include "cli/numbers.h"
#include "cli/options.h"

namespace convstep::cli {
namespace {

using Shapes = std::vector<std::vector<int64_t>>;

std::string text_of(const NetworkArrayInfo& info) {
  std::string shape;
  for (const int64_t length : info.shape)
    shape += (shape.empty() ? "" : ", ") + (length < 0 ? "any" : std::to_string(length));
  return fmt::format("{} ({}){}", info.name, shape, info.is_integer ? " of whole numbers" : "");
}

struct DescribeCommand {
  std::string model_path;
  Shapes shapes;
  NetworkPlanOptions plan_options;
  bool passes = false;

  void run() const {
    const Network<float> network = load_any_network<float>(model_path);
    const Shapes given = shapes.empty() ? usual_shapes(network) : shapes;
    for (const NetworkArrayInfo& input : network.inputs()) fmt::print("input {}\n", text_of(input));
    if (given.empty()) {
      for (const NetworkArrayInfo& output : network.outputs()) fmt::print("output {}\n", output.name);
      fmt::print("{} numbers in weights; for a table of the steps, say the shape of each input: --shape 1,...\n",
                 network.parameters());
      return;
    }
    if (passes) {
      fmt::print("{}", network.describe_passes(given));
      return;
    }
    const NetworkPlan<float> plan = network.plan(given, plan_options);
    for (const NetworkArrayInfo& output : plan.outputs()) fmt::print("output {}\n", text_of(output));
    fmt::print("\n{}", plan.describe());
  }

  // None where one of them is not known.
  static Shapes usual_shapes(const Network<float>& network) {
    Shapes all;
    for (const NetworkArrayInfo& input : network.inputs()) {
      if (!input.usual_shape) return {};
      all.push_back(*input.usual_shape);
    }
    return all;
  }
};

}  // namespace

void add_describe(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("describe", "Say what is in a trained network: steps, shapes, methods, memory");
  auto state = std::make_shared<DescribeCommand>();
  add_input(command, "MODEL", state->model_path, "A network: .onnx, or an .npz that convstep saved")->required();
  const auto parse = [state = state.get()](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) state->shapes.push_back(parse_integers("--shape", text));
    return true;
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--shape", parse, "Of an input, (N, H, W, C) for images: once for each (default: as the file says, N = 1)")
      ->allow_extra_args(false)
      ->type_name("N,...");
  add_memory_option(command, state->plan_options.memory_bytes);
  command.add_flag("--passes", state->passes, "Print the graph instead, and what each pass over it makes of it");
  add_example(command, "convstep describe model.onnx --shape 1,224,224,3");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
