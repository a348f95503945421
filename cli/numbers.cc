#include "cli/numbers.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

namespace convstep::cli {
namespace {

// All of the text is one number, else nothing is read. std::from_chars knows no locale, no base but ten, and no sign
// but minus.
template <class Number>
Number parse_number(const std::string& option, const std::string& text, const char* what) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range && next == end) {
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not {}: it does not fit in 64 bits", text, what));
  }
  if (error != std::errc() || next != end) {
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not {}", text, what));
  }
  return number;
}

// The parts between commas; an empty one is a part, too.
template <class Number>
std::vector<Number> parse_list(const std::string& option, const std::string& text, const char* what) {
  std::vector<Number> numbers;
  if (text.find_first_of("[]()") != std::string::npos) {  // as Python writes them
    throw CLI::ValidationError(option, fmt::format("\"{}\" has brackets, which numbers go without: 2,3", text));
  }
  for (size_t begin = 0, comma = 0; comma != std::string::npos; begin = comma + 1) {
    comma = text.find(',', begin);
    numbers.push_back(parse_number<Number>(option, text.substr(begin, comma - begin), what));
  }
  return numbers;
}

}  // namespace

int64_t parse_integer(const std::string& option, const std::string& text, const Limits& limits) {
  constexpr Limits kNone;
  std::string what = "a whole number in decimal digits";
  if (limits.most != kNone.most) {
    what = fmt::format("a number from {} to {}", limits.least, limits.most);
  } else if (limits.least != kNone.least) {
    what = fmt::format("a number of {} or more", limits.least);
  }
  const auto number = parse_number<int64_t>(option, text, what.c_str());
  if (number >= limits.least && number <= limits.most) return number;
  throw CLI::ValidationError(option, fmt::format("\"{}\" is not {}", text, what));
}

int64_t parse_bytes(const std::string& option, const std::string& text) {
  struct Unit {
    std::string_view name;
    int64_t bytes;
  };
  constexpr Unit kUnits[] = {{"", 1},          {"B", 1},         {"KB", 1000},    {"MB", 1000000}, {"GB", 1000000000},
                             {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = std::string_view(text).substr(digits);
  const auto* found = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) { return u.name == unit; });
  int64_t bytes;
  if (digits == 0 || found == std::end(kUnits) ||
      __builtin_mul_overflow(parse_integer(option, text.substr(0, digits)), found->bytes, &bytes) || bytes == 0) {
    throw CLI::ValidationError(option,
                               fmt::format("\"{}\" is not a number of bytes such as 256MB, 1GB or 64KiB", text));
  }
  return bytes;
}

std::vector<int64_t> parse_integers(const std::string& option, const std::string& text) {
  return parse_list<int64_t>(option, text, "a whole number in decimal digits (several are joined by commas)");
}

std::vector<double> parse_reals(const std::string& option, const std::string& text) {
  return parse_list<double>(option, text, "a number such as 0.5 or 1e-3");
}

CLI::Option* add_real(CLI::App& command, const std::string& name, double& value, const std::string& help) {
  const auto parse = [name, &value](const std::string& text) {
    const std::vector<double> numbers = parse_reals(name, text);
    if (numbers.size() > 1) throw CLI::ValidationError(name, "\"" + text + "\" is more than one number");
    value = numbers.front();
  };
  return command.add_option_function<std::string>(name, parse, help)->type_name("X");
}

}  // namespace convstep::cli
