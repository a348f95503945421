// near.h: which known word somebody may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace convstep::cli {

// Our word for one of other libraries, if it is among the known; or "".
std::string other_word(std::string_view word, std::span<const std::string> known);
// The known word that other libraries call by this one, "average" for "avg" and "--activation relu" for "--relu"; else
// the known word that takes the fewest changes (a letter more, less, another, or two swapped; upper and lower case are
// alike); else the only one that goes on from it, "--act" as "--activation" does; or empty where all are too far away
// to be meant: more than one change in three letters.
std::string nearest(std::string_view word, std::span<const std::string> known);

// "; did you mean --stride?", or empty.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace convstep::cli
