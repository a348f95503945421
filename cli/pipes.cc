#include "cli/pipes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

bool is_standard_input(const std::string& path) { return path == "-" || path == "/dev/stdin"; }

std::string cause(const std::string& attempt, int error) {
  return attempt + ": " + std::generic_category().message(error);
}

// What the messages call it.
std::string shown(const std::string& path, const char* standard) { return path == "-" ? standard : path; }

bool is_pipe(const struct stat& status) { return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode); }

Descriptor open_input(const std::string& pipe) {
  if (is_standard_input(pipe)) return Descriptor(STDIN_FILENO, false);
  return Descriptor(::open(pipe.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
}

void write_all(int fd, const void* bytes, int64_t count, const std::string& name) {
  const auto* next = static_cast<const unsigned char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::write(fd, next, static_cast<size_t>(count));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw FileError(name, cause("cannot be written", errno));
    next += written;
    count -= written;
  }
}

}  // namespace

Descriptor::~Descriptor() {
  if (owned_ && fd_ >= 0) ::close(fd_);
}

std::optional<PipedName> find_input_pipe(const std::string& path) {
  for (size_t end = path.size(); end != std::string::npos && end > 0; end = path.rfind(':', end - 1)) {
    const std::string file = path.substr(0, end);
    if (is_standard_input(file)) return PipedName{file, path.substr(end)};
    struct stat status;
    if (::stat(file.c_str(), &status) != 0) continue;
    if (!is_pipe(status)) return {};
    return PipedName{file, path.substr(end)};
  }
  return {};
}

PipedFile::PipedFile(const std::string& pipe, int64_t most) : copy_(::memfd_create("convstep", MFD_CLOEXEC)) {
  const std::string name = shown(pipe, "standard input");
  if (copy_.get() < 0) throw FileError(name, cause("cannot be kept in memory", errno));
  const Descriptor source = open_input(pipe);
  if (source.get() < 0) throw FileError(name, cause("cannot be opened", errno));
  if (::isatty(source.get()) == 1) throw FileError(name, "it is a terminal, where a file or a pipe is needed");
  std::array<unsigned char, 1 << 16> buffer;  // as much as a pipe holds
  int64_t size = 0;
  while (true) {
    const ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw FileError(name, cause("cannot be read", errno));
    if (got == 0) break;
    size += got;
    if (size > most) {
      throw FileError(name, "more than " + std::to_string(most) +
                                " bytes came, half of this machine's memory: write them to a file first");
    }
    write_all(copy_.get(), buffer.data(), got, name);
  }
  // The reader of the copy would say that it is no array, as if that were the cause.
  struct stat status;
  if (size == 0 && ::fstat(source.get(), &status) == 0 && is_pipe(status)) {
    throw FileError(name, "it is empty: the command before it in the pipe wrote nothing");
  }
}

std::string PipedFile::path() const { return "/proc/self/fd/" + std::to_string(copy_.get()); }

int64_t PipedFile::half_of_memory() {
  return static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE) / 2;
}

bool is_standard_output(const std::string& path) { return path == "-" || path == "/dev/stdout"; }

bool is_output_pipe(const std::string& path) {
  if (is_standard_output(path)) return true;
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && (is_pipe(status) || S_ISCHR(status.st_mode));
}

bool is_terminal(const std::string& path) {
  if (is_standard_output(path)) return ::isatty(STDOUT_FILENO) == 1;
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) return false;
  return ::isatty(Descriptor(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)).get()) == 1;
}

OutputPipe::OutputPipe(const std::string& path)
    : path_(shown(path, "standard output")),
      pipe_(is_standard_output(path) ? Descriptor(STDOUT_FILENO, false)
                                     : Descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY))) {
  if (pipe_.get() < 0) throw FileError(path_, cause("cannot be opened", errno));
}

void OutputPipe::write(const void* bytes, int64_t count) const { write_all(pipe_.get(), bytes, count, path_); }

}  // namespace convstep::cli
