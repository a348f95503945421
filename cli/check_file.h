// check_file.h: notebooks and Python files, which the Python package checks.
#pragma once

#include <string>

namespace convstep::cli {

// Is it a notebook or a Python file, by its name?
bool is_code(const std::string& name);

// Runs `python3 -m convstep.check FILE`, and returns its exit status: 0 where all functions are right, 1 where one is
// wrong, 2 where nothing could be checked. The python3 is the first in the PATH, or that beside the command, that has
// the package; throws CLI::ValidationError where there is none.
int check_file(const std::string& path, bool reveal);

}  // namespace convstep::cli
