// file.h: regular files, read and written so that every failure is noticed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "convstep/tensor.h"
#include "convstep/warnings.h"
#include "io/temporary_name.h"

namespace convstep {

// An open file, closed at the end of its life.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void reset(int fd) {
    close();
    fd_ = fd;
  }
  // False (and errno) where closing reports that something written before was lost.
  bool close();

 private:
  int fd_;
};

// A regular file for reading. Pipes, devices and directories are refused, without ever waiting for them.
class InputFile {
 public:
  explicit InputFile(const std::string& path);

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }  // when it was opened

  // Exactly `count` bytes from `offset`, which the caller knows to lie within size().
  void read(int64_t offset, void* bytes, int64_t count) const;

  // The whole file.
  Tensor<unsigned char, 1> read_all() const;

  // Throws FileError where another program has made the file longer or shorter since it was opened.
  void check_size_unchanged() const;

 private:
  std::string path_;
  FileDescriptor file_;
  int64_t size_ = 0;
};

// Where the bytes of an OutputFile lie until it is complete.
enum class Temporary {
  kUnnamed,  // in a file without a name, which vanishes with the process; kNamed where the file system has none
  kNamed     // in a hidden file beside the target, where a writer that is killed leaves it to the next one
};

// A file that appears, or takes the place of the old one, only when it is complete.
//
//   OutputFile file(path);   // checks that the target may be written
//   file.write(...);         // as often as needed
//   file.commit(warnings);   // synced and renamed over the target; before this the target is untouched
//
// A symbolic link is followed; permissions (and the owner, where the system allows it) of an existing file are kept.
// Other hard links to an existing file keep its old contents. Every function throws FileError.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path, Temporary temporary = Temporary::kUnnamed);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() = default;  // without commit(), nothing is left behind

  int64_t size() const { return size_; }  // the bytes written so far

  void write(const void* bytes, int64_t count);                     // at the end
  void write_at(int64_t offset, const void* bytes, int64_t count);  // over bytes written before
  // Nothing fails once the target is replaced. That this may not outlive a crash is a warning.
  void commit(Warnings* warnings);

 private:
  void open_temporary(Temporary temporary, mode_t mode);
  void name_temporary();
  void put(int64_t offset, const void* bytes, int64_t count);

  std::string path_;  // as the caller named it
  std::string name_;  // of the target within its directory
  FileDescriptor directory_, file_;
  TemporaryName temporary_name_;  // within the directory; empty while there is none
  int64_t size_ = 0;
};

}  // namespace convstep
