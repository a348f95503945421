// error.h: what convstep throws. Every message names the argument, what was given and what was expected.
//
//   std::invalid_argument <- ArgumentError <- ShapeError       a shape that does not fit
//                                          <- ParameterError   a stride, window, mode, ... out of its range
//   std::runtime_error    <- FormatError                       a file whose contents are not what they should be
//                         <- FileError                         a file that cannot be opened, read or written
//   std::bad_alloc                                             no memory for the result or a workspace
//
// All but bad_alloc are thrown before an output array or file is touched.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "convstep/export.h"
#include "convstep/wording.h"

namespace CONVSTEP_EXPORT convstep {

// Default visibility lets a program catch an error thrown in another shared library even if both hide their symbols.

// An argument that cannot be used. what() reads "argument: got GIVEN, expected EXPECTED (HINT)".
class [[gnu::visibility("default")]] ArgumentError : public std::invalid_argument {
 public:
  ArgumentError(std::string_view argument, const ErrorText& given, const ErrorText& expected,
                const ErrorText& hint = {});
  // The same error in other words.
  ArgumentError(const ArgumentError& error, const Wording& wording);

  // A copy shares what it says, and never throws.
  ArgumentError(const ArgumentError&) = default;
  ArgumentError& operator=(const ArgumentError&) = default;

  const std::string& argument() const;
  const std::string& given() const;
  const std::string& expected() const;
  const std::string& hint() const;  // or ""
  Guess guess() const;              // that the hint makes

 private:
  struct Parts;
  explicit ArgumentError(std::shared_ptr<const Parts> parts);

  std::shared_ptr<const Parts> parts_;
};

class [[gnu::visibility("default")]] ShapeError : public ArgumentError {
 public:
  using ArgumentError::ArgumentError;
};

class [[gnu::visibility("default")]] ParameterError : public ArgumentError {
 public:
  using ArgumentError::ArgumentError;
};

// The contents of a file. what() reads "PATH: CAUSE".
class [[gnu::visibility("default")]] FormatError : public std::runtime_error {
 public:
  FormatError(std::string_view path, std::string_view cause);
};

// The file itself. what() reads "PATH: CAUSE".
class [[gnu::visibility("default")]] FileError : public std::runtime_error {
 public:
  FileError(std::string_view path, std::string_view cause);
};

}  // namespace convstep
