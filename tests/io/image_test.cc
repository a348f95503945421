#include "convstep/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include "tests/io/picture_fixture.h"

namespace convstep {
namespace {

using test::message_of;
using test::read_file;
using test::write_file;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kPngMark = "\x89PNG\r\n\x1a\n";

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string checked = type + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return big_endian(static_cast<uint32_t>(data.size())) + checked + big_endian(static_cast<uint32_t>(crc));
}

std::string compressed(const std::string& data) {
  uLongf size = compressBound(data.size());
  std::string result(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
               data.size()) != Z_OK) {
    throw std::bad_alloc();
  }
  return result.substr(0, size);
}

constexpr char kGrey = 0, kRgb = 2, kPalette = 3;

std::string header(uint32_t width, uint32_t height, char depth, char color) {
  return chunk("IHDR", big_endian(width) + big_endian(height) + depth + color + std::string(3, '\0'));
}

// A PNG whose rows, each with its filter byte, are `rows`; `before` holds chunks such as PLTE and tRNS.
std::string png(const std::string& ihdr, const std::string& rows, const std::string& before = "") {
  return kPngMark + ihdr + before + chunk("IDAT", compressed(rows)) + chunk("IEND", "");
}

std::vector<float> values_of(const Tensor<float, 4>& image) { return {image.data(), image.data() + image.size()}; }

class ImageTest : public PictureFixture {
 protected:
  ImageTest() : PictureFixture("picture.png") {}

  // Two rows of three grey pixels.
  const std::string small_ = png(header(3, 2, 8, kGrey), std::string("\0\0\x80\xff\0\1\2\3", 8));
};

TEST_F(ImageTest, ReadsGreyOfEveryDepth) {
  const Tensor<float, 4> eight = load(small_);
  EXPECT_EQ(eight.shape(), (Shape<4>{1, 2, 3, 1}));
  EXPECT_THAT(values_of(eight), ElementsAre(0, 128 / 255.0F, 1, 1 / 255.0F, 2 / 255.0F, 3 / 255.0F));
  EXPECT_THAT(values_of(load(png(header(3, 1, 1, kGrey), std::string("\0\xa0", 2)))), ElementsAre(1, 0, 1));
  EXPECT_THAT(values_of(load(png(header(3, 1, 2, kGrey), std::string("\0\x6c", 2)))),
              ElementsAre(1 / 3.0F, 2 / 3.0F, 1));
  EXPECT_THAT(values_of(load(png(header(3, 1, 4, kGrey), std::string("\0\x1e\xf0", 3)))),
              ElementsAre(1 / 15.0F, 14 / 15.0F, 1));
  EXPECT_THAT(values_of(load(png(header(2, 1, 16, kGrey), std::string("\0\x12\x34\xff\xff", 5)))),
              ElementsAre(0x1234 / 65535.0F, 1));
}

TEST_F(ImageTest, TurnsPalettesIntoColours) {
  const std::string palette = chunk("PLTE", std::string("\xff\0\0\0\xff\0\0\0\xff", 9));
  const std::string rows("\0\2\1\0", 4);
  const Tensor<float, 4> opaque = load(png(header(3, 1, 8, kPalette), rows, palette));
  EXPECT_EQ(opaque.shape(), (Shape<4>{1, 1, 3, 3}));
  EXPECT_THAT(values_of(opaque), ElementsAre(0, 0, 1, 0, 1, 0, 1, 0, 0));
  const std::string alpha = chunk("tRNS", std::string("\x33", 1));
  const Tensor<float, 4> transparent = load(png(header(3, 1, 8, kPalette), rows, palette + alpha));
  EXPECT_EQ(transparent.shape(), (Shape<4>{1, 1, 3, 4}));
  EXPECT_THAT(values_of(transparent), ElementsAre(0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0.2F));
  // Colours that a pixel of one bit cannot name are left out, as in libpng.
  EXPECT_THAT(values_of(load(png(header(2, 1, 1, kPalette), std::string("\0\x40", 2), palette + alpha))),
              ElementsAre(1, 0, 0, 0.2F, 0, 1, 0, 1));
  EXPECT_THAT(error(png(header(2, 1, 1, kPalette), std::string("\0\x40", 2), chunk("PLTE", std::string(7, '\0')))),
              HasSubstr("damaged"));
  // As in libpng, a colour that is not there is black, and opaque.
  EXPECT_THAT(values_of(load(png(header(2, 1, 8, kPalette), std::string("\0\3\1", 3), palette + alpha))),
              ElementsAre(0, 0, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("picture.png: a pixel has colour 3 of 3, from 0; colours that are not")));
  EXPECT_THAT(error(png(header(3, 1, 8, kPalette), rows)), HasSubstr("damaged"));
}

