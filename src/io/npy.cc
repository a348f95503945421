// .npy files, and the choice between the ways to name an array.

#include "convstep/npy.h"

#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "convstep/error.h"
#include "io/file_kind.h"
#include "io/half.h"
#include "io/npy_header.h"
#include "io/npy_stream.h"
#include "io/npz.h"
#include "io/quote.h"

namespace convstep {
namespace {

static_assert(std::endian::native == std::endian::little, "save_npy writes the elements as they lie in memory");

// np.load's own limit for headers of files that are not trusted. An array of 64 axes needs some 1,400.
constexpr int64_t kMaxHeader = 10000;

class FileSource : public ByteSource {
 public:
  explicit FileSource(const InputFile& file) : file_(file) {}

  const std::string& name() const override { return file_.path(); }
  int64_t remaining() const override { return file_.size() - position_; }
  void read(void* bytes, int64_t count) override {
    file_.read(position_, bytes, count);
    position_ += count;
  }
  void finish() override { file_.check_size_unchanged(); }

 private:
  const InputFile& file_;
  int64_t position_ = 0;
};

// read(), but a source that is too short is a file that was cut off.
void read_part(ByteSource& source, void* bytes, int64_t count, const char* part) {
  if (source.remaining() < count) {
    throw FormatError(source.name(), "it ends within " + std::string(part) + ": the file is cut off");
  }
  source.read(bytes, count);
}

NpyHeader read_header(ByteSource& source) {
  constexpr const char* kPart = "its .npy header";
  unsigned char start[8];  // magic (6), major and minor version
  const auto mark_size = std::min<int64_t>(source.remaining(), static_cast<int64_t>(kNpyMark.size()));
  source.read(start, mark_size);
  if (std::memcmp(start, kNpyMark.data(), static_cast<size_t>(mark_size)) != 0) {
    throw FormatError(source.name(), "it is not a .npy array");
  }
  read_part(source, start + mark_size, static_cast<int64_t>(sizeof start) - mark_size, kPart);
  const int major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0) {
    throw FormatError(source.name(), "it has .npy version " + std::to_string(major) + "." + std::to_string(minor) +
                                         "; 1.0, 2.0 and 3.0 can be read");
  }
  unsigned char length_bytes[4] = {};
  read_part(source, length_bytes, major == 1 ? 2 : 4, kPart);
  int64_t length = 0;
  for (int i = 3; i >= 0; --i) length = length << 8 | length_bytes[i];
  if (length > source.remaining()) {
    throw FormatError(source.name(), "it announces a header of " + std::to_string(length) + " bytes, but only " +
                                         std::to_string(source.remaining()) + " follow: the file is cut off");
  }
  if (length > kMaxHeader) {
    throw FormatError(source.name(), "it announces a header of " + std::to_string(length) +
                                         " bytes; no plain array needs more than " + std::to_string(kMaxHeader));
  }
  std::string text(static_cast<size_t>(length), '\0');
  source.read(text.data(), length);
  return parse_npy_header(text, major, source.name());
}

// The number of elements, after comparing what the header promises with what there is.
int64_t checked_count(const NpyHeader& header, const ByteSource& source) {
  const int rank = static_cast<int>(header.shape.size());
  const int64_t size = header.element_size();
  const std::string shape = to_string(header.shape.data(), rank);
  int64_t count = 0;
  try {
    count = element_count("shape", header.shape.data(), rank, static_cast<size_t>(dtype_size(header.dtype)));
  } catch (const ShapeError&) {
    throw FormatError(source.name(), "its shape " + shape + " is too large: no memory can hold such an array");
  }
  const int64_t promised = count * size, present = source.remaining();
  if (promised == present) return count;
  const std::string array = std::string(header.stored_name()) + " of shape " + shape;
  if (promised > present) {
    throw FormatError(source.name(), array + " needs " + std::to_string(promised) + " bytes of elements, but only " +
                                         std::to_string(present) + " follow the header: the file is cut off");
  }
  throw FormatError(source.name(), std::to_string(present - promised) + " extra bytes follow the " +
                                       std::to_string(promised) + " bytes of " + array);
}

void swap_bytes(Tensor<unsigned char, 1>& bytes, int64_t element_size) {
  for (int64_t i = 0; i < bytes.size(); i += element_size) std::reverse(&bytes(i), &bytes(i) + element_size);
}

// From Fortran order to C order, for two axes or more. Element (i, m, k), where m stands for all axes between the first
// and the last, lies at i + rows * (m + middle * k) in the source and at k + columns * (m + middle * i) in the result.
// m itself counts in Fortran order there and in C order here.
template <int kSize>
void transpose(const unsigned char* source, const std::vector<int64_t>& shape, int64_t count, unsigned char* result) {
  if (count == 0) return;
  constexpr int64_t kTile = 64 / kSize;  // both sides of a tile fill a cache line
  const int64_t rows = shape.front(), columns = shape.back(), middle = count / rows / columns;
  const int last = static_cast<int>(shape.size()) - 1;
  std::vector<int64_t> index(shape.size(), 0), strides(shape.size(), rows * kSize);
  for (int axis = 2; axis < last; ++axis) strides[axis] = strides[axis - 1] * shape[axis - 1];
  const unsigned char* from = source;
  for (int64_t m = 0; m < middle; ++m) {
    unsigned char* to = result + m * columns * kSize;
    for (int64_t i0 = 0; i0 < rows; i0 += kTile) {
      for (int64_t k0 = 0; k0 < columns; k0 += kTile) {
        for (int64_t i = i0; i < std::min(i0 + kTile, rows); ++i) {
          for (int64_t k = k0; k < std::min(k0 + kTile, columns); ++k) {
            std::memcpy(to + (i * middle * columns + k) * kSize, from + (i + k * rows * middle) * kSize, kSize);
          }
        }
      }
    }
    for (int axis = last - 1; axis > 0; --axis) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

Tensor<unsigned char, 1> to_c_order(const Tensor<unsigned char, 1>& bytes, const std::vector<int64_t>& shape,
                                    int64_t element_size) {
  auto result = Tensor<unsigned char, 1>::uninitialized(bytes.shape());
  const auto transpose_size = element_size == 1   ? transpose<1>
                              : element_size == 2 ? transpose<2>
                              : element_size == 4 ? transpose<4>
                                                  : transpose<8>;
  transpose_size(bytes.data(), shape, bytes.size() / element_size, result.data());
  return result;
}

Tensor<unsigned char, 1> from_half(const Tensor<unsigned char, 1>& bytes) {
  const int64_t count = bytes.size() / static_cast<int64_t>(sizeof(uint16_t));
  auto result = Tensor<unsigned char, 1>::uninitialized({count * static_cast<int64_t>(sizeof(float))});
  for (int64_t i = 0; i < count; ++i) {
    uint16_t half;
    std::memcpy(&half, bytes.data() + i * static_cast<int64_t>(sizeof half), sizeof half);
    const float value = float_of_half(half);
    std::memcpy(result.data() + i * static_cast<int64_t>(sizeof value), &value, sizeof value);
  }
  return result;
}

bool exists(const std::string& path) {
  struct stat status;
  return path.find('\0') == std::string::npos && ::stat(path.c_str(), &status) == 0;
}

struct ArrayPath {
  std::string file;
  std::optional<std::string> member;
};

// Takes "x.npz:name" apart. A path that is a file is left whole; else the longest beginning that is a file counts, for
// the names of members may hold colons too.
ArrayPath split_path(const std::string& path) {
  if (exists(path)) return {path, {}};
  for (size_t colon = path.rfind(':'); colon != std::string::npos && colon > 0; colon = path.rfind(':', colon - 1)) {
    const std::string file = path.substr(0, colon);
    if (exists(file)) return {file, path.substr(colon + 1)};
  }
  return {path, {}};
}

}  // namespace

Array read_npy(ByteSource& source) {
  const NpyHeader header = read_header(source);
  const int64_t element_size = header.element_size();
  const int64_t count = checked_count(header, source);
  Array array{header.dtype, header.shape, Tensor<unsigned char, 1>::uninitialized({count * element_size})};
  source.read(array.bytes.data(), array.bytes.size());
  source.finish();
  if (header.swapped) swap_bytes(array.bytes, element_size);
  if (header.fortran_order && header.shape.size() > 1) {
    array.bytes = to_c_order(array.bytes, header.shape, element_size);
  }
  if (header.half) array.bytes = from_half(array.bytes);
  return array;
}

Array load_array(const std::string& path) {
  const ArrayPath where = split_path(path);
  const InputFile file(where.file);
  switch (file_kind(file)) {
    case FileKind::kZip:
      return where.member ? load_npz_member(file, *where.member) : load_npz_only_member(file);
    case FileKind::kNpy: {
      if (where.member) {
        throw FormatError(where.file,
                          "it is a .npy file, which holds one array and no member " + quoted(*where.member));
      }
      FileSource source(file);
      return read_npy(source);
    }
    default:
      throw FormatError(where.file, "it is neither a .npy nor a .npz file: " + describe_kind(file));
  }
}

void check_savable(const Array& array) {
  const int rank = static_cast<int>(array.shape.size());
  const std::string shape = to_string(array.shape.data(), rank);
  if (rank > kMaxNpyRank) throw ShapeError("array", shape, "at most 64 axes");
  const int64_t size = dtype_size(array.dtype);
  const int64_t expected = size * element_count("array", array.shape.data(), rank, static_cast<size_t>(size));
  if (array.bytes.size() != expected) {
    throw ShapeError("array", std::to_string(array.bytes.size()) + " bytes",
                     std::to_string(expected) + " bytes of " + dtype_name(array.dtype) + " of shape " + shape);
  }
}

void write_npy(const ByteWriter& write, const Array& array) {
  check_savable(array);
  const std::string preamble = npy_preamble(array.dtype, array.shape);
  write(preamble.data(), static_cast<int64_t>(preamble.size()));
  write(array.bytes.data(), array.bytes.size());
}

void save_npy(const std::string& path, const Array& array, Warnings* warnings) {
  check_savable(array);
  OutputFile file(path);
  write_npy([&file](const void* bytes, int64_t count) { file.write(bytes, count); }, array);
  file.commit(warnings);
}

}  // namespace convstep
