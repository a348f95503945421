#include "convstep/wording.h"

#include <algorithm>
#include <iterator>

namespace convstep {
namespace {

// In the order of Guess.
constexpr std::string_view kGuesses[] = {"",
                                         "it looks like (N, C, H, W)",
                                         "it looks like (O, C, KH, KW)",
                                         "the arrays look like (N, C, H, W) and (O, C, KH, KW)",
                                         "the images look like (N, C, H, W)",
                                         "the weights look like (O, C, KH, KW)",
                                         "the weights look like TensorFlow's of a depthwise convolution",
                                         "to filter each by itself, "};

std::string_view words_of(Guess guess, const Wording& wording) {
  const auto& phrases = wording.phrases;
  const auto own =
      std::find_if(phrases.begin(), phrases.end(), [&](const auto& phrase) { return phrase.guess == guess; });
  return own == phrases.end() ? kGuesses[static_cast<size_t>(guess)] : own->words;
}

Wording::Argument words_of(std::string_view argument, const Wording& wording) {
  const auto& all = wording.arguments;
  const auto own = std::find_if(all.begin(), all.end(), [&](const auto& words) { return words.library == argument; });
  return own == all.end() ? Wording::Argument{argument, argument} : *own;
}

// "(2, 5, 6, 4)", as to_string writes shapes; four items in this order.
std::string in_order(const std::vector<std::string>& items, const std::array<int, 4>& order) {
  std::string text = "(";
  for (size_t i = 0; i < items.size(); ++i) {
    text += (i > 0 ? ", " : "") + items[items.size() == order.size() ? static_cast<size_t>(order[i]) : i];
  }
  return text += items.size() == 1 ? ",)" : ")";
}

}  // namespace

struct ErrorText::Piece {
  enum class Kind { kPlain, kName, kAxes, kGuess } kind;
  std::string text;                  // plain, or the argument
  std::vector<std::string> items{};  // of the argument's axes
  Guess guess = Guess::kNone;
};

ErrorText::ErrorText() = default;
ErrorText::ErrorText(const Piece& piece) : pieces_{piece} {}
ErrorText::ErrorText(std::string_view plain) : ErrorText(Piece{Piece::Kind::kPlain, std::string(plain)}) {}
ErrorText::ErrorText(const std::string& plain) : ErrorText(std::string_view(plain)) {}
ErrorText::ErrorText(const char* plain) : ErrorText(std::string_view(plain)) {}
ErrorText::ErrorText(Guess guess) : ErrorText(Piece{Piece::Kind::kGuess, "", {}, guess}) {}
ErrorText::ErrorText(const ErrorText&) = default;
ErrorText& ErrorText::operator=(const ErrorText&) = default;
ErrorText::~ErrorText() = default;

ErrorText ErrorText::name(std::string_view argument) {
  return ErrorText(Piece{Piece::Kind::kName, std::string(argument)});
}

ErrorText ErrorText::axes(std::string_view argument, const int64_t* numbers, int rank) {
  std::vector<std::string> items;
  std::transform(numbers, numbers + rank, std::back_inserter(items), [](int64_t n) { return std::to_string(n); });
  return axes(argument, items);
}

ErrorText ErrorText::axes(std::string_view argument, const Shape<4>& numbers) {
  return axes(argument, numbers.data(), 4);
}

ErrorText ErrorText::axes(std::string_view argument, const std::vector<std::string>& letters) {
  return ErrorText(Piece{Piece::Kind::kAxes, std::string(argument), letters});
}

ErrorText operator+(ErrorText text, const ErrorText& more) {
  text.pieces_.insert(text.pieces_.end(), more.pieces_.begin(), more.pieces_.end());
  return text;
}

std::string ErrorText::in(const Wording& wording) const {
  std::string text;
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Piece::Kind::kPlain:
        text += piece.text;
        break;
      case Piece::Kind::kName:
        text += words_of(piece.text, wording).own;
        break;
      case Piece::Kind::kAxes:
        text += in_order(piece.items, words_of(piece.text, wording).axes);
        break;
      case Piece::Kind::kGuess:
        const std::string_view guess = words_of(piece.guess, wording);
        if (guess.empty()) return "";
        text += guess;
    }
  }
  return text;
}

Guess ErrorText::guess() const {
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::kGuess) return piece.guess;
  }
  return Guess::kNone;
}

}  // namespace convstep
