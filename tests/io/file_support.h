// file_support.h: files that are read and replaced, also by a child process or by a user without rights.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "convstep/error.h"
#include "io/file.h"
#include "tests/support/temporary_directory.h"

namespace convstep {

inline void replace(const std::string& path, const std::string& bytes, Temporary temporary = Temporary::kUnnamed) {
  OutputFile file(path, temporary);
  file.write(bytes.data(), static_cast<int64_t>(bytes.size()));
  file.commit(nullptr);
}

inline std::string read_error(const std::string& path) {
  return test::message_of<FileError>(path, [&] { InputFile file(path); });
}

inline std::string write_error(const std::string& path) {
  return test::message_of<FileError>(path, [&] { replace(path, "new"); });
}

inline mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

// Runs action() in a child process as a user who is not root, and returns its exit status. The child calls no
// GoogleTest.
template <class Action>
int run_in_child(const Action& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 1;
    try {
      result = action();
    } catch (...) {
    }
    ::_exit(result);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline constexpr uid_t kNobody = 65534;

// Does action() fail with a FileError that holds `cause`, when it is not root that asks? Root may do anything.
template <class Action>
bool fails_unprivileged(const std::string& cause, const Action& action) {
  return run_in_child([&] {
           if (::geteuid() == 0 && ::seteuid(kNobody) != 0) return 2;
           try {
             action();
           } catch (const FileError& error) {
             return std::string(error.what()).find(cause) == std::string::npos ? 3 : 0;
           }
           return 4;
         }) == 0;
}

}  // namespace convstep
