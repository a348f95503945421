#include "convstep/error.h"

namespace convstep {
namespace {

std::string message(std::string_view argument, std::string_view given, std::string_view expected,
                    std::string_view hint) {
  std::string text;
  text.append(argument).append(": got ").append(given).append(", expected ").append(expected);
  if (!hint.empty()) text.append(" (").append(hint).append(")");
  return text;
}

std::string message(std::string_view path, std::string_view cause) {
  std::string text;
  return text.append(path).append(": ").append(cause);
}

}  // namespace

ArgumentError::ArgumentError(std::string_view argument, std::string_view given, std::string_view expected,
                             std::string_view hint)
    : std::invalid_argument(message(argument, given, expected, hint)),
      argument_(argument),
      given_(given),
      expected_(expected),
      hint_(hint) {}

FormatError::FormatError(std::string_view path, std::string_view cause) : std::runtime_error(message(path, cause)) {}

FileError::FileError(std::string_view path, std::string_view cause) : std::runtime_error(message(path, cause)) {}

}  // namespace convstep
