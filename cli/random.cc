#include <fmt/core.h>

#include <memory>

#include "cli/arrays.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "notebook/numpy_random.h"

namespace convstep::cli {
namespace {

struct RandomCommand {
  uint32_t seed = 0;
  std::vector<std::string> shapes, output_paths;

  void run() const {
    if (shapes.size() != output_paths.size()) {
      throw CLI::ValidationError("--output", fmt::format("{} files for {} shapes", output_paths.size(), shapes.size()));
    }
    std::vector<NamedPath> named;
    for (const std::string& path : output_paths) named.push_back({"--output", path});
    const Outputs outputs({}, named);
    // All shapes are looked at before the first file is written.
    std::vector<std::vector<int64_t>> parsed;
    std::vector<int64_t> counts;
    for (const std::string& text : shapes) {
      const std::vector<int64_t>& shape = parsed.emplace_back(parse_integers("--shape", text));
      counts.push_back(element_count("--shape", shape.data(), static_cast<int>(shape.size()), sizeof(double)));
    }

    NumpyRandom random(seed);
    for (size_t k = 0; k < parsed.size(); ++k) {
      const Tensor<double, 1> draws = random.randn(Shape<1>{counts[k]});
      Array array = to_array(draws.view());
      array.shape = parsed[k];
      outputs.save("randn", array, output_paths[k]);
    }
  }
};

}  // namespace

void add_random(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("random", "Draw what np.random.seed and np.random.randn draw");
  auto state = std::make_shared<RandomCommand>();
  add_integer(command, "--seed", state->seed, {0, std::numeric_limits<uint32_t>::max()}, "The seed, 0 to 4294967295")
      ->required();
  command.add_option("--shape", state->shapes, "The shape of an array; repeat it for more, drawn in this order")
      ->required()
      ->expected(1)
      ->type_name("N,...")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("-o,--output", state->output_paths, "Where to write each array, in the same order")
      ->required()
      ->expected(1)
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->take_all();
  add_example(command,
              "convstep random --seed 1 --shape 10,5,7,4 --shape 3,3,4,8 --shape 1,1,1,8 \\\n"
              "    --output A_prev.npy --output W.npy --output b.npy");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
