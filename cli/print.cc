#include <fmt/core.h>

#include <memory>

#include "cli/arrays.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "notebook/numpy_text.h"

namespace convstep::cli {
namespace {

// The elements widened to one of the five kinds that numpy_text knows: the text depends on no more than the kind.
template <class Stored, class Printed>
std::string widened_text(const Array& array, const PrintOptions& options) {
  const auto* stored = reinterpret_cast<const Stored*>(array.bytes.data());
  const size_t count = static_cast<size_t>(array.size());
  const auto elements = std::make_unique<Printed[]>(count);
  std::copy(stored, stored + count, elements.get());
  return numpy_text<Printed>({elements.get(), count}, array.shape, options);
}

std::string array_text(const Array& array, const PrintOptions& options) {
  switch (array.dtype) {
    case Dtype::kBool:
      return widened_text<bool, bool>(array, options);
    case Dtype::kInt8:
      return widened_text<int8_t, int64_t>(array, options);
    case Dtype::kInt16:
      return widened_text<int16_t, int64_t>(array, options);
    case Dtype::kInt32:
      return widened_text<int32_t, int64_t>(array, options);
    case Dtype::kInt64:
      return widened_text<int64_t, int64_t>(array, options);
    case Dtype::kUint8:
      return widened_text<uint8_t, uint64_t>(array, options);
    case Dtype::kUint16:
      return widened_text<uint16_t, uint64_t>(array, options);
    case Dtype::kUint32:
      return widened_text<uint32_t, uint64_t>(array, options);
    case Dtype::kUint64:
      return widened_text<uint64_t, uint64_t>(array, options);
    case Dtype::kFloat32:
      return widened_text<float, float>(array, options);
    case Dtype::kFloat64:
      return widened_text<double, double>(array, options);
  }
  return {};
}

struct PrintCommand {
  std::string path;
  PrintOptions options;

  void run() const { fmt::print("{}\n", array_text(load_input("FILE", path).array, options)); }
};

}  // namespace

void add_print(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("print", "Print an array as NumPy prints it");
  auto state = std::make_shared<PrintCommand>();
  PrintOptions& options = state->options;
  add_input(command, "FILE", state->path, "An array or a picture")->required();
  add_integer(command, "--precision", options.precision, {0}, "Digits after the point, at most (default: 8)");
  add_integer(command, "--threshold", options.threshold, {0},
              "Summarise arrays of more elements than this (default: 1000)");
  add_integer(command, "--edge-items", options.edge_items, {0}, "Elements shown at each end of a summary (default: 3)");
  add_integer(command, "--line-width", options.line_width, {1}, "Characters in a line (default: 75)");
  command.add_flag("--suppress", options.suppress, "No scientific notation because of small numbers");
  add_example(command, "convstep print results.npz:Z --precision 4");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
