// jpeg_builder.h: JPEG pictures of every kind that libjpeg writes.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "io/libjpeg.h"

namespace convstep::test {

struct JpegKind {
  int width = 40, height = 24;
  int channels = 3;                                                      // 1 grey, 3 RGB, 4 CMYK
  std::vector<std::pair<int, int>> sampling = {{1, 1}, {1, 1}, {1, 1}};  // across and down, for Y, Cb and Cr
  bool progressive = false, arithmetic = false;
  int restart_interval = 0;  // in blocks
};

// A soft gradient from the first value to the last.
inline std::string jpeg(const JpegKind& kind) {
  const auto size = static_cast<size_t>(kind.width * kind.height * kind.channels);
  std::vector<unsigned char> pixels(size);
  for (size_t i = 0; i < size; ++i) pixels[i] = static_cast<unsigned char>(i * 255 / size);

  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);  // ends the program where the test is wrong
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  jpeg_mem_dest(&info, &bytes, &count);
  info.image_width = static_cast<JDIMENSION>(kind.width);
  info.image_height = static_cast<JDIMENSION>(kind.height);
  info.input_components = kind.channels;
  info.in_color_space = kind.channels == 1 ? JCS_GRAYSCALE : kind.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (kind.channels == 3) {
    for (int c = 0; c < 3; ++c) {
      info.comp_info[c].h_samp_factor = kind.sampling[static_cast<size_t>(c)].first;
      info.comp_info[c].v_samp_factor = kind.sampling[static_cast<size_t>(c)].second;
    }
  }
  info.arith_code = kind.arithmetic ? TRUE : FALSE;
  info.restart_interval = static_cast<unsigned>(kind.restart_interval);
  if (kind.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < kind.height; ++y) {
    JSAMPROW row = &pixels[static_cast<size_t>(y * kind.width * kind.channels)];
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string file(reinterpret_cast<const char*>(bytes), count);
  std::free(bytes);
  return file;
}

}  // namespace convstep::test
