#include "cli/check_file.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <vector>

extern char** environ;

namespace convstep::cli {
namespace {

// Runs a program and returns its exit status; none where it could not be started or was killed.
std::optional<int> run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) return {};
  int status = 0;
  while (::waitpid(child, &status, 0) == -1) {
    if (errno != EINTR) return {};
  }
  if (!WIFEXITED(status)) return {};
  return WEXITSTATUS(status);
}

bool has_package(const std::string& python) {
  const char* const look = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('convstep'))";
  return run_program({python, "-c", look}) == 0;
}

// A python3 that has the package: of a virtual environment that is active, or that this command was installed into.
std::string find_python() {
  std::vector<std::string> candidates{"python3"};
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) candidates.push_back(self.parent_path() / "python3");
  for (const std::string& python : candidates) {
    if (has_package(python)) return python;
  }
  throw CLI::ValidationError(
      "WHAT",
      "functions are called by the Python package convstep, which no python3 here has: pip install it, or run this "
      "in its virtual environment");
}

}  // namespace

bool is_code(const std::string& name) { return name.ends_with(".ipynb") || name.ends_with(".py"); }

int check_file(const std::string& path, bool reveal) {
  std::vector<std::string> words{find_python(), "-m", "convstep.check", path};
  if (reveal) words.emplace_back("--reveal");
  std::fflush(stdout);
  constexpr int kNothingChecked = 2;
  return run_program(words).value_or(kNothingChecked);
}

}  // namespace convstep::cli
