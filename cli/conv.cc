#include "convstep/conv.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/conv_options.h"
#include "cli/filters.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/progress.h"

namespace convstep::cli {
namespace {

Input without_elements(const Input& input) {
  return {input.argument, input.path, {input.array.dtype, input.array.shape, {}}, input.is_picture};
}

Shape<4> shape_of(const Input& input) {
  Shape<4> shape;
  std::copy_n(input.array.shape.begin(), 4, shape.begin());
  return shape;
}

struct ConvCommand {
  std::string input_path, weights_path, bias_path, residual_path, output_path;
  ConvOptions options;
  const CLI::Option* padding = nullptr;
  PictureScale scale;
  std::optional<Dtype> dtype;
  std::optional<Numerics> numerics;

  void run() const {
    check_range_option(scale, output_path);
    const NamedFilter* filter = find_filter(weights_path);
    if (filter != nullptr) return run_filter(*filter);
    check_weights_path();
    run_layer();
  }

  // Weights out of a file.
  void run_layer() const {
    const Outputs outputs(
        {{"A_PREV", input_path}, {"W", weights_path}, {"B", bias_path}, {"--residual", residual_path}},
        {{"--output", output_path}}, Contents::kEither);
    Input input = load_input("A_PREV", input_path), weights = load_input("W", weights_path);
    check_order(input, weights);
    input = as_images(std::move(input));
    weights = as_filters(std::move(weights), input.array.shape[3]);
    std::optional<Input> bias, residual;
    std::vector<const Input*> inputs{&input, &weights};
    if (!bias_path.empty()) inputs.push_back(&bias.emplace(load_input("B", bias_path)));
    if (!residual_path.empty()) inputs.push_back(&residual.emplace(as_images(load_input("--residual", residual_path))));

    with_dtype(compute_dtype(dtype, inputs), [&]<class T>(T) {
      const Tensor<T, 4> A_prev = tensor<T, 4>(input), W = tensor<T, 4>(weights);
      const Tensor<T, 1> b = bias ? bias_tensor<T>(*bias, W.shape(3)) : Tensor<T, 1>();
      const Tensor<T, 4> R = residual ? tensor<T, 4>(*residual) : Tensor<T, 4>();
      const Tensor<T, 4> result = convolved(A_prev, W, b, R, options);
      outputs.save(options.activation == Activation::kNone ? "Z" : "A", result, output_path, scale);
    });
  }

  // Throws ArgumentError.
  void check_fit(const Input& images, const Input& filters) const {
    const Input four_axes = as_images(without_elements(images));
    const Input kernels = as_filters(without_elements(filters), four_axes.array.shape[3]);
    conv_output_shape(shape_of(four_axes), shape_of(kernels), options);
  }

  // Says so where images and filters do not fit, but would the other way round.
  void check_order(const Input& images, const Input& filters) const {
    try {
      check_fit(images, filters);
    } catch (const ArgumentError& error) {
      if (!is_fit(filters, images)) throw;
      throw std::invalid_argument(
          fmt::format("{}; images come before filters: {} {} would fit", error.what(), filters.path, images.path));
    }
  }

  bool is_fit(const Input& images, const Input& filters) const {
    try {
      check_fit(images, filters);
      return true;
    } catch (const ArgumentError&) {
      return false;
    }
  }

  void run_filter(const NamedFilter& filter) const {
    if (!bias_path.empty()) throw CLI::ValidationError("B", "goes with weights out of a file");
    const std::pair<const char*, bool> of_layers[] = {{"--residual", !residual_path.empty()},
                                                      {"--groups", options.groups != 1},
                                                      {"--activation", options.activation != Activation::kNone}};
    for (const auto& [option, given] : of_layers) {
      if (given) throw CLI::ValidationError(option, "goes with weights out of a file");
    }
    const Outputs outputs({{"A_PREV", input_path}}, {{"--output", output_path}}, Contents::kEither);
    const Input input = as_images(load_input("A_PREV", input_path));
    PictureScale drawn = scale;
    drawn.alpha = input.has_alpha();
    if (!drawn.range) drawn.range = filter.range;
    with_dtype(compute_dtype(dtype, {&input}), [&]<class T>(T) {
      outputs.save("Z", filtered(tensor<T, 4>(input), filter, drawn.alpha), output_path, drawn);
    });
  }

