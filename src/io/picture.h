// picture.h: the formats of pictures. image.cc chooses between them by the first bytes of the file.
#pragma once

#include <string>

#include "convstep/image.h"

namespace convstep {

// The picture in the bytes of a file, as image.h describes it. `path` is for messages. Throws FormatError.
Tensor<float, 4> decode_png(const Tensor<unsigned char, 1>& bytes, const std::string& path);
Tensor<float, 4> decode_jpeg(const Tensor<unsigned char, 1>& bytes, const std::string& path);

// Throws FormatError where the header announces more pixels than kMaxPixels, or more than the file can hold: an encoded
// byte stands for at most `max_pixels_per_byte` of them.
void check_pixel_count(int64_t width, int64_t height, int64_t max_pixels_per_byte, int64_t file_size,
                       const std::string& path);

}  // namespace convstep
