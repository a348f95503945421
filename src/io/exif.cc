#include "io/exif.h"

#include <cstdint>

namespace convstep {

int exif_orientation(std::span<const unsigned char> tiff) {
  constexpr int kUpright = 1, kLast = 8;
  constexpr uint32_t kEntrySize = 12, kOrientationTag = 0x0112, kShort = 3, kVersion = 42;
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return kUpright;
  const bool little_endian = tiff[0] == 'I';
  // A number of some bytes that lie within the data.
  const auto number = [&](size_t at, size_t size) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | tiff[at + (little_endian ? size - 1 - i : i)];
    return value;
  };
  const size_t directory = number(4, 4);
  if (number(2, 2) != kVersion || directory > tiff.size() - 2) return kUpright;
  const size_t count = number(directory, 2), entries = directory + 2;
  for (size_t i = 0; i < count && (i + 1) * kEntrySize <= tiff.size() - entries; ++i) {
    const size_t entry = entries + i * kEntrySize;
    if (number(entry, 2) != kOrientationTag || number(entry + 2, 2) != kShort) continue;
    const auto orientation = static_cast<int>(number(entry + 8, 2));
    return orientation >= kUpright && orientation <= kLast ? orientation : kUpright;
  }
  return kUpright;
}

}  // namespace convstep
