#include "convstep/pool.h"

#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/progress.h"

namespace convstep::cli {
namespace {

struct PoolCommand {
  std::string input_path, output_path, indices_path, mode = "max";
  PoolOptions options;
  std::optional<Size2> window, stride;
  bool global = false;
  PictureScale scale;
  std::optional<Dtype> dtype;

  void check() const {
    check_range_option(scale, output_path);
    if (!window && !global)
      throw CLI::ValidationError("--window", "is missing; for one as large as the image: --global");
    if (window && global) throw CLI::ValidationError("--window and --global", "one of them, not both");
    if (!indices_path.empty() && mode != "max") throw CLI::ValidationError("--indices", "goes with --mode max");
    if (options.p != 2 && mode != "lp") throw CLI::ValidationError("--p", "goes with --mode lp");
    if (options.count_include_pad && mode != "average") {
      throw CLI::ValidationError("--count-include-pad", "goes with --mode average");
    }
    if (names_picture(indices_path)) throw CLI::ValidationError("--indices", "numbers for an .npy file, not a picture");
  }

  void run() const {
    check();
    const Outputs outputs({{"A_PREV", input_path}}, {{"--output", output_path}, {"--indices", indices_path}},
                          Contents::kEither);
    const Input input = as_images(load_input("A_PREV", input_path));
    with_dtype(compute_dtype(dtype, {&input}), [&]<class T>(T) {
      const Tensor<T, 4> A_prev = tensor<T, 4>(input);
      ProgressBar bar("pool");
      PoolOptions pooling = options;
      pooling.progress = bar.callback();
      pooling.window = window ? *window : global_pool_options(A_prev.shape(), options.mode).window;
      pooling.stride = stride.value_or(pooling.window);

      auto A = Tensor<T, 4>::uninitialized(pool_output_shape(A_prev.shape(), pooling));
      PictureScale drawn = scale;
      drawn.alpha = input.has_alpha();
      auto indices = Tensor<int64_t, 4>::uninitialized(indices_path.empty() ? Shape<4>{} : A.shape());
      if (indices_path.empty()) {
        pool_forward(A_prev, A, pooling);
      } else {
        pool_forward(A_prev, A, indices, pooling);
      }
      outputs.save("A", A, output_path, drawn);
      if (!indices_path.empty()) outputs.save("indices", to_array<int64_t, 4>(indices), indices_path);
    });
  }
};

// --mode, and the options that belong to one mode alone.
void add_mode(CLI::App& command, PoolCommand& state) {
  const Choices<PoolMode> modes{
      {"max", PoolMode::kMax}, {"average", PoolMode::kAverage}, {"lp", PoolMode::kLp}, {"l2", PoolMode::kLp}};
  const auto choose = [&state](const std::string& name, PoolMode mode) {
    state.mode = name;
    state.options.mode = mode;
  };
  add_choice(command, "--mode", modes, choose, "max (default), average, l2, or lp with --p");
  add_real(command, "--p", state.options.p, "The exponent of lp (default: 2)");
  const Choices<Numerics> numerics{{"fast", Numerics::kFast}, {"numpy", Numerics::kNumpy}};
  add_choice(
      command, "--numerics", numerics, [&state](const std::string&, Numerics value) { state.options.numerics = value; },
      "Whose last bits averages and norms have, those of the fastest order or NumPy's (default: fast)");
  command.add_flag("--count-include-pad", state.options.count_include_pad, "Averages count the zeros of the padding");
}

}  // namespace

void add_pool(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("pool", "Keep one number of every window (pool_forward)");
  auto state = std::make_shared<PoolCommand>();
  PoolOptions& options = state->options;
  add_input(command, "A_PREV", state->input_path, "Images, (N, H, W, C), or a grey one, (H, W)")->required();
  add_size(command, "--window", state->window, "The size of the window (needed, or --global)");
  command.add_flag("--global", state->global, "A window as large as the image");
  add_mode(command, *state);
  add_size(command, "--stride", state->stride, "How far the window moves (default: as far as it is large)");
  add_padding_option(command, options.padding);
  add_size(command, "--dilation", options.dilation, "How far apart the window's elements are (default: 1)");
  command.add_flag("--ceil-mode", options.ceil_mode, "Keep a last window that hangs over the end");
  command.add_option("--indices", state->indices_path, "Also write where each maximum was, row*W + column")
      ->type_name("FILE");
  add_range_option(command, state->scale);
  add_threads_option(command, options.threads);
  add_dtype_option(command, state->dtype);
  add_output_option(command, state->output_path);
  add_example(command, "convstep pool A_prev.npy --mode average --window 3 --stride 2 -o A.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
