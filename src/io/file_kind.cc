#include "io/file_kind.h"

#include <algorithm>
#include <string_view>

#include "io/npy_header.h"
#include "io/quote.h"

namespace convstep {
namespace {

using namespace std::string_view_literals;

constexpr int64_t kLongestMark = 23;  // of a pointer of Git LFS

// Other kinds that come under the names of ours. Pictures are told that there are kinds that can be read.
struct OtherKind {
  std::string_view mark;
  size_t at;
  const char* name;
};
constexpr const char* kPictures = "; of pictures, PNG and JPEG can be read";
constexpr OtherKind kOtherPictures[] = {{"GIF8"sv, 0, "a GIF picture"},         {"WEBP"sv, 8, "a WebP picture"},
                                        {"BM"sv, 0, "a BMP picture"},           {"II*\0"sv, 0, "a TIFF picture"},
                                        {"MM\0*"sv, 0, "a TIFF picture"},       {"ftyphei"sv, 4, "a HEIC picture"},
                                        {"ftypmif"sv, 4, "a HEIC picture"},     {"ftypavif"sv, 4, "an AVIF picture"},
                                        {"\xff\x0a"sv, 0, "a JPEG XL picture"}, {"JXL \r\n"sv, 4, "a JPEG XL picture"}};
constexpr OtherKind kOtherFiles[] = {
    {"\x89PNG\n"sv, 0, "a PNG picture does whose line ends were changed, as by a transfer as text"},
    {"\x89HDF"sv, 0, "an HDF5 file does"},
    {"\x1f\x8b"sv, 0, "a gzip file does"},
    {"version https://git-lfs"sv, 0, "a pointer of Git LFS does, whose file was not fetched"}};

bool has_mark(std::string_view bytes, const OtherKind& kind) {
  return bytes.size() >= kind.at + kind.mark.size() && bytes.substr(kind.at, kind.mark.size()) == kind.mark;
}

std::string first_bytes(const InputFile& file) {
  std::string bytes(static_cast<size_t>(std::min(file.size(), kLongestMark)), '\0');
  file.read(0, bytes.data(), static_cast<int64_t>(bytes.size()));
  return bytes;
}

}  // namespace

FileKind file_kind(const InputFile& file) {
  const std::string bytes = first_bytes(file);
  if (bytes.starts_with(kNpyMark)) return FileKind::kNpy;
  if (bytes.starts_with("PK\x03\x04"sv) || bytes.starts_with("PK\x05\x06"sv)) return FileKind::kZip;
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return FileKind::kPng;
  if (bytes.starts_with("\xff\xd8\xff"sv)) return FileKind::kJpeg;
  return FileKind::kOther;
}

std::string describe_kind(const InputFile& file) {
  if (file.size() == 0) return "it is empty";
  switch (file_kind(file)) {
    case FileKind::kNpy:
      return "it is a .npy array";
    case FileKind::kZip:
      return "it is a zip archive";
    case FileKind::kPng:
      return "it is a PNG picture";
    case FileKind::kJpeg:
      return "it is a JPEG picture";
    case FileKind::kOther:
      break;
  }
  constexpr size_t kShown = 8;
  const std::string bytes = first_bytes(file);
  const std::string start = "it starts with " + quoted(std::string_view(bytes).substr(0, kShown));
  for (const OtherKind& kind : kOtherPictures) {
    if (has_mark(bytes, kind)) return start + ", as " + kind.name + " does" + kPictures;
  }
  for (const OtherKind& kind : kOtherFiles) {
    if (has_mark(bytes, kind)) return start + ", as " + kind.name;
  }
  return start;
}

}  // namespace convstep
