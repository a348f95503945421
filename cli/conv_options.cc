#include "cli/conv_options.h"

#include "cli/numbers.h"
#include "cli/options.h"
#include "convstep/notebook.h"

namespace convstep::cli {

CLI::Option* add_geometry(CLI::App& command, ConvOptions& options) {
  add_size(command, "--stride", options.stride, "How far the window moves (default: 1)");
  CLI::Option* padding = add_padding_option(command, options.padding);
  add_size(command, "--dilation", options.dilation, "How far apart the window's elements are (default: 1)");
  add_integer(command, "--groups", options.groups, {},
              "Groups of channels that are convolved by themselves (default: 1)");
  return padding;
}

void add_order(CLI::App& command, ConvOptions& options, std::optional<Numerics>& numerics) {
  const Choices<Numerics> orders{{"numpy", Numerics::kNumpy}, {"fast", Numerics::kFast}};
  add_choice(
      command, "--numerics", orders, [&numerics](const std::string&, Numerics value) { numerics = value; },
      "Whose last bits sums have, NumPy's or those of the fastest order (default: numpy for layers of the notebook's "
      "size)");
  const Choices<ConvAlgorithm> algorithms{{"auto", ConvAlgorithm::kAuto},
                                          {"direct", ConvAlgorithm::kDirect},
                                          {"winograd", ConvAlgorithm::kWinograd},
                                          {"reference", ConvAlgorithm::kReference}};
  add_choice(
      command, "--algorithm", algorithms,
      [&options](const std::string&, ConvAlgorithm value) { options.algorithm = value; },
      "How it is computed (default: auto)");
}

Numerics numerics_of(const ConvOptions& options, const std::optional<Numerics>& given, const Shape<4>& weights,
                     const Shape<4>& output) {
  const bool is_free = options.algorithm == ConvAlgorithm::kAuto;
  return given.value_or(is_free ? notebook_numerics(weights, output) : Numerics::kFast);
}

}  // namespace convstep::cli
