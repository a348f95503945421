#include <spng.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "convstep/error.h"
#include "io/deflate.h"
#include "io/file.h"
#include "io/picture.h"
#include "io/quote.h"

namespace convstep {
namespace {

struct FreeContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using Context = std::unique_ptr<spng_ctx, FreeContext>;

Context new_context(int flags) {
  Context context(spng_ctx_new(flags));
  if (!context) throw std::bad_alloc();
  return context;
}

void check(int result, const std::string& path) {
  if (result == SPNG_OK) return;
  if (result == SPNG_EMEM) throw std::bad_alloc();
  throw FormatError(path, std::string("the PNG picture is damaged or cut off: ") + spng_strerror(result));
}

uint32_t big_endian(const unsigned char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | bytes[i];
  return value;
}

void put_big_endian(uint32_t value, unsigned char* bytes) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<unsigned char>(value >> (24 - 8 * i));
}

bool is_letter(unsigned char c) { return ('A' <= c && c <= 'Z') || ('a' <= c && c <= 'z'); }

struct Chunk {
  unsigned char* bytes;
  int64_t size;  // of the data and what surrounds them: length, type and checksum

  std::string type() const { return {bytes + 4, bytes + 8}; }
  bool has_type() const { return std::all_of(bytes + 4, bytes + 8, is_letter); }
  bool is_ancillary() const { return bytes[4] & 0x20; }  // a small letter
  uint32_t checksum() const { return static_cast<uint32_t>(crc32_z(0, bytes + 4, static_cast<size_t>(size - 8))); }
  bool is_sound() const { return checksum() == big_endian(bytes + size - 4); }
};

constexpr int64_t kSurround = 12;  // the bytes of a chunk that are not its data

// Some programs write more colours than a pixel of few bits can name. As libpng does, they are left out.
void cut_palette(Chunk* chunk, int bits) {
  if (bits > 8) return;
  const int64_t most = int64_t{3} << bits, given = chunk->size - kSurround;  // red, green and blue of each
  if (given <= most || given % 3 != 0 || !chunk->is_sound()) return;
  chunk->size = most + kSurround;
  put_big_endian(static_cast<uint32_t>(most), chunk->bytes);
  put_big_endian(chunk->checksum(), chunk->bytes + chunk->size - 4);
}

// The pixels are in the critical chunks, and tRNS may make one colour transparent. All others, texts and colour
// profiles by the thousand, are taken out, so that whatever is in them costs and breaks nothing. As in libpng a wrong
// checksum drops a tRNS, too; those of critical chunks are left for the library to find.
struct Kept {
  int64_t size = 0;  // of what is left of the bytes
  bool has_transparency = false;
};

Kept keep_what_makes_the_picture(Tensor<unsigned char, 1>& bytes, const std::string& path, Warnings& warnings) {
  constexpr int64_t kMark = 8, kDepth = kMark + 8 + 8, kColor = kDepth + 1;  // in the header, which comes first
  Kept kept{kMark};
  bool has_wrong = false;
  for (int64_t at = kMark; at + kSurround <= bytes.size();) {
    Chunk chunk{&bytes(at), kSurround + big_endian(&bytes(at))};
    if (chunk.size > bytes.size() - at) break;
    if (!chunk.has_type()) throw FormatError(path, "the PNG picture is damaged: a chunk has no valid type");
    const std::string type = chunk.type();
    if (type == "CgBI") {
      throw FormatError(path,
                        "it is a PNG picture that Xcode has changed for Apple's devices (CgBI); take the original");
    }
    at += chunk.size;
    const bool wrong = chunk.is_ancillary() && !chunk.is_sound();
    if (wrong && !has_wrong) {
      warnings.push_back(path + ": the checksum of its chunk " + quoted(type) + " is wrong; it was passed over");
    }
    has_wrong |= wrong;
    if (type == "eXIf" && !wrong) note_orientation({chunk.bytes + 8, chunk.bytes + chunk.size - 4}, path, warnings);
    if (wrong || (chunk.is_ancillary() && type != "tRNS")) continue;
    if (type == "PLTE" && kept.size > kColor && bytes(kColor) == SPNG_COLOR_TYPE_INDEXED) {
      cut_palette(&chunk, bytes(kDepth));
    }
    kept.has_transparency |= type == "tRNS";
    std::memmove(&bytes(kept.size), chunk.bytes, static_cast<size_t>(chunk.size));
    kept.size += chunk.size;
    if (type == "IEND") return kept;
  }
  throw FormatError(path, "the PNG picture is cut off: it has no end");
}

// A picture as the file holds it: rows of samples of bit_depth bits, of which one or more make a pixel.
struct RawPicture {
  spng_ihdr header{};
  int samples = 1;  // per pixel
  int64_t row_size = 0;
  Tensor<unsigned char, 1> bytes;
  spng_plte palette{};
  spng_trns transparent{};
  bool has_transparent = false;
};

// The n-th sample of a row. Samples of 16 bits come in the byte order of this machine.
uint32_t sample(const unsigned char* row, int64_t n, int depth) {
  if (depth == 8) return row[n];
  if (depth == 16) {
    uint16_t value;
    std::memcpy(&value, row + 2 * n, sizeof value);
    return value;
  }
  const int64_t bit = n * depth;
  return row[bit / 8] >> (8 - depth - bit % 8) & ((1U << depth) - 1);
}

RawPicture decode(Tensor<unsigned char, 1>& bytes, const std::string& path, Warnings& warnings) {
  const Kept kept = keep_what_makes_the_picture(bytes, path, warnings);
  const Context context = new_context(0);
  check(spng_set_crc_action(context.get(), SPNG_CRC_ERROR, SPNG_CRC_ERROR), path);
  check(spng_set_png_buffer(context.get(), bytes.data(), static_cast<size_t>(kept.size)), path);

  RawPicture picture;
  check(spng_get_ihdr(context.get(), &picture.header), path);
  const int color = picture.header.color_type;
  picture.samples = color == SPNG_COLOR_TYPE_TRUECOLOR         ? 3
                    : color == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ? 4
                    : color == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ? 2
                                                               : 1;
  const int64_t pixel_bits = int64_t{picture.samples} * picture.header.bit_depth;
  check_pixel_count(picture.header.width, picture.header.height, path);
  picture.row_size = (picture.header.width * pixel_bits + 7) / 8;
  const int64_t size = picture.row_size * picture.header.height;
  check_fits(size / kMaxDeflateRatio, bytes, path);
  picture.bytes = Tensor<unsigned char, 1>({size});  // zeros: the library only sets bits in small interlaced samples
  check(spng_decode_image(context.get(), picture.bytes.data(), static_cast<size_t>(size), SPNG_FMT_PNG, 0), path);
  check(spng_decode_chunks(context.get()), path);  // what stands after the pixels, or damage there would go unnoticed

  if (color == SPNG_COLOR_TYPE_INDEXED) check(spng_get_plte(context.get(), &picture.palette), path);
  const int result = spng_get_trns(context.get(), &picture.transparent);
  picture.has_transparent = result == SPNG_OK;
  if (result != SPNG_ECHUNKAVAIL) check(result, path);
  if (kept.has_transparency && !picture.has_transparent) {
    warnings.push_back(path + ": its chunk 'tRNS', which makes colours transparent, is not valid; it was passed over");
  }
  return picture;
}

Tensor<float, 4> new_image(const RawPicture& picture, int64_t channels) {
  return Tensor<float, 4>::uninitialized({1, picture.header.height, picture.header.width, channels});
}

Tensor<float, 4> palette_image(const RawPicture& picture, const std::string& path, Warnings& warnings) {
  const int64_t channels = picture.has_transparent ? 4 : 3;
  constexpr spng_plte_entry kBlack{};  // what libpng shows for a colour that is not there
  Tensor<float, 4> image = new_image(picture, channels);
  uint32_t last = 0;
  float* pixel = image.data();
  for (int64_t y = 0; y < image.shape(1); ++y) {
    const unsigned char* row = picture.bytes.data() + y * picture.row_size;
    for (int64_t x = 0; x < image.shape(2); ++x, pixel += channels) {
      const uint32_t index = sample(row, x, picture.header.bit_depth);
      last = std::max(last, index);
      const spng_plte_entry& entry = index < picture.palette.n_entries ? picture.palette.entries[index] : kBlack;
      const bool opaque = index >= picture.transparent.n_type3_entries;
      const int values[] = {entry.red, entry.green, entry.blue, opaque ? 255 : picture.transparent.type3_alpha[index]};
      std::transform(values, values + channels, pixel, [](int v) { return static_cast<float>(v) / 255.0F; });
    }
  }
  if (last >= picture.palette.n_entries) {
    warnings.push_back(path + ": a pixel has colour " + std::to_string(last) + " of " +
                       std::to_string(picture.palette.n_entries) + ", from 0; colours that are not there are black");
  }
  return image;
}

// Grey or RGB with or without alpha. One colour may be declared transparent; then there is an alpha channel too.
Tensor<float, 4> direct_image(const RawPicture& picture) {
  const int depth = picture.header.bit_depth, samples = picture.samples;
  const int64_t channels = samples + (picture.has_transparent ? 1 : 0);
  const spng_trns& transparent = picture.transparent;
  const uint16_t keys[] = {samples == 1 ? transparent.gray : transparent.red, transparent.green, transparent.blue};
  const uint32_t maximum = (1U << depth) - 1;
  std::vector<float> levels(maximum + 1);
  for (uint32_t v = 0; v <= maximum; ++v) levels[v] = static_cast<float>(v) / static_cast<float>(maximum);

  Tensor<float, 4> image = new_image(picture, channels);
  float* pixel = image.data();
  for (int64_t y = 0; y < image.shape(1); ++y) {
    const unsigned char* row = picture.bytes.data() + y * picture.row_size;
    for (int64_t x = 0; x < image.shape(2); ++x, pixel += channels) {
      bool is_key = picture.has_transparent;
      for (int c = 0; c < samples; ++c) {
        const uint32_t value = sample(row, x * samples + c, depth);
        pixel[c] = levels[value];
        if (is_key) is_key = value == (keys[c] & maximum);
      }
      if (picture.has_transparent) pixel[samples] = is_key ? 0.0F : 1.0F;
    }
  }
  return image;
}

unsigned char to_byte(float value) {
  if (!(value > 0)) return 0;  // NaN too
  if (value >= 1) return 255;
  return static_cast<unsigned char>(std::floor(static_cast<double>(value) * 255 + 0.5));
}

struct FreeBytes {
  void operator()(void* bytes) const { std::free(bytes); }
};
struct EncodedPicture {
  std::unique_ptr<void, FreeBytes> bytes;
  size_t size = 0;
};

void check_picture(const Shape<4>& shape) {
  constexpr const char* kExpected = "one picture (1, H, W, C) of 1 to 4 channels and up to 2^28 pixels";
  element_count("image", shape.data(), 4, sizeof(float));
  if (shape[0] != 1 || shape[1] < 1 || shape[2] < 1 || shape[3] < 1 || shape[3] > 4 ||
      shape[2] > kMaxPixels / shape[1]) {
    throw ShapeError("image", to_string(shape), kExpected);
  }
}

// `path` is for messages.
EncodedPicture encode(View<const float, 3> image, const std::string& path) {
  const Context owner = new_context(SPNG_CTX_ENCODER);
  spng_ctx* const context = owner.get();
  constexpr uint8_t kColors[] = {SPNG_COLOR_TYPE_GRAYSCALE, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, SPNG_COLOR_TYPE_TRUECOLOR,
                                 SPNG_COLOR_TYPE_TRUECOLOR_ALPHA};
  spng_ihdr header{};
  header.height = static_cast<uint32_t>(image.shape(0));
  header.width = static_cast<uint32_t>(image.shape(1));
  header.bit_depth = 8;
  header.color_type = kColors[image.shape(2) - 1];
  check(spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1), path);
  check(spng_set_ihdr(context, &header), path);
  constexpr int kRowByRow = SPNG_ENCODE_PROGRESSIVE | SPNG_ENCODE_FINALIZE;
  check(spng_encode_image(context, nullptr, 0, SPNG_FMT_PNG, kRowByRow), path);

