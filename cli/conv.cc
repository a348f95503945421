#include "convstep/conv.h"

#include <map>
#include <memory>

#include "cli/arrays.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/progress.h"

namespace convstep::cli {
namespace {

struct ConvCommand {
  std::string input_path, weights_path, bias_path, residual_path, output_path;
  ConvOptions options;
  std::optional<Dtype> dtype;

  void run() const {
    const Input input = load_input("A_PREV", input_path);
    const Input weights = load_input("W", weights_path);
    std::optional<Input> bias, residual;
    std::vector<const Input*> inputs{&input, &weights};
    if (!bias_path.empty()) inputs.push_back(&bias.emplace(load_input("B", bias_path)));
    if (!residual_path.empty()) inputs.push_back(&residual.emplace(load_input("--residual", residual_path)));

    with_dtype(compute_dtype(dtype, inputs), [&]<class T>(T) {
      const Tensor<T, 4> A_prev = tensor<T, 4>(input), W = tensor<T, 4>(weights);
      const Tensor<T, 1> b = bias ? bias_tensor<T>(*bias, W.shape(3)) : Tensor<T, 1>();
      const Tensor<T, 4> R = residual ? tensor<T, 4>(*residual) : Tensor<T, 4>();
      auto Z = Tensor<T, 4>::uninitialized(conv_output_shape(A_prev.shape(), W.shape(), options));

      ProgressBar bar("conv");
      ConvOptions with_progress = options;
      with_progress.progress = bar.callback();
      conv_forward(A_prev, W, b, Z, with_progress, R);
      save_output(options.activation == Activation::kNone ? "Z" : "A", Z, output_path);
    });
  }
};

}  // namespace

void add_conv(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("conv", "Slide filters over images (conv_forward)");
  auto state = std::make_shared<ConvCommand>();
  ConvOptions& options = state->options;
  options.algorithm = ConvAlgorithm::kNotebook;
  command.add_option("A_PREV", state->input_path, "Images, (N, H, W, C)")->required()->type_name("FILE");
  command.add_option("W", state->weights_path, "Filters, (KH, KW, C/groups, O)")->required()->type_name("FILE");
  command.add_option("B", state->bias_path, "Biases, (1, 1, 1, O) or (O,)")->type_name("FILE");
  add_size(command, "--stride", options.stride, "How far the window moves (default: 1)");
  add_padding_options(command, options.padding);
  add_size(command, "--dilation", options.dilation, "How far apart the window's elements are (default: 1)");
  command.add_option("--groups", options.groups, "Groups of channels that are convolved by themselves (default: 1)");
  command.add_option("--residual", state->residual_path, "Added before the activation, (N, OH, OW, O)")
      ->type_name("FILE");

  const std::map<std::string, Activation> activations{
      {"none", Activation::kNone},       {"relu", Activation::kRelu},
      {"relu6", Activation::kRelu6},     {"leaky_relu", Activation::kLeakyRelu},
      {"sigmoid", Activation::kSigmoid}, {"tanh", Activation::kTanh}};
  const auto choose_activation = [activations, state](const std::string& name) {
    state->options.activation = activations.at(name);
  };
  CLI::Option* activation = command
                                .add_option_function<std::string>("--activation", choose_activation,
                                                                  "Applied to every output (default: none)")
                                ->check(CLI::IsMember(activations));
  command.add_option("--slope", options.slope, "Slope of leaky_relu below 0 (default: 0.01)")->needs(activation);
  const std::map<std::string, ConvAlgorithm> algorithms{{"notebook", ConvAlgorithm::kNotebook},
                                                        {"auto", ConvAlgorithm::kAuto},
                                                        {"direct", ConvAlgorithm::kDirect},
                                                        {"winograd", ConvAlgorithm::kWinograd},
                                                        {"reference", ConvAlgorithm::kReference}};
  const auto choose_algorithm = [algorithms, state](const std::string& name) {
    state->options.algorithm = algorithms.at(name);
  };
  command
      .add_option_function<std::string>("--algorithm", choose_algorithm,
                                        "How it is computed (default: notebook, whose small layers have NumPy's bits)")
      ->check(CLI::IsMember(algorithms));
  add_threads_option(command, options.threads);
  add_dtype_option(command, state->dtype);
  add_output_option(command, state->output_path);
  add_example(command, "convstep conv A_prev.npy W.npy b.npy --stride 2 --pad 1 --activation relu -o A.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
