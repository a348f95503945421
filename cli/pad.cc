#include "convstep/pad.h"

#include <memory>

#include "cli/arrays.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace convstep::cli {
namespace {

struct PadCommand {
  std::string input_path, output_path;
  Padding padding;
  std::optional<Dtype> dtype;

  void run() const {
    const Input input = load_input("X", input_path);
    with_dtype(compute_dtype(dtype, {&input}), [&]<class T>(T) {
      const Tensor<T, 4> X = tensor<T, 4>(input);
      auto X_pad = Tensor<T, 4>::uninitialized(pad_output_shape(X.shape(), padding));
      zero_pad(X, X_pad, padding);
      save_output("X_pad", X_pad, output_path);
    });
  }
};

}  // namespace

void add_pad(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("pad", "Add zeros around every image of a batch (zero_pad)");
  auto state = std::make_shared<PadCommand>();
  command.add_option("X", state->input_path, "Images, (N, H, W, C)")->required()->type_name("FILE");
  add_pad_option(command, state->padding)->required();
  add_dtype_option(command, state->dtype);
  add_output_option(command, state->output_path);
  add_example(command, "convstep pad x.npy --pad 2 -o x_pad.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
