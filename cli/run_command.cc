#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <numeric>

#include "cli/commands.h"
#include "cli/network_input.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/progress.h"

namespace convstep::cli {
namespace {

// Line by line.
std::vector<std::string> read_labels(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw FileError(path, "it cannot be opened");
  std::vector<std::string> labels;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    labels.push_back(line);
  }
  return labels;
}

// An output as an array of a file.
template <class T>
Array array_of(const NetworkOutput<T>& output, bool channels_first) {
  const auto with_shape = [&](const auto& values) {
    Array array = to_array(
        View<const std::remove_cvref_t<decltype(values[0])>, 1>(values.data(), {static_cast<int64_t>(values.size())}));
    array.shape = output.shape();
    return array;
  };
  if (output.is_integer()) return with_shape(output.integers());
  if (!channels_first || output.shape().size() != 4) return with_shape(output.values());
  const View<const T, 4> images = output.template view<4>();
  return to_array(View<const T, 4>(images.data(), {images.shape(0), images.shape(3), images.shape(1), images.shape(2)},
                                   {images.stride(0), images.stride(3), images.stride(1), images.stride(2)}));
}

struct RunCommand {
  std::string model_path, labels_path;
  std::vector<std::string> input_paths, output_paths;
  InputOptions inputs;
  Dtype dtype = Dtype::kFloat32;
  RunOptions options;
  int64_t top = 0;
  NetworkPlanOptions plan_options;
  bool profile = false;

  void run() const {
    if (output_paths.empty() && top == 0 && !profile) {
      throw CLI::ValidationError("--output",
                                 "what is to be done with the outputs? --output, --top or --profile says it");
    }
    if (!labels_path.empty() && top == 0) throw CLI::ValidationError("--labels", "goes with --top");
    std::vector<NamedPath> from, to;
    for (const std::string& path : input_paths) from.push_back({"INPUT", path});
    for (const std::string& path : output_paths) to.push_back({"--output", path});
    const Outputs outputs(from, to, Contents::kEither);
    with_dtype(dtype, [&]<class T>(T) { run_network<T>(outputs); });
  }

  template <class T>
  void run_network(const Outputs& outputs) const {
    const Network<T> network = load_any_network<T>(model_path);
    const std::vector<NetworkArrayInfo> infos = network.inputs();
    const std::vector<std::string> labels = labels_path.empty() ? std::vector<std::string>() : read_labels(labels_path);
    if (infos.size() == 1 && input_paths.size() > 1 && output_paths.empty()) {  // one after the other
      for (const std::string& path : input_paths) {
        fmt::print("{}\n", path);
        run_once(network, infos, {path}, labels, outputs);
      }
      return;
    }
    if (infos.size() != input_paths.size()) {
      std::string names;
      for (const NetworkArrayInfo& info : infos) names += (names.empty() ? "" : ", ") + info.name;
      throw ParameterError("INPUT", fmt::format("{} files", input_paths.size()),
                           fmt::format("{}, for the inputs {}", infos.size(), names));
    }
    run_once(network, infos, input_paths, labels, outputs);
  }

  template <class T>
  void run_once(const Network<T>& network, const std::vector<NetworkArrayInfo>& infos,
                const std::vector<std::string>& paths, const std::vector<std::string>& labels,
                const Outputs& outputs) const {
    std::vector<NetworkInput<T>> given;
    std::vector<std::vector<int64_t>> shapes;
    for (size_t k = 0; k < infos.size(); ++k) {
      given.emplace_back(load_input(infos[k].name, paths[k]), infos[k], inputs);
      shapes.push_back(given.back().shape());
    }
    const NetworkPlan<T> plan = network.plan(shapes, plan_options);
    if (profile) fmt::print("{}", plan.profile(kRuns, options));
    std::vector<NetworkOutput<T>> results;
    for (const NetworkArrayInfo& info : plan.outputs()) results.emplace_back(info.shape, info.is_integer);
    if (output_paths.size() > results.size()) {
      throw ParameterError("--output", fmt::format("{} files", output_paths.size()),
                           fmt::format("{}, one for each output", results.size()));
    }
    std::vector<NetworkArray<const T>> from;
    std::vector<NetworkArray<T>> to;
    for (const NetworkInput<T>& input : given) from.push_back(input.array());
    for (NetworkOutput<T>& result : results) to.push_back(result.array());
    {
      ProgressBar bar("run");
      RunOptions with_bar = options;
      with_bar.progress = bar.callback();
      plan.run(from, to, with_bar);
    }
    for (size_t k = 0; k < output_paths.size(); ++k) save(plan.outputs()[k].name, results[k], output_paths[k], outputs);
    if (top > 0) print_top(results[0], labels);
  }

