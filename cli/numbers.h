// numbers.h: the one way in which the command reads numbers.
//
// A whole number is decimal digits, with a minus before them if it is negative: "010" is ten. A number may also have a
// point and an exponent: "0.01", "1e-3". Nothing else is read: no "+3", "0x10", "1_000", no spaces, no digits of other
// scripts, and "1e3" is no whole number. All functions throw CLI::ValidationError, which names the option.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace convstep::cli {

// What a whole number may be, both ends included.
struct Limits {
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
};

// "2" -> 2.
int64_t parse_integer(const std::string& option, const std::string& text, const Limits& limits = {});

// "256MB" -> 256'000'000. Also plain numbers, KB and GB, and KiB, MiB and GiB for multiples of 1024.
int64_t parse_bytes(const std::string& option, const std::string& text);

// "2,3" -> {2, 3}.
std::vector<int64_t> parse_integers(const std::string& option, const std::string& text);

// "-0.5,1" -> {-0.5, 1}. Infinity and NaN are read, too; what they mean is for the operation to say.
std::vector<double> parse_reals(const std::string& option, const std::string& text);

// An option with one whole number, or with one number.
template <class Integer>
CLI::Option* add_integer(CLI::App& command, const std::string& name, Integer& value, const Limits& limits,
                         const std::string& help) {
  const auto parse = [name, limits, &value](const std::string& text) {
    value = static_cast<Integer>(parse_integer(name, text, limits));
  };
  return command.add_option_function<std::string>(name, parse, help)->type_name("N");
}
CLI::Option* add_real(CLI::App& command, const std::string& name, double& value, const std::string& help);

}  // namespace convstep::cli
