#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "cli/arrays.h"
#include "cli/axes.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/outputs.h"
#include "picture/figure_rows.h"

namespace convstep::cli {
namespace {

struct DrawCommand {
  std::vector<std::string> input_paths, names;
  std::string output_path;
  int64_t image = 0, limit = kMaxPanels;
  bool filters = false;

  void run() const {
    std::vector<NamedPath> inputs;
    for (const std::string& path : input_paths) inputs.push_back({"FILE", path});
    const Outputs outputs(inputs, {{"--output", output_path}}, Contents::kPictures);
    Figure figure;
    for (const std::string& path : input_paths) {
      for (Row& row : rows_of(load_input("FILE", path))) figure.rows.push_back(std::move(row));
    }
    const Tensor<float, 4> picture = render_figure(figure);
    outputs.save_picture(picture, output_path,
                         fmt::format("{} x {} pixels -> {}", picture.shape(2), picture.shape(1), output_path));
  }

  std::vector<Row> rows_of(const Input& input) const {
    const Tensor<float, 4> volume = as_volume(input);
    const std::string title = std::filesystem::path(input.path).filename().string() + " " + input.shape_text();
    if (input.is_picture) {
      Row row = picture_row("", volume);
      row.title = title;
      return {std::move(row)};
    }
    std::vector<Row> rows;
    if (filters) {
      rows = filter_rows(volume, limit);
      for (Row& row : rows) name_panels(row, volume.shape(3), "filter", input.argument);
    } else {
      rows.push_back(channel_row(volume, image, limit));
      name_panels(rows.back(), volume.shape(3), "channel", input.argument);
    }
    for (Row& row : rows) row.title = title + ", " + row.title;
    return rows;
  }

  // `count` is how many of the noun there are, drawn or not.
  void name_panels(Row& row, int64_t count, const char* noun, const std::string& argument) const {
    if (names.empty()) return;
    if (static_cast<int64_t>(names.size()) != count) {
      throw ParameterError("--names", fmt::format("{} names", names.size()),
                           fmt::format("{}, one for each {} of {}", count, noun, argument));
    }
    for (size_t i = 0; i < row.panels.size(); ++i) row.panels[i].title = names[i];
  }

  // (H, W) and (H, W, C) become a batch of one image, but (KH, KW) a filter of one channel; what has four axes stays.
  Tensor<float, 4> as_volume(const Input& input) const {
    if (filters && !input.is_picture) return tensor<float, 4>(as_filters(input, 1));
    std::vector<int64_t> shape = input.array.shape;
    if (shape.size() == 2) shape.push_back(1);
    if (shape.size() == 3) shape.insert(shape.begin(), 1);
    Array volume = input.array;
    volume.shape = shape;
    if (shape.size() != 4) {
      throw ShapeError(input.argument, input.shape_text(), "(H, W), (H, W, C) or (N, H, W, C)");
    }
    return volume.to<float, 4>(input.argument);
  }
};

}  // namespace

void add_draw(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("draw", "Draw arrays as a grid of grey pictures, one per channel");
  auto state = std::make_shared<DrawCommand>();
  command.add_option("FILE", state->input_paths, "Arrays (H, W), (H, W, C), (N, H, W, C) or pictures; each is a row")
      ->required()
      ->type_name("FILE");
  add_integer(command, "--image", state->image, {0}, "Which image of a batch (default: 0)");
  add_integer(command, "--limit", state->limit, {1}, "How many channels at most (default: 64)");
  command.add_option("--names", state->names, "Titles, one for each channel (with --filters: for each filter)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B,...");
  command.add_flag("--filters", state->filters, "Draw weights (KH, KW, C, O): a row per input channel");
  command.add_option("-o,--output", state->output_path, "Where to write the picture: .png, or - for a pipe")
      ->required()
      ->type_name("FILE.png");
  add_example(command, "convstep draw photo.png A.npy -o figure.png");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