TEST_F(ImageTest, TurnsATransparentColourIntoAlpha) {
  const Tensor<float, 4> grey =
      load(png(header(3, 1, 8, kGrey), std::string("\0\0\x33\xff", 4), chunk("tRNS", std::string("\0\x33", 2))));
  EXPECT_EQ(grey.shape(), (Shape<4>{1, 1, 3, 2}));
  EXPECT_THAT(values_of(grey), ElementsAre(0, 1, 0.2F, 0, 1, 1));
  const Tensor<float, 4> color = load(png(header(2, 1, 8, kRgb), std::string("\0\0\0\xff\0\0\xfe", 7),
                                          chunk("tRNS", std::string("\0\0\0\0\0\xff", 6))));
  EXPECT_EQ(color.shape(), (Shape<4>{1, 1, 2, 4}));
  EXPECT_THAT(values_of(color), ElementsAre(0, 0, 1, 0, 0, 0, 254 / 255.0F, 1));
}

TEST_F(ImageTest, RefusesEveryTruncation) {
  for (size_t size = 0; size < small_.size(); ++size) {
    EXPECT_THAT(error(small_.substr(0, size)), AnyOf(HasSubstr("cut off"), HasSubstr("neither a PNG nor"))) << size;
  }
}

// Every chunk has a checksum, so every wrong bit shows; beside the pixels it is no reason to refuse them.
TEST_F(ImageTest, NoticesEveryWrongBit) {
  const std::string whole =
      png(header(3, 2, 8, kGrey), std::string("\0\0\x80\xff\0\1\2\3", 8), chunk("tEXt", std::string("a\0b", 3)));
  int refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      try {
        EXPECT_EQ(values_of(load(damaged)), values_of(load_image(write_file(path_, whole)))) << at;
        EXPECT_THAT(warnings_, ElementsAre(HasSubstr("is wrong; it was passed over")));
      } catch (const FormatError&) {
        ++refused;
      }
    }
  }
  constexpr int kText =
      4 + 3 + 4;  // type, data and checksum of the one chunk beside the pixels; its length leads astray
  EXPECT_GE(refused, 8 * (static_cast<int>(whole.size()) - kText));
}

TEST_F(ImageTest, ShowsWhatLibpngShows) {
  const auto with_wrong_checksum = [](std::string bytes) {
    bytes.back() ^= 1;
    return bytes;
  };
  const std::string rows("\0\1\2\3", 4), ihdr = header(3, 1, 8, kGrey), idat = chunk("IDAT", compressed(rows)),
                                         iend = chunk("IEND", "");
  const std::vector<float> expected = {1 / 255.0F, 2 / 255.0F, 3 / 255.0F};
  const std::string text = chunk("tEXt", std::string("a\0b", 3));
  std::string texts;
  for (int i = 0; i < 5000; ++i) texts += text;
  for (const std::string& beside : {texts, chunk("iCCP", "no profile"), chunk("gAMA", "12345"), chunk("sRGB", "\7"),
                                    chunk("pHYs", ""), chunk("acTL", "odd"), chunk("puNk", "private")}) {
    EXPECT_EQ(values_of(load(png(ihdr, rows, beside))), expected);
    EXPECT_THAT(warnings_, ElementsAre());
    EXPECT_EQ(values_of(load(kPngMark + ihdr + idat + beside + iend)), expected);
    EXPECT_EQ(values_of(load(png(ihdr, rows, with_wrong_checksum(beside)))), expected);
    EXPECT_EQ(warnings_.size(), 1u);
    EXPECT_EQ(values_of(load_image(path_)), expected);
  }
  EXPECT_EQ(values_of(load(png(ihdr, rows) + "trailing")), expected);
  EXPECT_EQ(values_of(load(kPngMark + ihdr + chunk("IDAT", "") + idat + chunk("IDAT", "") + iend)), expected);
  // A colour that may be transparent is opaque where the chunk that says so is damaged, as in libpng.
  EXPECT_EQ(load(png(ihdr, rows, with_wrong_checksum(chunk("tRNS", std::string("\0\1", 2))))).shape(3), 1);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("'tRNS'")));
  for (const std::string& transparency : {chunk("tRNS", "x"), chunk("tRNS", std::string(6, '\0'))}) {
    EXPECT_EQ(load(png(ihdr, rows, transparency)).shape(3), 1);
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("'tRNS', which makes colours transparent, is not valid")));
  }
  // What makes the picture must be right.
  EXPECT_THAT(error(kPngMark + ihdr + with_wrong_checksum(idat) + iend), HasSubstr("damaged"));
  EXPECT_THAT(error(kPngMark + with_wrong_checksum(ihdr) + idat + iend), HasSubstr("damaged"));
  EXPECT_THAT(error(png(ihdr, rows, chunk("ABcD", "critical"))), HasSubstr("damaged"));
}

// Exif data that say nothing but how to turn the picture.
std::string exif(bool little_endian, char orientation, const std::string& count = std::string("\0\1", 2)) {
  if (little_endian) {
    return std::string("II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0", 18) + orientation + std::string(7, '\0');
  }
  return std::string("MM\0*\0\0\0\x08", 8) + count + std::string("\1\x12\0\3\0\0\0\1\0", 9) + orientation +
         std::string(6, '\0');
}

TEST_F(ImageTest, WarnsOfPicturesThatViewersTurn) {
  const std::string rows("\0\1\2\3", 4);
  const auto load_with = [&](const std::string& data) { load(png(header(3, 1, 8, kGrey), rows, chunk("eXIf", data))); };
  for (const bool little_endian : {false, true}) {
    load_with(exif(little_endian, 6));
    EXPECT_THAT(warnings_,
                ElementsAre(HasSubstr("picture.png: its Exif data ask viewers to turn or mirror it (orientation "
                                      "6); its pixels are taken as they are stored")));
    for (const char other : {'\0', '\1', '\x09'}) {
      load_with(exif(little_endian, other));
      EXPECT_THAT(warnings_, ElementsAre()) << int{other};
    }
  }
  // Damaged data are no reason to look beyond their end.
  const std::string whole = exif(false, 6, "\xff\xff");
  for (size_t size = 0; size < 20; ++size) {
    load_with(whole.substr(0, size));
    EXPECT_THAT(warnings_, ElementsAre()) << size;
  }
  std::string far = exif(true, 6);
  far.replace(4, 4, "\xff\xff\xff\xff");
  load_with(far);
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(ImageTest, SaysWhoChangedAPngForAppleDevices) {
  EXPECT_THAT(error(kPngMark + chunk("CgBI", "P") + small_.substr(kPngMark.size())),
              HasSubstr("Xcode has changed for Apple's devices (CgBI)"));
}

TEST_F(ImageTest, RefusesMorePixelsThanTheFileCanHold) {
  const std::string row("\0\1\2\3", 4);
  EXPECT_THAT(error(png(header(100000, 100000, 8, kGrey), row)),
              HasSubstr("it announces 100000 x 100000 pixels; pictures of up to 268435456 pixels can be read"));
  EXPECT_THAT(error(png(header(0x7fffffff, 0x7fffffff, 16, kRgb), row)), HasSubstr("overflow"));
  EXPECT_THAT(error(png(header(16384, 16384, 8, kGrey), row)),
              HasSubstr("more pixels than a file of 69 bytes can hold"));
  EXPECT_THAT(error(png(header(1, 1 << 20, 1, kGrey), row)), HasSubstr("more pixels than a file of 69 bytes can hold"));
  EXPECT_THAT(error(png(header(0, 5, 8, kGrey), row)), HasSubstr("damaged"));
  EXPECT_THAT(error(png(header(5, 0, 8, kGrey), row)), HasSubstr("damaged"));
  EXPECT_THAT(error(png(header(3, 3, 8, kGrey), row)), HasSubstr("damaged or cut off"));
}

// Texts that would inflate to far more than any picture needs are passed over without a look.
TEST_F(ImageTest, InflatesNothingBesideThePixels) {
  std::string many;
  const std::string bomb = chunk("zTXt", std::string("a\0\0", 3) + compressed(std::string(32 << 20, 'x')));
  EXPECT_LT(bomb.size(), 40000u);
  for (int i = 0; i < 100; ++i) many += bomb;
  EXPECT_EQ(load(png(header(3, 1, 8, kGrey), std::string("\0\1\2\3", 4), many)).size(), 3);
}

TEST_F(ImageTest, SaysWhatOtherFilesAre) {
  EXPECT_THAT(error("GIF89a\1\0"), HasSubstr("neither a PNG nor a JPEG picture: it starts with 'GIF89a"));
  EXPECT_THAT(error("GIF89a\1\0"), HasSubstr("as a GIF picture does; of pictures, PNG and JPEG can be read"));
  EXPECT_THAT(error("RIFF1234WEBPVP8 "), HasSubstr("it starts with 'RIFF1234', as a WebP picture does"));
  EXPECT_THAT(error(std::string("\0\0\0\x18"
                                "ftypheic",
                                12)),
              HasSubstr("as a HEIC picture does"));
  EXPECT_THAT(error("\x89PNG\n\x1a\n"), HasSubstr("whose line ends were changed, as by a transfer as text"));
  EXPECT_THAT(error("version https://git-lfs.github.com/spec/v1\n"),
              HasSubstr("a pointer of Git LFS does, whose file"));
  EXPECT_THAT(error("RIFF"), HasSubstr("it starts with 'RIFF'"));
  EXPECT_THAT(error(""), HasSubstr("it is empty"));
  EXPECT_THAT(error("\x93NUMPY\1\0"), HasSubstr("it is a .npy array"));
  EXPECT_THAT(message_of<FileError>("missing.png", [] { load_image("missing.png"); }), HasSubstr("no such file"));
  EXPECT_THAT(message_of<FileError>("/dev/zero", [] { load_image("/dev/zero"); }), HasSubstr("a device"));
}

TEST_F(ImageTest, FindsTheKindByContentsNotByName) {
  EXPECT_EQ(load_image(write_file(directory_.file("picture.jpg"), small_)).size(), 6);
  EXPECT_TRUE(is_image(directory_.file("picture.jpg")));
  EXPECT_FALSE(is_image(write_file(directory_.file("text.png"), "text")));
  EXPECT_FALSE(is_image(write_file(directory_.file("empty.png"), "")));
  EXPECT_TRUE(is_image(write_file(directory_.file("jpeg"), "\xff\xd8\xff\xe0")));
  EXPECT_THROW(is_image(directory_.file("missing")), FileError);
  EXPECT_THROW(is_image("/dev/zero"), FileError);
}

TEST_F(ImageTest, SavesAndLoadsEveryNumberOfChannels) {
  for (int64_t channels = 1; channels <= 4; ++channels) {
    Tensor<float, 4> image({1, 5, 7, channels});
    for (int64_t i = 0; i < image.size(); ++i) image.data()[i] = static_cast<float>(i * 37 % 256) / 255.0F;
    save_png(path_, image);
    const Tensor<float, 4> loaded = load_image(path_);
    EXPECT_EQ(loaded.shape(), image.shape());
    EXPECT_EQ(values_of(loaded), values_of(image));
  }
  EXPECT_THAT(directory_.names(), ElementsAre("picture.png"));
}

TEST_F(ImageTest, ClampsAndRounds) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float values[] = {-1, -kInfinity, std::nanf(""), 2, kInfinity, 1, -0.0F, 127.49F / 255, 127.51F / 255, 1e-30F};
  save_png(path_, View<const float, 4>(values, {1, 1, 10, 1}));
  const std::vector<float> expected = {0, 0, 0, 255, 255, 255, 0, 127, 128, 0};
  const Tensor<float, 4> loaded = load_image(path_);
  for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(loaded.data()[i], expected[i] / 255.0F) << i;
}

