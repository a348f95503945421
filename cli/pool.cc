#include "convstep/pool.h"

#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/pool_options.h"
#include "cli/progress.h"

namespace convstep::cli {
namespace {

struct PoolCommand {
  std::string input_path, output_path, indices_path;
  PoolWindow window;
  PictureScale scale;
  std::optional<Dtype> dtype;

  void check() const {
    check_range_option(scale, output_path);
    window.check();
    if (!indices_path.empty() && window.mode != "max") throw CLI::ValidationError("--indices", "goes with --mode max");
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
      PoolOptions pooling = window.on(A_prev.shape());
      pooling.progress = bar.callback();

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

}  // namespace

void add_pool(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("pool", "Keep one number of every window (pool_forward)");
  auto state = std::make_shared<PoolCommand>();
  PoolOptions& options = state->window.options;
  add_input(command, "A_PREV", state->input_path, "Images, (N, H, W, C), or a grey one, (H, W)")->required();
  add_window(command, state->window);
  const Choices<Numerics> numerics{{"fast", Numerics::kFast}, {"numpy", Numerics::kNumpy}};
  add_choice(
      command, "--numerics", numerics, [&options](const std::string&, Numerics value) { options.numerics = value; },
      "Whose last bits averages and norms have, those of the fastest order or NumPy's (default: fast)");
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
