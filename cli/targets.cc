#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "convstep/runtime.h"
#include "convstep/version.h"

namespace convstep::cli {
namespace {

void print_targets() {
  const std::string used = simd_target();
  const int threads = num_threads();
  fmt::print("convstep {} computes with {} on {} {}.\n\n", version(), used, threads,
             threads == 1 ? "thread" : "threads");
  fmt::print("SIMD targets of this machine, best first:\n");
  for (const std::string& name : simd_targets()) fmt::print("  {}{}\n", name, name == used ? "  (in use)" : "");
}

}  // namespace

void add_targets(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("targets", "Say which SIMD instructions and how many threads are used");
  add_example(command,
              "convstep targets\n"
              "  CONVSTEP_TARGET=avx2 CONVSTEP_NUM_THREADS=1 convstep targets");
  command.callback(print_targets);
}

}  // namespace convstep::cli
