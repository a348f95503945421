// help.h: the text of --help, made to fit a terminal.
#pragma once

#include <cstddef>
#include <string>

namespace convstep::cli {

// Lines longer than `width` go on below where their text began, options' texts in the column of these. Examples, which
// are to be copied, and single words stay as long as they are.
std::string wrapped_help(const std::string& help, size_t width);

}  // namespace convstep::cli
