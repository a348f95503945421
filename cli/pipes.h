// pipes.h: inputs that come through a pipe, outputs that go into one.
//
// "-" is standard input or standard output, and so are /dev/stdin and /dev/stdout; a file of that name is "./-". A FIFO
// and what a shell's process substitution leaves in its place are pipes, too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace convstep::cli {

// An open file descriptor, closed at the end of its life where it is the owner.
class Descriptor {
 public:
  explicit Descriptor(int fd, bool owned = true) : fd_(fd), owned_(owned) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_), owned_(other.owned_) { other.owned_ = false; }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int get() const { return fd_; }

 private:
  int fd_;
  bool owned_;
};

// An input's name taken apart: "-:W" is the member W of what comes through "-".
struct PipedName {
  std::string pipe;
  std::string member;  // ":W", or empty
};

// Empty where the name is not that of a pipe.
std::optional<PipedName> find_input_pipe(const std::string& path);

// What came through a pipe, in memory: readers go to and fro in a file. Waits for the pipe's end.
class PipedFile {
 public:
  // Throws FileError where the pipe cannot be read, brings more than `most` bytes, or is a terminal.
  explicit PipedFile(const std::string& pipe, int64_t most = half_of_memory());

  std::string path() const;  // a regular file, as long as this lives

  // The array may need as much again.
  static int64_t half_of_memory();

 private:
  Descriptor copy_;
};

bool is_standard_output(const std::string& path);

// Does an output of that name go into a pipe or a device, which cannot be replaced as a file is?
bool is_output_pipe(const std::string& path);

bool is_terminal(const std::string& path);

// A pipe for writing. Throws FileError.
class OutputPipe {
 public:
  explicit OutputPipe(const std::string& path);

  void write(const void* bytes, int64_t count) const;

 private:
  std::string path_;
  Descriptor pipe_;
};

}  // namespace convstep::cli
