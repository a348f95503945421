#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <sstream>
#include <string>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/terminal.h"
#include "cli/usage.h"
#include "convstep/version.h"

namespace convstep::cli {
namespace {

constexpr int kFailed = 1, kWrongUsage = 2;
constexpr const char* kLost = "standard output cannot be written";

// False where something written before was lost.
bool printed() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

int report(const std::string& name, std::string message, int status) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "%s: %s\n", name.c_str(), message.c_str());
  return status;
}

// "convstep conv" once the sub-command is known, "convstep" before.
std::string name_of(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app.get_name() : app.get_name() + " " + parsed.front()->get_name();
}

void add_commands(CLI::App& app) {
  add_tutorial(app);
  add_random(app);
  add_pad(app);
  add_step(app);
  add_conv(app);
  add_pool(app);
  add_conv_backward(app);
  add_pool_backward(app);
  add_check(app);
  add_run(app);
  add_describe(app);
  add_print(app);
  add_info(app);
  add_draw(app);
  add_explain(app);
  add_targets(app);
  add_completion(app);
  const std::string version_text = std::string("convstep ") + version();
  app.set_version_flag("--version", version_text);
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    command->set_version_flag("--version", version_text);
  }
}

// --help and --version, as wide as the terminal; into a file or a pipe as they are.
bool print_help(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream text;
  app.exit(error, text);
  const std::optional<size_t> width = line_width(STDOUT_FILENO);
  fmt::print("{}", width ? wrapped_help(text.str(), *width) : text.str());
  return printed();
}

void parse(CLI::App& app, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // the order in which CLI11 takes them
  app.parse(std::move(arguments));
}

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App app("The building blocks of a convolutional network, step by step.", "convstep");
  app.require_subcommand(1);
  app.footer(
      "Arrays are .npy files, members of .npz files (file.npz:member) or PNG and JPEG pictures; - is a pipe.\n"
      "'convstep COMMAND --help' shows a command's options and an example.\n\n"
      "Environment:\n"
      "  CONVSTEP_NUM_THREADS        Threads of a command without --threads (default: as many as it may use)\n"
      "  CONVSTEP_TARGET             SIMD instructions to use, one of 'convstep targets' (default: the best)\n"
      "  COLUMNS                     How wide --help and progress bars are (default: the terminal's width)\n"
      "  TERM                        dumb: no progress bars");
  add_commands(app);
  if (argc > 1 && argv[1] == std::string("__complete")) {
    for (const std::string& word : completions(app, {argv + 2, argv + argc})) fmt::print("{}\n", word);
    return 0;
  }

  try {
    parse(app, checked_arguments(app, argc, argv));
    return printed() ? 0 : report(name_of(app), kLost, kFailed);
  } catch (const CLI::RuntimeError& error) {  // a command's own exit status, already explained
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return print_help(app, error) ? 0 : report(name_of(app), kLost, kFailed);
    return report(name_of(app), explain(app, error), kWrongUsage);
  } catch (const std::bad_alloc&) {
    return report(name_of(app), "there is not enough memory for the result", kFailed);
  } catch (const std::exception& error) {
    return report(name_of(app), error.what(), kFailed);
  }
}

}  // namespace convstep::cli
