// check.cc: what is wrong with outputs of somebody's own code. Arrays are judged here; notebooks and Python files by
// the Python package, which calls their functions.
#include "convstep/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "cli/arrays.h"
#include "cli/check_file.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/outputs.h"

namespace convstep::cli {
namespace {

// The commands' names of the functions, and the notebook's.
const Choices<CheckedFunction>& short_names() {
  static const Choices<CheckedFunction> names{{"pad", CheckedFunction::kZeroPad},
                                              {"step", CheckedFunction::kConvSingleStep},
                                              {"conv", CheckedFunction::kConvForward},
                                              {"pool", CheckedFunction::kPoolForward},
                                              {"mask", CheckedFunction::kCreateMaskFromWindow},
                                              {"share", CheckedFunction::kDistributeValue},
                                              {"conv-backward", CheckedFunction::kConvBackward},
                                              {"pool-backward", CheckedFunction::kPoolBackward}};
  return names;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const auto& [name, function] : short_names()) names.push_back(name);
  return names;
}

CheckedFunction function_named(const std::string& name) {
  for (const auto& [word, function] : short_names()) {
    if (word == name) return function;
  }
  if (const auto function = checked_function(name)) return *function;
  const std::vector<std::string> names = known_names();
  throw CLI::ValidationError("WHAT", "\"" + name + "\" is no function (" + joined(names, ", ") +
                                         "), notebook (.ipynb) or Python file (.py)" + did_you_mean(name, names));
}

bool is_conv(CheckedFunction function) {
  return function == CheckedFunction::kConvForward || function == CheckedFunction::kConvBackward;
}
bool is_pool(CheckedFunction function) {
  return function == CheckedFunction::kPoolForward || function == CheckedFunction::kPoolBackward;
}

CheckArray load_check_array(const std::string& argument, const std::string& path) {
  const Input input = load_input(argument, path);
  const Tensor<double, 1> values = input.array.flat<double>();
  return {input.array.shape, {values.begin(), values.end()}};
}

// The names of the function's arrays: "A_prev W b".
std::string listed(std::span<const char* const> names) {
  std::string text;
  for (const char* name : names) text += (text.empty() ? "" : " ") + std::string(name);
  return text;
}

struct CheckCommand {
  std::string what;
  std::vector<std::string> input_paths, your_paths;
  std::optional<int64_t> stride, pad, window;
  std::string mode;
  bool reveal = false;

  void run() const {
    if (is_code(what)) return run_code();
    const CheckedFunction function = function_named(what);
    check_options(function);
    CheckFinding finding;
    try {
      const CheckCase one = load_case(function);
      const CheckOutputs yours = load_yours(function);
      finding = check_outputs(function, std::span(&one, 1), std::span(&yours, 1));
    } catch (const CLI::Error&) {
      throw;
    } catch (const std::exception& error) {  // nothing could be judged, and an exit status of 1 would say that it was
      throw CLI::ValidationError(error.what());
    }
    print(function, finding);
    if (finding.kind != CheckFinding::Kind::kRight) throw CLI::RuntimeError(1);
  }

 private:
  void run_code() const {
    if (!input_paths.empty() || !your_paths.empty() || stride || pad || window || !mode.empty()) {
      throw CLI::ValidationError("WHAT",
                                 what + " is checked alone: arrays and their options go with a function's name");
    }
    const int status = check_file(what, reveal);
    if (status != 0) throw CLI::RuntimeError(status);
  }

  void check_options(CheckedFunction function) const {
    const auto inputs = check_input_names(function), outputs = check_output_names(function);
    if (your_paths.size() != outputs.size()) {
      throw CLI::ValidationError(
          "--yours", fmt::format("{} given, expected {}: {}", your_paths.size(), outputs.size(), listed(outputs)));
    }
    if (input_paths.size() != inputs.size()) {
      throw CLI::ValidationError(
          "ARRAYS", fmt::format("{} given, expected {}: {}", input_paths.size(), inputs.size(), listed(inputs)));
    }
    if (window && !is_pool(function)) throw CLI::ValidationError("--window", "goes with pool and pool-backward");
    if (!mode.empty() && !is_pool(function)) throw CLI::ValidationError("--mode", "goes with pool and pool-backward");
    if (pad && !is_conv(function) && function != CheckedFunction::kZeroPad) {
      throw CLI::ValidationError("--pad", "goes with pad, conv and conv-backward");
    }
    if (stride && !is_conv(function) && !is_pool(function)) {
      throw CLI::ValidationError("--stride", "goes with conv, pool and their gradients");
    }
    if (!window && is_pool(function)) throw CLI::ValidationError("--window", "is missing");
    if (!pad && function == CheckedFunction::kZeroPad) throw CLI::ValidationError("--pad", "is missing");
    std::vector<NamedPath> paths;
    for (size_t k = 0; k < inputs.size(); ++k) paths.push_back({inputs[k], input_paths[k]});
    for (const std::string& path : your_paths) paths.push_back({"--yours", path});
    const Outputs nowhere(paths, {});  // no two out of one pipe
  }

