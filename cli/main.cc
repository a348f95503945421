#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "cli/commands.h"
#include "convstep/npy.h"

namespace {

extern "C" void remove_and_end(int signal) {
  convstep::remove_temporary_files();
  std::signal(signal, SIG_DFL);
  std::raise(signal);  // once the handler has returned
}

// A closed standard stream would be the number of the next file that is opened, and what is printed would go there.
// Opened the wrong way round, as here, each use of it is an error as before.
void occupy_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1) continue;
    if (::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) != stream) return;
  }
}

// Leaves no half-written file behind where the file system shows them. A file that outgrows the user's limit is an
// error of writing, which says so.
void clean_up_on_signals() {
  std::signal(SIGXFSZ, SIG_IGN);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    if (std::signal(signal, remove_and_end) == SIG_IGN) std::signal(signal, SIG_IGN);  // as nohup wants it
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_closed_streams();
  clean_up_on_signals();
  return convstep::cli::run(argc, argv);
}
