#include "io/file_kind.h"

#include <algorithm>
#include <string_view>

#include "io/npy_header.h"
#include "io/quote.h"

namespace convstep {
namespace {

using namespace std::string_view_literals;

constexpr int64_t kLongestMark = 8;  // PNG's

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
  return "it starts with " + quoted(first_bytes(file));
}

}  // namespace convstep
