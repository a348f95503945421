// npy_stream.h: the .npy format over any source of bytes, a file or a member of an archive.
#pragma once

#include <string>

#include "convstep/npy.h"
#include "io/file.h"

namespace convstep {

// Bytes that are read once, from first to last. Throws FormatError, FileError.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // How errors name it.
  virtual const std::string& name() const = 0;

  // How many bytes are left. Trustworthy enough to allocate for: a file's size, or for a compressed member a size that
  // its compressed bytes can really hold.
  virtual int64_t remaining() const = 0;

  // The next `count` bytes, at most remaining().
  virtual void read(void* bytes, int64_t count) = 0;

  // To be called when nothing remains: checks what can only be known at the end.
  virtual void finish() = 0;
};

// The one array that the source holds, from its first byte to its last.
Array read_npy(ByteSource& source);

// Throws ShapeError where the shape and the bytes of the array do not belong together, or NumPy could not read it.
void check_savable(const Array& array);

}  // namespace convstep
