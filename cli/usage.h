// usage.h: what was wrong with a command line, in one line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace convstep::cli {

// The arguments as the parser is to get them. Throws CLI::ValidationError for an empty one, which is no value of
// anything: what the parser would make of it is 0, or the next argument.
//
// "help conv" becomes "conv --help".
std::vector<std::string> checked_arguments(const CLI::App& app, int argc, const char* const* argv);

// What `error` says; but where the parser met words that it does not know, which of them is the first and what may have
// been meant: other errors tend to follow from that.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace convstep::cli
