// terminal.h: what the terminal of a file descriptor can do.
#pragma once

#include <cstddef>
#include <optional>

namespace convstep::cli {

// How many characters fit into a line: the environment's COLUMNS if it is a number above 0, else what the terminal
// says. Empty where there is neither.
std::optional<size_t> line_width(int fd);

// Can a line on it be written anew? A file cannot, nor can TERM=dumb, which people and programs ask for.
bool can_redraw(int fd);

}  // namespace convstep::cli
