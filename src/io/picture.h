// picture.h: the formats of pictures. image.cc chooses between them by the first bytes of the file.
#pragma once

#include <span>
#include <string>

#include "convstep/image.h"

namespace convstep {

// The picture in the bytes of a file, as image.h describes it. `path` is for messages. Throws FormatError.
Tensor<float, 4> decode_png(Tensor<unsigned char, 1> bytes, const std::string& path, Warnings& warnings);
Tensor<float, 4> decode_jpeg(Tensor<unsigned char, 1> bytes, const std::string& path, Warnings& warnings);

// What a header announces, before anything of that size is allocated. Throws FormatError.
//
// At least one pixel and at most kMaxPixels:
void check_pixel_count(int64_t width, int64_t height, const std::string& path);
// A picture that takes at least `least_bytes` in a file is in a file that has them:
void check_fits(int64_t least_bytes, const Tensor<unsigned char, 1>& bytes, const std::string& path);

// Exif data (exif.h) that want the picture turned or mirrored are a warning, as it is not.
void note_orientation(std::span<const unsigned char> tiff, const std::string& path, Warnings& warnings);

}  // namespace convstep
