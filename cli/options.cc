#include "cli/options.h"

#include <charconv>
#include <map>

#include "convstep/runtime.h"

namespace convstep::cli {

std::vector<int64_t> parse_integers(const std::string& option, const std::string& text) {
  std::vector<int64_t> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error == std::errc::result_out_of_range) throw CLI::ValidationError(option, text + " does not fit in 64 bits");
    if (error != std::errc() || (next != end && *next != ',')) {
      throw CLI::ValidationError(option, "\"" + text + "\" is not an integer, nor integers joined by commas");
    }
    numbers.push_back(number);
    if (next == end) return numbers;
    at = next + 1;
  }
}

CLI::Option* add_size(CLI::App& command, const std::string& name, Size2& size, const std::string& help) {
  const auto parse = [name, &size](const std::string& text) {
    const std::vector<int64_t> numbers = parse_integers(name, text);
    if (numbers.size() > 2) throw CLI::ValidationError(name, text + " has more than a height and a width");
    size = {numbers.front(), numbers.back()};
  };
  return command.add_option_function<std::string>(name, parse, help)->type_name("N|H,W");
}

CLI::Option* add_pad_option(CLI::App& command, Padding& padding) {
  const auto parse = [&padding](const std::string& text) {
    const std::vector<int64_t> sides = parse_integers("--pad", text);
    if (sides.size() == 1) {
      padding = Padding::all(sides[0]);
    } else if (sides.size() == 2) {
      padding = {sides[0], sides[0], sides[1], sides[1]};
    } else if (sides.size() == 4) {
      padding = {sides[0], sides[1], sides[2], sides[3]};
    } else {
      throw CLI::ValidationError("--pad", text + " is neither 1, 2 nor 4 numbers");
    }
  };
  return command
      .add_option_function<std::string>("--pad", parse,
                                        "Padding: on every side; of height, width; or of top, bottom, left, right")
      ->type_name("N|H,W|T,B,L,R");
}

void add_padding_options(CLI::App& command, Padding& padding) {
  CLI::Option* pad = add_pad_option(command, padding);
  const std::map<std::string, Padding> rules{
      {"valid", Padding::valid()}, {"same_upper", Padding::same_upper()}, {"same_lower", Padding::same_lower()}};
  const auto choose = [rules, &padding](const std::string& rule) { padding = rules.at(rule); };
  command.add_option_function<std::string>("--padding", choose, "Padding by rule, instead of --pad")
      ->check(CLI::IsMember(rules))
      ->excludes(pad);
}

void add_dtype_option(CLI::App& command, std::optional<Dtype>& dtype) {
  const std::map<std::string, Dtype> dtypes{{"float32", Dtype::kFloat32}, {"float64", Dtype::kFloat64}};
  const auto choose = [dtypes, &dtype](const std::string& name) { dtype = dtypes.at(name); };
  command
      .add_option_function<std::string>("--dtype", choose,
                                        "Compute in this type (default: the arrays' own; integers: float64)")
      ->check(CLI::IsMember(dtypes));
}

void add_threads_option(CLI::App& command, int& threads) {
  const auto parse = [&threads](const std::string& text) {
    const char* const end = text.data() + text.size();
    const auto [next, error] = std::from_chars(text.data(), end, threads);
    if (error != std::errc() || next != end || threads < 1 || threads > kMaxThreads) {
      const std::string expected = "is not a number from 1 to " + std::to_string(kMaxThreads);
      throw CLI::ValidationError("--threads", "\"" + text + "\" " + expected);
    }
  };
  command
      .add_option_function<std::string>(
          "--threads", parse, "At most so many threads (default: CONVSTEP_NUM_THREADS, or as many as there are)")
      ->type_name("N");
}

CLI::Option* add_output_option(CLI::App& command, std::string& path) {
  return command.add_option("-o,--output", path, "Where to write the result")
      ->required()
      ->type_name("FILE.npy")
      ->check(ends_in(".npy"));
}

CLI::Validator ends_in(const std::string& extension) {
  return CLI::Validator(
      [extension](const std::string& path) {
        const bool ends = path.size() > extension.size() &&
                          path.compare(path.size() - extension.size(), extension.size(), extension) == 0;
        return ends ? std::string() : "\"" + path + "\" does not end in " + extension;
      },
      "");
}

void add_example(CLI::App& command, const std::string& example) { command.footer("Example:\n  " + example); }

}  // namespace convstep::cli
