// Any bytes, given to the readers as a file: they must end in an array or in a FormatError.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "convstep/error.h"
#include "convstep/image.h"
#include "convstep/npy.h"

namespace {

// A file in memory, under a path that can be opened.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* bytes, size_t size) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (fd_ < 0 || write(fd_, bytes, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~MemoryFile() { close(fd_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

template <class Read>
void must_not_fail_otherwise(const Read& read) {
  try {
    read();
  } catch (const convstep::FormatError&) {  // the other good ending
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const MemoryFile file(bytes, size);
  must_not_fail_otherwise([&] { convstep::load_array(file.path()); });
  must_not_fail_otherwise([&] { convstep::load_npz(file.path()); });
  must_not_fail_otherwise([&] { convstep::load_image(file.path()); });
  return 0;
}
