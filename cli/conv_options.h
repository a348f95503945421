// conv_options.h: the options of a convolution, which `conv` and `conv-backward` share.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "convstep/conv.h"
#include "convstep/numerics.h"

namespace convstep::cli {

// --stride, --padding, --dilation, --groups. Returns --padding.
CLI::Option* add_geometry(CLI::App& command, ConvOptions& options);

// --numerics, which are `numerics` only if they are given, and --algorithm.
void add_order(CLI::App& command, ConvOptions& options, std::optional<Numerics>& numerics);

// The numerics that were given, or those of the notebook, where the algorithm leaves them open.
Numerics numerics_of(const ConvOptions& options, const std::optional<Numerics>& given, const Shape<4>& weights,
                     const Shape<4>& output);

}  // namespace convstep::cli
