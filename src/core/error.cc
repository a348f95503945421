#include "convstep/error.h"

#include <utility>

namespace convstep {
namespace {

std::string message(std::string_view path, std::string_view cause) {
  std::string text;
  return text.append(path).append(": ").append(cause);
}

}  // namespace

// Each part as it was made, and in the library's words.
struct ArgumentError::Parts {
  std::string argument;
  ErrorText given, expected, hint;
  std::string given_words = given.in({}), expected_words = expected.in({}), hint_words = hint.in({});

  std::string message() const {
    const std::string text = argument + ": got " + given_words + ", expected " + expected_words;
    return hint_words.empty() ? text : text + " (" + hint_words + ")";
  }
};

ArgumentError::ArgumentError(std::shared_ptr<const Parts> parts)
    : std::invalid_argument(parts->message()), parts_(std::move(parts)) {}

ArgumentError::ArgumentError(std::string_view argument, const ErrorText& given, const ErrorText& expected,
                             const ErrorText& hint)
    : ArgumentError(std::make_shared<const Parts>(Parts{std::string(argument), given, expected, hint})) {}

ArgumentError::ArgumentError(const ArgumentError& error, const Wording& wording)
    : ArgumentError(ErrorText::name(error.argument()).in(wording), error.parts_->given.in(wording),
                    error.parts_->expected.in(wording), error.parts_->hint.in(wording)) {}

const std::string& ArgumentError::argument() const { return parts_->argument; }
const std::string& ArgumentError::given() const { return parts_->given_words; }
const std::string& ArgumentError::expected() const { return parts_->expected_words; }
const std::string& ArgumentError::hint() const { return parts_->hint_words; }
Guess ArgumentError::guess() const { return parts_->hint.guess(); }

FormatError::FormatError(std::string_view path, std::string_view cause) : std::runtime_error(message(path, cause)) {}

FileError::FileError(std::string_view path, std::string_view cause) : std::runtime_error(message(path, cause)) {}

}  // namespace convstep