TEST_F(ImageTest, SavesStridedViews) {
  const float values[] = {0, 0.2F, 0.4F, 0.6F, 0.8F, 1};
  save_png(path_, View<const float, 4>(values, {1, 3, 2, 1}, {6, 1, 3, 1}));
  const Tensor<float, 4> loaded = load_image(path_);
  EXPECT_THAT(values_of(loaded), ElementsAre(0, 0.6F, 0.2F, 0.8F, 0.4F, 1));
}

TEST_F(ImageTest, WritesTheBytesOfTheFile) {
  const float values[] = {0, 0.2F, 0.4F, 0.6F, 0.8F, 1};
  const View<const float, 4> image(values, {1, 1, 2, 3});
  save_png(path_, image);
  std::string bytes;
  write_png([&](const void* piece,
                int64_t count) { bytes.append(static_cast<const char*>(piece), static_cast<size_t>(count)); },
            image);
  EXPECT_EQ(bytes, read_file(path_));
  EXPECT_THROW(write_png([](const void*, int64_t) {}, View<const float, 4>(values, {2, 1, 1, 3})), ShapeError);
}

TEST_F(ImageTest, SavesOnePictureOnly) {
  const float value = 0;
  for (const Shape<4>& shape : {Shape<4>{2, 1, 1, 1},
                                {0, 1, 1, 1},
                                {1, 0, 1, 1},
                                {1, 1, 0, 1},
                                {1, 1, 1, 0},
                                {1, 1, 1, 5},
                                {1, 1 << 15, 1 << 14, 1}}) {
    EXPECT_THROW(save_png(path_, View<const float, 4>(&value, shape, {0, 0, 0, 0})), ShapeError);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace convstep
