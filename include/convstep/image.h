// image.h: pictures in and out, as arrays of shape (1, H, W, C) with values from 0 to 1.
//
// PNG: grey (C = 1), grey with alpha (2), RGB (3), RGBA (4); 1 to 16 bits; a palette becomes RGB, or RGBA where it has
// transparent entries. A colour that tRNS declares transparent becomes an alpha channel of 0 and 1. JPEG: grey or RGB,
// 8 bits; CMYK is refused. The kind is found from the file's first bytes, never from its name. A value v of b bits
// becomes v / (2^b - 1); no colour profile, gamma or orientation is applied. That a camera noted an orientation, in
// which viewers show the picture, is a warning.
//
// A file that is cut off, damaged or announces more pixels than its bytes can hold is a FormatError, before anything of
// that size is allocated. So is a progressive JPEG of more scans than 2^32 / pixels (but 32 at least, 500 at most), as
// every scan costs the time of a whole picture. Files that libpng and libjpeg can show despite an error are loaded,
// with a warning: a wrong checksum of a PNG's chunk beside the pixels, a transparency that is not valid, colours that
// are not in the palette (they are black), stray bytes or wrong codes in a JPEG.
#pragma once

#include <string>

#include "convstep/byte_writer.h"
#include "convstep/tensor.h"
#include "convstep/warnings.h"

namespace CONVSTEP_EXPORT convstep {

// Pictures above this many pixels are refused: a crafted header must not be able to claim all memory.
inline constexpr int64_t kMaxPixels = int64_t{1} << 28;

// Does the file start as a PNG or a JPEG does? Throws FileError where it cannot be read.
bool is_image(const std::string& path);

// Adds to *warnings what is wrong with the file although its picture can be shown. Throws FileError, FormatError.
Tensor<float, 4> load_image(const std::string& path, Warnings* warnings = nullptr);

// Writes an 8-bit PNG of one picture, image [1,H,W,C] with C = 1, 2, 3 or 4: grey, grey and alpha, RGB, RGBA. Values
// are clamped to 0..1 and rounded to the nearest of 256 levels; NaN becomes 0. Written as save_npy writes: beside the
// target, synced, renamed, with save_npy's warning. Throws ShapeError, FileError.
void save_png(const std::string& path, View<const float, 4> image, Warnings* warnings = nullptr);

// The bytes of such a file, for where there is no file.
void write_png(const ByteWriter& write, View<const float, 4> image);

}  // namespace convstep
