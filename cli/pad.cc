#include "convstep/pad.h"

#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/outputs.h"

namespace convstep::cli {
namespace {

struct PadCommand {
  std::string input_path, output_path;
  Padding padding;
  PictureScale scale;
  std::optional<Dtype> dtype;

  void run() const {
    check_range_option(scale, output_path);
    const Outputs outputs({{"X", input_path}}, {{"--output", output_path}}, Contents::kEither);
    const Input input = as_images(load_input("X", input_path));
    with_dtype(compute_dtype(dtype, {&input}), [&]<class T>(T) {
      const Tensor<T, 4> X = tensor<T, 4>(input);
      auto X_pad = Tensor<T, 4>::uninitialized(pad_output_shape(X.shape(), padding));
      zero_pad(X, X_pad, padding);
      PictureScale drawn = scale;
      drawn.alpha = input.has_alpha();
      outputs.save("X_pad", X_pad, output_path, drawn);
    });
  }
};

}  // namespace

void add_pad(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("pad", "Add zeros around every image of a batch (zero_pad)");
  auto state = std::make_shared<PadCommand>();
  add_input(command, "X", state->input_path, "Images, (N, H, W, C), or a grey one, (H, W)")->required();
  add_pad_option(command, state->padding)->required();
  add_range_option(command, state->scale);
  add_dtype_option(command, state->dtype);
  add_output_option(command, state->output_path);
  add_example(command, "convstep pad x.npy --pad 2 -o x_pad.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
