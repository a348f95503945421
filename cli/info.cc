#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "cli/arrays.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "notebook/numpy_mean.h"

namespace convstep::cli {
namespace {

using Cells = std::array<std::string, 7>;
constexpr const char* kHeads[] = {"array", "dtype", "shape", "min", "max", "mean", "NaN"};

// min, max and mean are those of the numbers that are not NaN; "-" where there are none.
Cells cells_of(const Input& input) {
  const Tensor<double, 1> elements = input.array.flat<double>();
  std::vector<double> numbers;
  numbers.reserve(static_cast<size_t>(elements.size()));
  std::copy_if(elements.data(), elements.data() + elements.size(), std::back_inserter(numbers),
               [](double x) { return !std::isnan(x); });
  Cells cells{input.path,
              dtype_name(input.array.dtype),
              input.shape_text(),
              "-",
              "-",
              "-",
              std::to_string(elements.size() - static_cast<int64_t>(numbers.size()))};
  if (numbers.empty()) return cells;
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  cells[3] = fmt::format("{:.7g}", *least);
  cells[4] = fmt::format("{:.7g}", *most);
  cells[5] = fmt::format("{:.7g}", numpy_mean<double>(numbers));
  return cells;
}

struct InfoCommand {
  std::vector<std::string> paths;

  // Nothing is printed where one of the files cannot be read.
  void run() const {
    std::vector<Cells> rows(1);
    std::copy(std::begin(kHeads), std::end(kHeads), rows.front().begin());
    for (const std::string& path : paths) {
      for (const Input& input : load_inputs("FILE", path)) rows.push_back(cells_of(input));
    }
    std::array<size_t, std::tuple_size_v<Cells>> widths{};
    for (const Cells& row : rows) {
      for (size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
    }
    for (const Cells& row : rows) {
      for (size_t k = 0; k + 1 < row.size(); ++k) fmt::print("{:<{}}  ", row[k], widths[k]);
      fmt::print("{}\n", row.back());
    }
  }
};

}  // namespace

void add_info(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("info", "Say what is in files: names, dtypes, shapes, least and largest values");
  auto state = std::make_shared<InfoCommand>();
  command.add_option("FILE", state->paths, "Arrays, pictures, or .npz files, of which all arrays are listed")
      ->required()
      ->type_name("FILE");
  add_example(command, "convstep info photo.jpg layer.npz");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
