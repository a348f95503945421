#include "convstep/image.h"

#include "convstep/error.h"
#include "io/file_kind.h"
#include "io/picture.h"

namespace convstep {

void check_pixel_count(int64_t width, int64_t height, int64_t max_pixels_per_byte, int64_t file_size,
                       const std::string& path) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width > kMaxPixels / height) {
    throw FormatError(
        path, "it announces " + size + "; pictures of up to " + std::to_string(kMaxPixels) + " pixels can be read");
  }
  if (width * height / max_pixels_per_byte > file_size) {
    throw FormatError(path,
                      "it announces " + size + ", which a file of " + std::to_string(file_size) + " bytes cannot hold");
  }
}

bool is_image(const std::string& path) {
  const FileKind kind = file_kind(InputFile(path));
  return kind == FileKind::kPng || kind == FileKind::kJpeg;
}

Tensor<float, 4> load_image(const std::string& path) {
  const InputFile file(path);
  switch (file_kind(file)) {
    case FileKind::kPng:
      return decode_png(file.read_all(), path);
    case FileKind::kJpeg:
      return decode_jpeg(file.read_all(), path);
    default:
      throw FormatError(path, "it is neither a PNG nor a JPEG picture: " + describe_kind(file));
  }
}

}  // namespace convstep
