#include <algorithm>
#include <csetjmp>
#include <new>
#include <string>
#include <string_view>

#include "convstep/error.h"
#include "io/libjpeg.h"
#include "io/picture.h"

namespace convstep {
namespace {

// The least that a block of 8x8 pixels can take is one bit: its mean in a progressive file. In others its end takes
// another. (Arithmetic coding, which hardly any program writes, could do with less in a picture of one colour.)
constexpr int64_t kMaxPixelsPerByte = int64_t{8} * 8 * 8;

// A progressive picture is decoded scan by scan, each over all its pixels although it may take but a few bytes: one of
// 700 KB could keep a processor busy for a minute. Common scripts have 10 scans, and those that optimisers find hardly
// ever 20, so that 32 are always read. More are where they cost little: pixels times scans reach 2^32 at some
// 0.3 ns each, a second or two. 500 is what libjpeg-turbo's own programs take for a sign of malice.
constexpr int64_t kScansOfAnySize = 32, kMaxScans = 500, kMaxPixelScans = int64_t{1} << 32;

int64_t most_scans(int64_t pixels) { return std::clamp(kMaxPixelScans / pixels, kScansOfAnySize, kMaxScans); }

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kLongestMarker = 0xffff;
constexpr std::string_view kExifMark("Exif\0\0", 6);  // before the Exif data in such a marker

// libjpeg's decompressor and what it calls back. It knows no exceptions: an error jumps to `recover`, over C alone.
struct Decompressor {
  Decompressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = [](j_common_ptr common) { of(common).stop(); };
    errors.emit_message = [](j_common_ptr common, int level) {
      if (level < 0) of(common).warn();
    };
    errors.output_message = [](j_common_ptr) {};
    info.client_data = this;
    progress.progress_monitor = [](j_common_ptr common) {
      Decompressor& self = of(common);
      if (self.info.input_scan_number <= self.scan_limit) return;
      self.too_many_scans = true;
      std::longjmp(self.recover, 1);
    };
  }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() { jpeg_destroy_decompress(&info); }

  static Decompressor& of(j_common_ptr common) { return *static_cast<Decompressor*>(common->client_data); }

  [[noreturn]] void stop() {
    errors.format_message(reinterpret_cast<j_common_ptr>(&info), message);
    std::longjmp(recover, 1);
  }

  // libjpeg goes on with grey where data are missing. A picture that is cut off is no picture here.
  void warn() {
    if (errors.msg_code == JWRN_JPEG_EOF || errors.msg_code == JWRN_HIT_MARKER) stop();
    if (errors.num_warnings++ == 0) errors.format_message(reinterpret_cast<j_common_ptr>(&info), message);
  }

  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf recover;
  char message[JMSG_LENGTH_MAX] = "";  // of the error, or the first warning
  int64_t scan_limit = kMaxScans;
  bool too_many_scans = false;
};

// Each of these is false after an error. They own nothing, as a jump would pass by its end.

bool read_header(Decompressor& decompressor, const unsigned char* bytes, size_t size) {
  if (setjmp(decompressor.recover)) return false;
  jpeg_create_decompress(&decompressor.info);
  decompressor.info.progress = &decompressor.progress;
  jpeg_mem_src(&decompressor.info, bytes, static_cast<unsigned long>(size));
  jpeg_save_markers(&decompressor.info, kExifMarker, kLongestMarker);
  jpeg_read_header(&decompressor.info, TRUE);
  return true;
}

// `row` has room for one row of the output.
bool read_pixels(Decompressor& decompressor, unsigned char* row, float* values) {
  if (setjmp(decompressor.recover)) return false;
  jpeg_decompress_struct& info = decompressor.info;
  jpeg_start_decompress(&info);
  const int64_t row_size = int64_t{info.output_width} * info.output_components;
  for (int64_t y = 0; y < info.output_height; ++y) {
    jpeg_read_scanlines(&info, &row, 1);
    float* next = values + y * row_size;
    for (int64_t i = 0; i < row_size; ++i) next[i] = static_cast<float>(row[i]) / 255.0F;
  }
  jpeg_finish_decompress(&info);
  return true;
}

void note_exif(const Decompressor& decompressor, const std::string& path, Warnings& warnings) {
  for (const jpeg_marker_struct* marker = decompressor.info.marker_list; marker != nullptr; marker = marker->next) {
    const std::span<const unsigned char> data(marker->data, marker->data_length);
    if (data.size() < kExifMark.size() || !std::equal(kExifMark.begin(), kExifMark.end(), data.begin())) continue;
    return note_orientation(data.subspan(kExifMark.size()), path, warnings);
  }
}

[[noreturn]] void fail(const Decompressor& decompressor, const std::string& path) {
  if (decompressor.too_many_scans) {
    throw FormatError(path, "the JPEG picture has more than " + std::to_string(decompressor.scan_limit) +
                                " scans, each of which is decoded over all its pixels");
  }
  if (decompressor.errors.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
  throw FormatError(
      path, std::string("the JPEG picture is damaged, cut off or of an uncommon kind: ") + decompressor.message);
}

}  // namespace

Tensor<float, 4> decode_jpeg(Tensor<unsigned char, 1> bytes, const std::string& path, Warnings& warnings) {
  Decompressor decompressor;
  jpeg_decompress_struct& info = decompressor.info;
  if (!read_header(decompressor, bytes.data(), static_cast<size_t>(bytes.size()))) fail(decompressor, path);
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK) {
    throw FormatError(path, "it is a JPEG picture in the colours of printing (CMYK); convert it to RGB first");
  }
  const int64_t width = info.image_width, height = info.image_height;
  check_pixel_count(width, height, path);
  check_fits(width * height / kMaxPixelsPerByte, bytes, path);

  note_exif(decompressor, path, warnings);
  info.out_color_space = info.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  decompressor.scan_limit = most_scans(width * height);
  const int64_t channels = info.out_color_space == JCS_GRAYSCALE ? 1 : 3;
  auto row = Tensor<unsigned char, 1>::uninitialized({width * channels});
  auto image = Tensor<float, 4>::uninitialized({1, height, width, channels});
  if (!read_pixels(decompressor, row.data(), image.data())) fail(decompressor, path);
  if (decompressor.errors.num_warnings > 0) warnings.push_back(path + ": " + decompressor.message);
  return image;
}

}  // namespace convstep
