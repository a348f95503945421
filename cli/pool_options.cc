#include "cli/pool_options.h"

#include "cli/numbers.h"
#include "cli/options.h"

namespace convstep::cli {
namespace {

// --mode, and the options that belong to one mode alone.
void add_mode(CLI::App& command, PoolWindow& window) {
  const Choices<PoolMode> modes{
      {"max", PoolMode::kMax}, {"average", PoolMode::kAverage}, {"lp", PoolMode::kLp}, {"l2", PoolMode::kLp}};
  const auto choose = [&window](const std::string& name, PoolMode mode) {
    window.mode = name;
    window.options.mode = mode;
  };
  add_choice(command, "--mode", modes, choose, "max (default), average, l2, or lp with --p");
  add_real(command, "--p", window.options.p, "The exponent of lp (default: 2)");
  command.add_flag("--count-include-pad", window.options.count_include_pad, "Averages count the zeros of the padding");
}

}  // namespace

void PoolWindow::check() const {
  if (!window && !global) throw CLI::ValidationError("--window", "is missing; for one as large as the image: --global");
  if (window && global) throw CLI::ValidationError("--window and --global", "one of them, not both");
  if (options.p != 2 && mode != "lp") throw CLI::ValidationError("--p", "goes with --mode lp");
  if (options.count_include_pad && mode != "average") {
    throw CLI::ValidationError("--count-include-pad", "goes with --mode average");
  }
}

PoolOptions PoolWindow::on(const Shape<4>& images) const {
  PoolOptions pooling = options;
  pooling.window = window ? *window : global_pool_options(images, options.mode).window;
  pooling.stride = stride.value_or(pooling.window);
  return pooling;
}

void add_window(CLI::App& command, PoolWindow& window) {
  add_size(command, "--window", window.window, "The size of the window (needed, or --global)");
  command.add_flag("--global", window.global, "A window as large as the image");
  add_mode(command, window);
  add_size(command, "--stride", window.stride, "How far the window moves (default: as far as it is large)");
  add_padding_option(command, window.options.padding);
  add_size(command, "--dilation", window.options.dilation, "How far apart the window's elements are (default: 1)");
  command.add_flag("--ceil-mode", window.options.ceil_mode, "Keep a last window that hangs over the end");
}

}  // namespace convstep::cli
