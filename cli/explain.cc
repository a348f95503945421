#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/explain_page.h"
#include "cli/filters.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "cli/resize.h"
#include "convstep/conv.h"
#include "convstep/pool.h"
#include "notebook/numpy_random.h"

namespace convstep::cli {
namespace {

constexpr int64_t kSeed = 1;  // of the notebook's cells
constexpr int64_t kPictureSide = 200, kMostPictureSide = 512;

struct ExplainCommand {
  std::string kind, input_path, weights_path, bias_path, grad_path, output_path;
  std::optional<int64_t> stride, pad, window;
  std::string mode = "max";
  bool is_mode_given = false;
  int64_t size = kPictureSide;
  std::optional<Dtype> dtype;

  void run() const {
    check();
    const Outputs outputs(
        {{"A_PREV", input_path}, {"W", filter() ? "" : weights_path}, {"B", bias_path}, {"--grad", grad_path}},
        {{"--output", output_path}}, Contents::kPages);
    const ExplainedLayer layer = explained();
    const Shape<4> output = output_shape(layer);  // checks that all fits together
    if (layer.grad && shape_of(*layer.grad) != output) {
      throw ShapeError("--grad", shape_text(*layer.grad), to_string(output), "the shape of the layer's output");
    }
    check_explained(layer);
    const std::string page = explain_page(layer);
    outputs.save_page(page, output_path,
                      fmt::format("A_prev {} and {} {} {} -> {}", shape_text(layer.input), is_conv() ? "Z" : "A",
                                  to_string(output), dtype_name(layer.input.dtype), output_path));
  }

 private:
  bool is_conv() const { return kind == "conv"; }
  const NamedFilter* filter() const { return find_filter(weights_path); }

  // Throws CLI::ValidationError for arguments that do not go together.
  void check() const {
    if (is_conv()) {
      if (window) throw CLI::ValidationError("--window", "goes with pool; that of conv is the size of W");
      if (is_mode_given) throw CLI::ValidationError("--mode", "goes with pool");
      if (!input_path.empty() && weights_path.empty()) {
        throw CLI::ValidationError("W", "is missing: a file, or one of " + joined(filter_names(), ", "));
      }
      if (filter() && !bias_path.empty()) throw CLI::ValidationError("B", "goes with weights out of a file");
      return;
    }
    if (!weights_path.empty()) throw CLI::ValidationError("W", "goes with conv: a pooling has no weights");
    if (pad) throw CLI::ValidationError("--pad", "goes with conv: the notebook's pooling does not pad");
    if (!input_path.empty() && !window) throw CLI::ValidationError("--window", "is missing");
  }

  static std::string shape_text(const Array& array) {
    return to_string(array.shape.data(), static_cast<int>(array.shape.size()));
  }

  static Shape<4> shape_of(const Array& array) {
    Shape<4> shape;
    std::copy_n(array.shape.begin(), 4, shape.begin());
    return shape;
  }

  // All arrays of the layer, in the one type that it is computed in.
  ExplainedLayer explained() const {
    ExplainedLayer layer{.kind = kind, .mode = is_conv() ? "" : mode};
    std::vector<Input> inputs;
    if (input_path.empty()) {
      fill_notebooks(layer);
    } else {
      fill(layer, inputs);
    }
    if (!grad_path.empty()) layer.grad = inputs.emplace_back(as_images(load_input("--grad", grad_path))).array;
    std::vector<const Input*> given;
    given.reserve(inputs.size());
    for (const Input& input : inputs) given.push_back(&input);
    const Dtype common = input_path.empty() ? dtype.value_or(Dtype::kFloat64) : compute_dtype(dtype, given);
    convert(layer.input, common);
    for (std::optional<Array>* array : {&layer.weights, &layer.bias, &layer.grad}) {
      if (*array) convert(**array, common);
    }
    return layer;
  }

  static void convert(Array& array, Dtype dtype) {
    with_dtype(dtype, [&]<class T>(T) {
      const std::vector<int64_t> shape = array.shape;
      array = to_array(array.flat<T>());
      array.shape = shape;
    });
  }

  // The arrays of the notebook's cells.
  void fill_notebooks(ExplainedLayer& layer) const {
    NumpyRandom random(kSeed);
    if (!is_conv()) {
      layer.input = to_array(random.randn(Shape<4>{2, 5, 5, 3}));
      layer.window = window.value_or(3);
      layer.stride = stride.value_or(1);
      return;
    }
    layer.input = to_array(random.randn(Shape<4>{10, 5, 7, 4}));
    layer.weights = to_array(random.randn(Shape<4>{3, 3, 4, 8}));
    layer.bias = to_array(random.randn(Shape<1>{8}));
    layer.stride = stride.value_or(2);
    layer.pad = pad.value_or(1);
  }

  // Those of files, which are added to `inputs`.
  void fill(ExplainedLayer& layer, std::vector<Input>& inputs) const {
    const Input input = inputs.emplace_back(load_images(layer));
    layer.input = input.array;
    if (!is_conv()) {
      layer.window = *window;
      layer.stride = stride.value_or(*window);
      return;
    }
    layer.stride = stride.value_or(1);
    if (filter()) return fill_filter(layer, input);
    layer.pad = pad.value_or(0);
    layer.weights = inputs.emplace_back(as_filters(load_input("W", weights_path), input.array.shape[3])).array;
    const int64_t count = layer.weights->shape[3];
    if (bias_path.empty()) {
      layer.bias = to_array(Tensor<double, 1>({count}));
    } else {
      layer.bias = to_array(bias_tensor<double>(inputs.emplace_back(load_input("B", bias_path)), count));
    }
  }