  template <class T>
  Tensor<T, 4> filtered(Tensor<T, 4> images, const NamedFilter& filter, bool alpha) const {
    ConvOptions depthwise = options;
    depthwise.groups = images.shape(3);
    const int64_t reach = filter.side() / 2;
    if (padding->empty()) {
      images = repeat_border(images, reach * options.dilation.height, reach * options.dilation.width);
    }
    const Tensor<T, 4> weights = filter_weights<T>(filter, images.shape(3), alpha);
    Tensor<T, 4> result = convolved(images, weights, Tensor<T, 1>(), Tensor<T, 4>(), depthwise);
    return filter.taps.size() == 2 ? lengths_of_pairs(result) : std::move(result);
  }

  template <class T>
  Tensor<T, 4> convolved(const Tensor<T, 4>& A_prev, const Tensor<T, 4>& W, const Tensor<T, 1>& b,
                         const Tensor<T, 4>& R, ConvOptions own) const {
    auto Z = Tensor<T, 4>::uninitialized(conv_output_shape(A_prev.shape(), W.shape(), own));
    own.numerics = numerics_of(own, numerics, W.shape(), Z.shape());
    ProgressBar bar("conv");
    own.progress = bar.callback();
    conv_forward(A_prev, W, b, Z, own, R);
    return Z;
  }

  // A word that looks like a filter's name, and is none, nor that of a file.
  void check_weights_path() const {
    std::error_code error;
    if (weights_path.find_first_of("./:") != std::string::npos || weights_path == "-") return;
    if (std::filesystem::exists(weights_path, error)) return;
    const std::vector<std::string> names = filter_names();
    const std::string near = did_you_mean(weights_path, names);
    throw FileError(weights_path, "there is neither a file nor a filter of that name" +
                                      (near.empty() ? "; filters are " + joined(names, ", ") : near));
  }
};

void add_activation(CLI::App& command, ConvOptions& options) {
  const Choices<Activation> activations{{"none", Activation::kNone},       {"relu", Activation::kRelu},
                                        {"relu6", Activation::kRelu6},     {"leaky_relu", Activation::kLeakyRelu},
                                        {"sigmoid", Activation::kSigmoid}, {"tanh", Activation::kTanh}};
  CLI::Option* activation = add_choice(
      command, "--activation", activations,
      [&options](const std::string&, Activation value) { options.activation = value; },
      "Applied to every output (default: none)");
  add_real(command, "--slope", options.slope, "Slope of leaky_relu below 0 (default: 0.01)")->needs(activation);
}

std::string filter_list() {
  std::string list = "Filters, for each channel by itself; the picture's border is repeated outwards:\n";
  for (const NamedFilter& filter : named_filters()) list += fmt::format("  {:<10} {}\n", filter.name, filter.summary);
  return list;
}

}  // namespace

void add_conv(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("conv", "Slide filters over images (conv_forward)");
  auto state = std::make_shared<ConvCommand>();
  ConvOptions& options = state->options;
  add_input(command, "A_PREV", state->input_path, "Images, (N, H, W, C), or a grey one, (H, W)")->required();
  add_input(command, "W", state->weights_path,
            "Filters, (KH, KW, C/groups, O), one of one channel, (KH, KW), or a name from below")
      ->required()
      ->type_name("FILE|" + joined(filter_names(), "|"));
  add_input(command, "B", state->bias_path, "Biases, (1, 1, 1, O) or (O,)");
  state->padding = add_geometry(command, options);
  add_input(command, "--residual", state->residual_path, "Added before the activation, (N, OH, OW, O)");
  add_activation(command, options);
  add_order(command, options, state->numerics);
  add_range_option(command, state->scale);
  add_threads_option(command, options.threads);
  add_dtype_option(command, state->dtype);
  add_output_option(command, state->output_path);
  command.footer(filter_list() +
                 "\nExample:\n"
                 "  convstep conv A_prev.npy W.npy b.npy --stride 2 --pad 1 --activation relu -o A.npy\n"
                 "  convstep conv photo.jpg sobel -o edges.png");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