  std::vector<unsigned char> row(static_cast<size_t>(image.shape(1) * image.shape(2)));
  for (int64_t y = 0; y < image.shape(0); ++y) {
    auto next = row.begin();
    for (int64_t x = 0; x < image.shape(1); ++x) {
      for (int64_t c = 0; c < image.shape(2); ++c) *next++ = to_byte(image(y, x, c));
    }
    const int result = spng_encode_row(context, row.data(), row.size());
    const bool last = y + 1 == image.shape(0);
    if (!(last && result == SPNG_EOI)) check(result, path);
  }
  EncodedPicture encoded;
  int result = SPNG_OK;
  encoded.bytes.reset(spng_get_png_buffer(context, &encoded.size, &result));
  check(result, path);
  return encoded;
}

}  // namespace

Tensor<float, 4> decode_png(Tensor<unsigned char, 1> bytes, const std::string& path, Warnings& warnings) {
  const RawPicture picture = decode(bytes, path, warnings);
  return picture.header.color_type == SPNG_COLOR_TYPE_INDEXED ? palette_image(picture, path, warnings)
                                                              : direct_image(picture);
}

void save_png(const std::string& path, View<const float, 4> image, Warnings* warnings) {
  check_picture(image.shape());
  OutputFile file(path);
  const EncodedPicture encoded = encode(image[0], path);
  file.write(encoded.bytes.get(), static_cast<int64_t>(encoded.size));
  file.commit(warnings);
}

void write_png(const ByteWriter& write, View<const float, 4> image) {
  check_picture(image.shape());
  const EncodedPicture encoded = encode(image[0], "the picture");
  write(encoded.bytes.get(), static_cast<int64_t>(encoded.size));
}

}  // namespace convstep
