// words.h: the errors of the operations in the words of the notebook, whose functions call them.
#pragma once

#include "core/in_words.h"

namespace convstep {

// What the notebook calls the arguments of the operations.
inline constexpr Wording::Argument kPadWords[] = {{"input", "X"}, {"padding", "pad"}, {"output", "X_pad"}};
inline constexpr Wording::Argument kConvWords[] = {
    {"input", "A_prev"}, {"weights", "W"},   {"weights (KH, KW)", "W (f, f)"},
    {"bias", "b"},       {"padding", "pad"}, {"output", "Z"}};
inline constexpr Wording::Phrase kConvPhrases[] = {
    {Guess::kEachByItself, "to filter each by itself, use ConvOptions: "}};
inline constexpr Wording::Argument kPoolWords[] = {{"input", "A_prev"}, {"window", "f"}, {"output", "A"}};

}  // namespace convstep