  template <class T>
  void save(const std::string& name, const NetworkOutput<T>& output, const std::string& path,
            const Outputs& outputs) const {
    if (names_picture(path) && !output.is_integer()) {
      outputs.save(name, Tensor<T, 4>(output.template view<4>()), path, PictureScale());
    } else if (names_picture(path)) {
      throw ParameterError("--output", path, "a file .npy for whole numbers");
    } else {
      outputs.save(name, array_of(output, inputs.channels_first), path);
    }
  }

  // Of each row, the classes with the largest scores.
  template <class T>
  void print_top(const NetworkOutput<T>& output, const std::vector<std::string>& labels) const {
    if (output.is_integer() || output.values().empty()) {
      throw ParameterError("--top", "an output without scores", "real numbers, a row for each image");
    }
    const int64_t classes = output.shape().empty() ? 1 : output.shape().back();
    if (!labels.empty() && static_cast<int64_t>(labels.size()) != classes) {
      throw ParameterError("--labels", fmt::format("{} lines", labels.size()),
                           fmt::format("{}, one for each class", classes));
    }
    const auto rows = static_cast<int64_t>(output.values().size()) / classes;
    const int64_t shown = std::min(top, classes);
    for (int64_t row = 0; row < rows; ++row) {
      const T* scores = output.values().data() + row * classes;
      std::vector<int64_t> order(static_cast<size_t>(classes));
      std::iota(order.begin(), order.end(), 0);
      const auto is_before = [scores](int64_t a, int64_t b) {  // NaN last
        if (std::isnan(scores[a]) || std::isnan(scores[b])) return !std::isnan(scores[a]) && std::isnan(scores[b]);
        return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
      };
      std::partial_sort(order.begin(), order.begin() + shown, order.end(), is_before);
      if (row > 0) fmt::print("\n");
      for (int64_t k = 0; k < shown; ++k) {
        const int64_t c = order[static_cast<size_t>(k)];
        fmt::print("{:>12.6g}  {:>5}{}\n", scores[c], c, labels.empty() ? "" : "  " + labels[static_cast<size_t>(c)]);
      }
    }
  }

  static constexpr int64_t kRuns = 5;
};

}  // namespace

void add_run(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("run", "Run a trained network out of an .onnx file");
  auto state = std::make_shared<RunCommand>();
  add_input(command, "MODEL", state->model_path, "A network: .onnx, or an .npz that convstep saved")->required();
  command
      .add_option("INPUT", state->input_paths,
                  "Arrays or pictures, one for each input of the network; of one input: one or several")
      ->required()
      ->type_name("FILE");
  add_input_options(command, state->inputs);
  command
      .add_option("-o,--output", state->output_paths,
                  "Where to write an output, .npy, .png or a pipe: once for each, in the network's order")
      ->allow_extra_args(false)
      ->type_name("FILE");
  add_integer(command, "--top", state->top, {1}, "Print the classes of the largest scores: so many of each row");
  add_input(command, "--labels", state->labels_path, "The names of the classes, a line for each");
  command.add_flag("--profile", state->profile, "Print a table of the network's steps and their times");
  add_threads_option(command, state->options.threads);
  add_memory_option(command, state->plan_options.memory_bytes);
  const Choices<Dtype> dtypes{{"float32", Dtype::kFloat32}, {"float64", Dtype::kFloat64}};
  add_choice(
      command, "--dtype", dtypes, [state = state.get()](const std::string&, Dtype value) { state->dtype = value; },
      "Compute in this type (default: float32)");
  add_example(
      command,
      "convstep run resnet50.onnx photo.jpg --size 224x224 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 \\\n"
      "      --top 5 --labels classes.txt");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
