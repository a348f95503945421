// exif.h: what a camera notes beside a picture, as far as it says how the picture is to be shown.
#pragma once

#include <span>

namespace convstep {

// How viewers turn or mirror a picture, 1 to 8; 1 is as it is stored, and what data without a valid note give. `tiff`
// are Exif data from their byte order mark on, which may be damaged. Source: Exif 2.32, tag 0x0112.
int exif_orientation(std::span<const unsigned char> tiff);

}  // namespace convstep
