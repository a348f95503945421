#include "cli/options.h"

#include "cli/numbers.h"
#include "convstep/runtime.h"

namespace convstep::cli {
namespace {

const Choices<Padding> kPaddingRules{{"same", Padding::same_upper()},
                                     {"valid", Padding::valid()},
                                     {"same_upper", Padding::same_upper()},
                                     {"same_lower", Padding::same_lower()}};

Padding parse_padding(const std::string& option, const std::string& text) {
  const std::vector<int64_t> sides = parse_integers(option, text);
  if (sides.size() == 1) return Padding::all(sides[0]);
  if (sides.size() == 2) return {sides[0], sides[0], sides[1], sides[1]};
  if (sides.size() == 4) return {sides[0], sides[1], sides[2], sides[3]};
  throw CLI::ValidationError(option, text + " is neither 1, 2 nor 4 numbers");
}

Padding parse_padding_or_rule(const std::string& option, const std::string& text) {
  std::vector<std::string> rules;
  for (const auto& [rule, padding] : kPaddingRules) {
    if (rule == text) return padding;
    rules.push_back(rule);
  }
  if (text.find_first_of("0123456789") != std::string::npos) return parse_padding(option, text);
  throw CLI::ValidationError(option, "\"" + text + "\" is neither " + joined(rules, ", ") + " nor 1, 2 or 4 numbers" +
                                         did_you_mean(text, rules));
}

}  // namespace

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : between) + word;
  return all;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

Size2 parse_size(const std::string& option, const std::string& text) {
  const std::vector<int64_t> numbers = parse_integers(option, text);
  if (numbers.size() > 2) throw CLI::ValidationError(option, text + " has more than a height and a width");
  return {numbers.front(), numbers.back()};
}

CLI::Option* add_pad_option(CLI::App& command, Padding& padding) {
  const auto parse = [&padding](const std::string& text) { padding = parse_padding("--pad", text); };
  return command
      .add_option_function<std::string>("--pad,--padding", parse,
                                        "Padding: on every side; of height, width; or of top, bottom, left, right")
      ->type_name("N|H,W|T,B,L,R");
}

CLI::Option* add_padding_option(CLI::App& command, Padding& padding) {
  const auto parse = [&padding](const std::string& text) { padding = parse_padding_or_rule("--padding", text); };
  return command
      .add_option_function<std::string>("--padding,--pad", parse,
                                        "Padding by rule, or in numbers: on every side; of height, width; or of top, "
                                        "bottom, left, right (default: 0)")
      ->type_name("same|valid|same_upper|same_lower|N|H,W|T,B,L,R");
}

void add_dtype_option(CLI::App& command, std::optional<Dtype>& dtype) {
  const Choices<Dtype> dtypes{{"float32", Dtype::kFloat32}, {"float64", Dtype::kFloat64}};
  add_choice(
      command, "--dtype", dtypes, [&dtype](const std::string&, Dtype value) { dtype = value; },
      "Compute in this type (default: the arrays' own; integers: float64)");
}

void add_threads_option(CLI::App& command, Count& threads) {
  add_integer(command, "--threads", threads, {1, kMaxThreads},
              "At most so many threads (default: CONVSTEP_NUM_THREADS, or as many as there are)");
}

void add_memory_option(CLI::App& command, int64_t& bytes) {
  const auto parse = [&bytes](const std::string& text) { bytes = parse_bytes("--memory", text); };
  command
      .add_option_function<std::string>(
          "--memory", parse,
          "At most so many bytes for what lies between inputs and outputs, in bands of rows if need be: 256MB")
      ->type_name("BYTES");
}

CLI::Option* add_input(CLI::App& command, const std::string& name, std::string& path, const std::string& help) {
  return command.add_option(name, path, help)->type_name("FILE");
}

CLI::Option* add_output_option(CLI::App& command, std::string& path) {
  return command
      .add_option("-o,--output", path,
                  "Where to write the result: .npy, .png, or into a pipe: - or, for a picture, png:-")
      ->required()
      ->type_name("FILE");
}

CLI::Option* add_array_output(CLI::App& command, const std::string& name, std::string& path, const std::string& help) {
  return command.add_option(name, path, help + ": .npy, or into a pipe: -")->type_name("FILE");
}

void add_example(CLI::App& command, const std::string& example) { command.footer("Example:\n  " + example); }

}  // namespace convstep::cli
