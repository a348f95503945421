// wording.h: the library's errors in the words of who calls it for others: bindings for a language, a command, a
// format.
//
//   constexpr Wording::Argument kArguments[] = {{"input", "photo", {0, 3, 1, 2}}};
//   try {
//     ...
//   } catch (const ShapeError& error) {
//     throw ShapeError(error, {.arguments = kArguments});  // what was "input" is "photo", its shape (N, C, H, W)
//   }
//
// The library's own words are the names of its arguments, with shapes whose channels come last.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convstep/export.h"
#include "convstep/shape.h"

namespace CONVSTEP_EXPORT convstep {

// What arrays look like that do not fit, or what they may be meant for. In the library's words:
enum class Guess {
  kNone,
  kItIsNchw,                // "it looks like (N, C, H, W)": the argument itself
  kItIsFiltersFirst,        // "it looks like (O, C, KH, KW)"
  kArraysAreNchw,           // "the arrays look like (N, C, H, W) and (O, C, KH, KW)"
  kImagesAreNchw,           // "the images look like (N, C, H, W)"
  kWeightsAreFiltersFirst,  // "the weights look like (O, C, KH, KW)"
  kWeightsAreDepthwise,     // "the weights look like TensorFlow's of a depthwise convolution"
  kEachByItself             // "to filter each by itself, "
};

// Words in the place of the library's. It borrows them.
struct Wording {
  struct Argument {
    std::string_view library, own;           // its names
    std::array<int, 4> axes = {0, 1, 2, 3};  // where there are four: the library's, in the order of your own
  };
  struct Phrase {
    Guess guess;
    std::string_view words;  // "" for none, and none of the hint that the guess is in
  };
  std::span<const Argument> arguments{};
  std::span<const Phrase> phrases{};
};

// What was given, what was expected, or a hint: a text that knows which of its words a Wording replaces.
class ErrorText {
 public:
  ErrorText();
  ErrorText(std::string_view plain);  // the same in all words
  ErrorText(const std::string& plain);
  ErrorText(const char* plain);
  ErrorText(Guess guess);
  ErrorText(const ErrorText&);
  ErrorText& operator=(const ErrorText&);
  ~ErrorText();

  static ErrorText name(std::string_view argument);
  // "(2, 5, 6, 4)", "(N, H, W, C)": what each axis of an argument has, its length or stride or letter.
  static ErrorText axes(std::string_view argument, const int64_t* numbers, int rank);
  static ErrorText axes(std::string_view argument, const Shape<4>& numbers);
  static ErrorText axes(std::string_view argument, const std::vector<std::string>& letters);

  friend ErrorText operator+(ErrorText text, const ErrorText& more);

  std::string in(const Wording& wording) const;
  Guess guess() const;  // the first one in it

 private:
  struct Piece;
  explicit ErrorText(const Piece& piece);

  std::vector<Piece> pieces_;
};

}  // namespace convstep
