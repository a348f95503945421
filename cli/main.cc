#include <csignal>

#include "cli/commands.h"
#include "convstep/npy.h"

namespace {

extern "C" void remove_and_end(int signal) {
  convstep::remove_temporary_files();
  std::signal(signal, SIG_DFL);
  std::raise(signal);  // once the handler has returned
}

// Leaves no half-written file behind where the file system shows them.
void clean_up_on_signals() {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    if (std::signal(signal, remove_and_end) == SIG_IGN) std::signal(signal, SIG_IGN);  // as nohup wants it
  }
}

}  // namespace

int main(int argc, char** argv) {
  clean_up_on_signals();
  return convstep::cli::run(argc, argv);
}
