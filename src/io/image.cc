#include "convstep/image.h"

#include "convstep/error.h"
#include "io/exif.h"
#include "io/file_kind.h"
#include "io/picture.h"

namespace convstep {

void check_pixel_count(int64_t width, int64_t height, const std::string& path) {
  if (width < 1 || height < 1) throw FormatError(path, "the picture's header is damaged or cut off");
  if (width > kMaxPixels / height) {
    throw FormatError(path, "it announces " + std::to_string(width) + " x " + std::to_string(height) +
                                " pixels; pictures of up to " + std::to_string(kMaxPixels) + " pixels can be read");
  }
}

void check_fits(int64_t least_bytes, const Tensor<unsigned char, 1>& bytes, const std::string& path) {
  if (least_bytes <= bytes.size()) return;
  throw FormatError(path, "it announces more pixels than a file of " + std::to_string(bytes.size()) +
                              " bytes can hold: it is damaged or cut off");
}

void note_orientation(std::span<const unsigned char> tiff, const std::string& path, Warnings& warnings) {
  const int orientation = exif_orientation(tiff);
  if (orientation == 1) return;
  warnings.push_back(path + ": its Exif data ask viewers to turn or mirror it (orientation " +
                     std::to_string(orientation) + "); its pixels are taken as they are stored");
}

bool is_image(const std::string& path) {
  const FileKind kind = file_kind(InputFile(path));
  return kind == FileKind::kPng || kind == FileKind::kJpeg;
}

Tensor<float, 4> load_image(const std::string& path, Warnings* warnings) {
  const InputFile file(path);
  Warnings unwanted;
  Warnings& noted = warnings ? *warnings : unwanted;
  switch (file_kind(file)) {
    case FileKind::kPng:
      return decode_png(file.read_all(), path, noted);
    case FileKind::kJpeg:
      return decode_jpeg(file.read_all(), path, noted);
    default:
      throw FormatError(path, "it is neither a PNG nor a JPEG picture: " + describe_kind(file));
  }
}

}  // namespace convstep
