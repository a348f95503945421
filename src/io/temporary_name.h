// temporary_name.h: hidden names for files that are being written, so that none of them outlives its writer for long.
#pragma once

#include <string>

namespace convstep {

// A name in a directory, removed at the end of its life, or by remove_temporary_files() where a signal ends the
// program.
class TemporaryName {
 public:
  TemporaryName() = default;
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  ~TemporaryName();

  static std::string random();

  // The name of a file that is about to be made in the directory, which stays open as long. It is not made first, as a
  // signal may come in between.
  void own(int directory, const std::string& name);
  // The file has another name now, or was not made.
  void release();

  bool empty() const { return name_.empty(); }
  const std::string& get() const { return name_; }

 private:
  int directory_ = -1;
  std::string name_;
  int slot_ = -1;  // in the list that signal handlers see
};

// Marks an open file as one that a process is writing, for as long as it is open.
void lock_temporary(int file);

// Removes files under such names that a killed process has left in the directory: this user's, not locked, and not
// written to for an hour, in case that locks do not reach the machine that writes.
void remove_abandoned_files(int directory);

}  // namespace convstep