  CheckCase load_case(CheckedFunction function) const {
    CheckCase one{.pad = pad.value_or(0), .f = window.value_or(1), .average = mode == "average"};
    one.stride = stride.value_or(is_pool(function) ? one.f : 1);
    const auto names = check_input_names(function);
    for (size_t k = 0; k < names.size(); ++k) {
      CheckArray array = load_check_array(names[k], input_paths[k]);
      const bool bias = is_conv(function) && names[k] == std::string("b");
      if (bias && array.shape.size() == 1) array.shape = {1, 1, 1, array.shape[0]};
      one.inputs.push_back(std::move(array));
    }
    return one;
  }

  CheckOutputs load_yours(CheckedFunction function) const {
    CheckOutputs yours;
    for (size_t k = 0; k < your_paths.size(); ++k) {
      yours.push_back(load_check_array(check_output_names(function)[k], your_paths[k]));
    }
    return yours;
  }

  void print(CheckedFunction function, const CheckFinding& finding) const {
    if (finding.kind == CheckFinding::Kind::kRight) {
      fmt::print("{}\n", finding.message);
      return;
    }
    fmt::print("{}: {}\n  Seen: {}\n  Hint: {}\n", checked_name(function), finding.message, finding.evidence,
               finding.hint);
    if (finding.kind == CheckFinding::Kind::kUnexplained) print_terms(function, *finding.first_difference);
    if (reveal) fmt::print("  Solution: {}\n", finding.reveal);
  }

  static void print_terms(CheckedFunction function, const CheckDifference& it) {
    constexpr size_t kMost = 40;
    if (it.window != std::array<int64_t, 4>{}) {
      fmt::print("  the window: rows {} to {}, columns {} to {} of the {}image\n", it.window[0], it.window[1] - 1,
                 it.window[2], it.window[3] - 1, is_conv(function) ? "padded " : "");
    }
    double rest = 0;
    for (size_t k = 0; k < it.terms.size(); ++k) {
      const CheckTerm& term = it.terms[k];
      const bool product = term.text.find_first_of("*/") != std::string::npos;
      if (k < kMost) fmt::print("    {:>24}{}\n", term.text, product ? fmt::format(" = {:.6g}", term.value + 0.0) : "");
      if (k >= kMost) rest += term.value;
    }
    if (it.terms.size() > kMost) fmt::print("    and {} more, which sum to {:.6g}\n", it.terms.size() - kMost, rest);
    fmt::print("    right {:.6g}, yours {:.6g}: {}\n", it.right, it.yours, it.change);
  }
};

void add_count(CLI::App& command, const std::string& name, std::optional<int64_t>& value, const std::string& help) {
  const auto parse = [name, &value](const std::string& text) { value = parse_integer(name, text); };
  command.add_option_function<std::string>(name, parse, help)->type_name("N");
}

}  // namespace

void add_check(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("check", "Say what is wrong with your own version of a notebook's function");
  auto state = std::make_shared<CheckCommand>();
  command.add_option("WHAT", state->what, "A function, whose arrays follow; or a notebook or Python file of yours")
      ->required()
      ->type_name(joined(known_names(), "|") + "|FILE");
  command
      .add_option("ARRAYS", state->input_paths,
                  "What it was given, in the notebook's order: A_PREV W B for conv, DZ A_PREV W B for conv-backward")
      ->type_name("FILE");
  command.add_option("--yours", state->your_paths, "What yours made of it; three for conv-backward: dA_prev, dW, db")
      ->expected(1)
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->take_all();
  add_count(command, "--stride", state->stride, "How far the window moves (default: 1, or f for poolings)");
  add_count(command, "--pad", state->pad, "How many zeros are on every side (default: 0)");
  add_count(command, "--window", state->window, "f, the height and width of a pooling's window");
  const Choices<bool> modes{{"max", false}, {"average", true}};
  add_choice(
      command, "--mode", modes, [&mode = state->mode](const std::string& name, bool) { mode = name; },
      "Of a pooling: max (default) or average");
  command.add_flag("--reveal", state->reveal, "Print the solution, too");
  add_example(command,
              "convstep check conv --yours Z.npy A_prev.npy W.npy b.npy --stride 2 --pad 1\n"
              "  convstep check notebook.ipynb");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli
