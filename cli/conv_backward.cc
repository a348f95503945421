#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/conv_options.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "convstep/conv.h"

namespace convstep::cli {
namespace {

// Throws ShapeError, naming DZ, where it is no gradient of an output of this shape.
void check_grad(const Shape<4>& grad, const Shape<4>& output) {
  if (grad == output) return;
  throw ShapeError("DZ", to_string(grad), to_string(output), "the shape of the layer's output");
}

struct ConvBackwardCommand {
  std::string grad_path, input_path, weights_path, input_grad_path, weights_grad_path, bias_grad_path;
  ConvOptions options;
  std::optional<Numerics> numerics;
  std::optional<Dtype> dtype;

  void run() const {
    if (input_grad_path.empty() && weights_grad_path.empty() && bias_grad_path.empty()) {
      throw CLI::ValidationError("--output", "is missing; for the gradients of W and B: --dW, --db");
    }
    const Outputs outputs({{"DZ", grad_path}, {"A_PREV", input_path}, {"W", weights_path}},
                          {{"--output", input_grad_path}, {"--dW", weights_grad_path}, {"--db", bias_grad_path}});
    const Input grad = as_images(load_input("DZ", grad_path)), input = as_images(load_input("A_PREV", input_path));
    const Input weights = as_filters(load_input("W", weights_path), input.array.shape[3]);
    with_dtype(compute_dtype(dtype, {&grad, &input, &weights}),
               [&]<class T>(T) { compute(outputs, tensor<T, 4>(grad), tensor<T, 4>(input), tensor<T, 4>(weights)); });
  }

  template <class T>
  void compute(const Outputs& outputs, const Tensor<T, 4>& dZ, const Tensor<T, 4>& A_prev,
               const Tensor<T, 4>& W) const {
    const Shape<4> Z = conv_output_shape(A_prev.shape(), W.shape(), options);
    check_grad(dZ.shape(), Z);
    ProgressBar bar("conv-backward");
    ConvOptions own = options;
    own.numerics = numerics_of(options, numerics, W.shape(), Z);
    own.progress = bar.callback();
    Tensor<T, 4> dA_prev, dW, db;
    if (!input_grad_path.empty()) {
      dA_prev = Tensor<T, 4>::uninitialized(A_prev.shape());
      conv_backward_input(dZ, W, dA_prev, own);
    }
    if (!weights_grad_path.empty() || !bias_grad_path.empty()) {
      dW = Tensor<T, 4>::uninitialized(W.shape());
      db = Tensor<T, 4>::uninitialized({1, 1, 1, W.shape(3)});
      conv_backward_weights(dZ, A_prev, dW, db.template reshape<1>({W.shape(3)}), own);
    }
    if (!input_grad_path.empty()) outputs.save("dA_prev", to_array(dA_prev.view()), input_grad_path);
    if (!weights_grad_path.empty()) outputs.save("dW", to_array(dW.view()), weights_grad_path);
    if (!bias_grad_path.empty()) outputs.save("db", to_array(db.view()), bias_grad_path);
  }
};

}  // namespace

void add_conv_backward(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("conv-backward", "The gradients of a layer of filters (conv_backward)");
  auto state = std::make_shared<ConvBackwardCommand>();
  add_input(command, "DZ", state->grad_path, "The gradient of the layer's output before its activation, (N, OH, OW, O)")
      ->required();
  add_input(command, "A_PREV", state->input_path, "The layer's images, (N, H, W, C)")->required();
  add_input(command, "W", state->weights_path, "Its filters, (KH, KW, C/groups, O)")->required();
  add_geometry(command, state->options);
  add_order(command, state->options, state->numerics);
  add_threads_option(command, state->options.threads);
  add_dtype_option(command, state->dtype);
  add_array_output(command, "-o,--output", state->input_grad_path, "Where to write the gradient of A_PREV");
  add_array_output(command, "--dW", state->weights_grad_path, "Where to write the gradient of W");
  add_array_output(command, "--db", state->bias_grad_path, "Where to write the gradient of the biases, (1, 1, 1, O)");
  add_example(
      command,
      "convstep conv-backward dZ.npy A_prev.npy W.npy --stride 2 --pad 1 -o dA_prev.npy --dW dW.npy --db db.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