  // The images; a large picture scaled, and its size before.
  Input load_images(ExplainedLayer& layer) const {
    Input input = as_images(load_input("A_PREV", input_path));
    layer.picture = input.is_picture;
    const int64_t height = input.array.shape[1], width = input.array.shape[2], longer = std::max(height, width);
    if (!input.is_picture || longer <= size) return input;
    layer.scaled_from = Size2{height, width};
    const auto scaled = [&](int64_t side) { return std::max<int64_t>((2 * side * size + longer) / (2 * longer), 1); };
    input.array = to_array(resized(tensor<float, 4>(input), scaled(height), scaled(width)));
    return input;
  }

  // As in `convstep conv`, each channel by itself; but as filters that read all channels, with zeros for the others,
  // and the size kept by a padding of zeros.
  void fill_filter(ExplainedLayer& layer, const Input& input) const {
    const int64_t channels = input.array.shape[3], count = static_cast<int64_t>(filter()->taps.size());
    layer.pad = pad.value_or(filter()->side() / 2);
    const Tensor<double, 4> own = filter_weights<double>(*filter(), channels, input.has_alpha());
    Tensor<double, 4> weights({own.shape(0), own.shape(1), channels, own.shape(3)});
    for (int64_t i = 0; i < own.shape(0); ++i) {
      for (int64_t j = 0; j < own.shape(1); ++j) {
        for (int64_t o = 0; o < own.shape(3); ++o) weights(i, j, o / count, o) = own(i, j, 0, o);
      }
    }
    layer.weights = to_array(weights);
    layer.bias = to_array(Tensor<double, 1>({own.shape(3)}));
    for (int64_t o = 0; o < channels * count; ++o) {
      const char* const direction = count == 1 ? "" : o % count == 0 ? "-x" : "-y";
      layer.filters.push_back(fmt::format("{}{} of channel {}", filter()->name, direction, o / count));
    }
  }

  // Throws what the layer itself would throw.
  Shape<4> output_shape(const ExplainedLayer& layer) const {
    const Shape<4> input = shape_of(layer.input);
    if (!is_conv()) return pool_output_shape(input, {.window = layer.window, .stride = layer.stride});
    return conv_output_shape(input, shape_of(*layer.weights), {.stride = layer.stride, .padding = layer.pad});
  }
};

CLI::Option* add_optional_integer(CLI::App& command, const std::string& name, std::optional<int64_t>& value,
                                  int64_t least, const std::string& help) {
  return add_integer(command, name, value, {least, kMostSteps}, help);
}

}  // namespace

void add_explain(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("explain", "Make a page that shows a layer step by step, in a browser");
  auto state = std::make_shared<ExplainCommand>();
  ExplainCommand& explain = *state;
  const Choices<int> kinds{{"conv", 0}, {"pool", 0}}, modes{{"max", 0}, {"average", 0}};
  add_choice(
      command, "LAYER", kinds, [&explain](const std::string& word, int) { explain.kind = word; },
      "conv or pool; without arrays, the notebook's own")
      ->required();
  add_input(command, "A_PREV", explain.input_path, "Images, (N, H, W, C), a grey one, (H, W), or a picture");
  add_input(command, "W", explain.weights_path,
            "Filters of conv, (KH, KW, C, O), one of one channel, (KH, KW), or a name as in convstep conv")
      ->type_name("FILE|" + joined(filter_names(), "|"));
  add_input(command, "B", explain.bias_path, "Biases, (1, 1, 1, O) or (O,) (default: zeros)");
  add_optional_integer(command, "--stride", explain.stride, 1,
                       "How far the window moves (default: 1; of pool: its window)");
  add_optional_integer(command, "--pad", explain.pad, 0,
                       "Zeros around the images, of conv (default: 0; of filters with a name: so many that the size "
                       "stays)");
  add_optional_integer(command, "--window", explain.window, 1, "The window's side, of pool");
  add_choice(
      command, "--mode", modes,
      [&explain](const std::string& word, int) {
        explain.mode = word;
        explain.is_mode_given = true;
      },
      "max (default) or average, of pool");
  add_input(command, "--grad", explain.grad_path,
            "The gradient of the output that the way back begins with (default: the output itself)");
  add_integer(command, "--size", explain.size, {1, kMostPictureSide},
              "Scale larger pictures so that their longer side is so many pixels (default: 200)");
  add_dtype_option(command, explain.dtype);
  command.add_option("-o,--output", explain.output_path, "Where to write the page: .html, or into a pipe: -")
      ->required()
      ->type_name("FILE");
  command.footer(
      fmt::format("What a page can show: arrays of up to {} elements, windows, strides and padding of up to {}.\n\n"
                  "Example:\n"
                  "  convstep explain conv A_prev.npy W.npy b.npy --stride 2 --pad 1 -o page.html\n"
                  "  convstep explain conv photo.jpg sobel -o page.html\n"
                  "  convstep explain pool A.npy --window 2 --mode max -o page.html",
                  kMostElements, kMostSteps));
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
