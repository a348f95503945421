// completion.h: what a shell offers when Tab is pressed. The scripts in cli/completions/ ask `convstep __complete`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace convstep::cli {

extern const char* const kBashCompletion;
extern const char* const kZshCompletion;
extern const char* const kFishCompletion;

// What may stand for the last of `words`, those after "convstep", of which it is the beginning; ":files" among it where
// the name of a file may stand there.
std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace convstep::cli
