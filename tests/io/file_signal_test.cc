// A signal at the very moment at which a temporary file gets its name.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdarg>
#include <string>

#include "convstep/npy.h"
#include "io/file.h"
#include "tests/support/temporary_directory.h"

namespace {

bool signals_at_names = false;

int with_signal(long result) {
  if (signals_at_names && result >= 0) ::raise(SIGINT);
  return static_cast<int>(result);
}

}  // namespace

// These take the place of those of the C library.
extern "C" {
int openat(int directory, const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const unsigned mode = va_arg(more, unsigned);  // read from where it would be, if there is none
  va_end(more);
  const long file = ::syscall(SYS_openat, directory, name, flags, mode);
  return flags & O_CREAT ? with_signal(file) : static_cast<int>(file);
}
int linkat(int from_directory, const char* from, int directory, const char* name, int flags) noexcept {
  return with_signal(::syscall(SYS_linkat, from_directory, from, directory, name, flags));
}
}

namespace convstep {
namespace {

constexpr int kRemoved = 3;

TEST(OutputFile, LeavesNothingWhenASignalComesAsItGetsAName) {
  for (const Temporary temporary : {Temporary::kNamed, Temporary::kUnnamed}) {
    const test::TemporaryDirectory directory;
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGINT, [](int) {
        remove_temporary_files();
        ::_exit(kRemoved);
      });
      signals_at_names = true;
      OutputFile file(directory.file("target"), temporary);
      file.write("new", 3);
      file.commit(nullptr);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), kRemoved);
    EXPECT_THAT(directory.names(), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace convstep
