#include <turbojpeg.h>

#include <memory>
#include <new>

#include "convstep/error.h"
#include "io/picture.h"

namespace convstep {
namespace {

// The least that a block of 8x8 pixels can take is one bit: its mean in a progressive file. In others its end takes
// another. (Arithmetic coding, which hardly any program writes, could do with less in a picture of one colour.)
constexpr int64_t kMaxPixelsPerByte = int64_t{8} * 8 * 8;

struct DestroyDecompressor {
  void operator()(void* handle) const { tjDestroy(handle); }
};

[[noreturn]] void fail(void* handle, const std::string& path) {
  throw FormatError(
      path, std::string("the JPEG picture is damaged, cut off or of an uncommon kind: ") + tjGetErrorStr2(handle));
}

}  // namespace

Tensor<float, 4> decode_jpeg(const Tensor<unsigned char, 1>& bytes, const std::string& path) {
  const std::unique_ptr<void, DestroyDecompressor> decompressor(tjInitDecompress());
  if (!decompressor) throw std::bad_alloc();
  const auto size = static_cast<unsigned long>(bytes.size());
  int width = 0, height = 0, subsampling = 0, colors = 0;
  if (tjDecompressHeader3(decompressor.get(), bytes.data(), size, &width, &height, &subsampling, &colors) != 0) {
    fail(decompressor.get(), path);
  }
  if (colors == TJCS_CMYK || colors == TJCS_YCCK) {
    throw FormatError(path, "it is a JPEG picture in the colours of printing (CMYK); convert it to RGB first");
  }
  check_pixel_count(width, height, path);  // a file that ends within its header is no error to the library
  check_fits(int64_t{width} * height / kMaxPixelsPerByte, bytes, path);

  const int channels = colors == TJCS_GRAY ? 1 : 3;
  auto pixels = Tensor<unsigned char, 3>::uninitialized({height, width, channels});
  // A cut-off file is only a warning to the library. Its limit on scans (500) stops files that are decoded over and
  // over.
  constexpr int kFlags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT;
  if (tjDecompress2(decompressor.get(), bytes.data(), size, pixels.data(), width, 0, height,
                    channels == 1 ? TJPF_GRAY : TJPF_RGB, kFlags) != 0) {
    fail(decompressor.get(), path);
  }
  auto image = Tensor<float, 4>::uninitialized({1, height, width, channels});
  for (int64_t i = 0; i < image.size(); ++i) image.data()[i] = static_cast<float>(pixels.data()[i]) / 255.0F;
  return image;
}

}  // namespace convstep
