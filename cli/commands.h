// commands.h: the sub-commands of `convstep`, one file each. Each function adds its command to the app; the command
// runs when it has been parsed.
#pragma once

#include <CLI/CLI.hpp>

namespace convstep::cli {

void add_tutorial(CLI::App& app);
void add_random(CLI::App& app);
void add_pad(CLI::App& app);
void add_step(CLI::App& app);
void add_conv(CLI::App& app);
void add_pool(CLI::App& app);
void add_conv_backward(CLI::App& app);
void add_pool_backward(CLI::App& app);
void add_check(CLI::App& app);
void add_run(CLI::App& app);
void add_describe(CLI::App& app);
void add_print(CLI::App& app);
void add_info(CLI::App& app);
void add_draw(CLI::App& app);
void add_explain(CLI::App& app);
void add_targets(CLI::App& app);
void add_completion(CLI::App& app);

// Parses the command line, runs the command and returns the exit status: 0, 2 for a wrong command line, 1 for all else
// that went wrong. Errors are one line on standard error.
int run(int argc, const char* const* argv);

}  // namespace convstep::cli
