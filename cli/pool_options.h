// pool_options.h: the options of a pooling, which `pool` and `pool-backward` share.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "convstep/pool.h"

namespace convstep::cli {

struct PoolWindow {
  PoolOptions options;
  std::optional<Size2> window, stride;
  bool global = false;
  std::string mode = "max";

  // Throws CLI::ValidationError for options that do not go together.
  void check() const;
  // The options for images of this shape.
  PoolOptions on(const Shape<4>& images) const;
};

// --window, --global, --mode, --p, --count-include-pad, --stride, --padding, --dilation, --ceil-mode.
void add_window(CLI::App& command, PoolWindow& window);

}  // namespace convstep::cli
