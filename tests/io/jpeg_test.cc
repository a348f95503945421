#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/io/jpeg_builder.h"
#include "tests/io/picture_fixture.h"

namespace convstep {
namespace {

using test::jpeg;
using test::JpegKind;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

const JpegKind kGrey{.channels = 1}, kColor{.sampling = {{2, 2}, {1, 1}, {1, 1}}};

JpegKind progressive(JpegKind kind) {
  kind.progressive = true;
  return kind;
}

class JpegTest : public PictureFixture {
 protected:
  JpegTest() : PictureFixture("picture.jpg") {}

  void expect_gradient(const Tensor<float, 4>& image, const Shape<4>& shape) {
    EXPECT_EQ(image.shape(), shape);
    EXPECT_THAT(warnings_, ElementsAre());
    for (int64_t i = 0; i < image.size(); ++i) {
      EXPECT_NEAR(image.data()[i], static_cast<double>(i) / static_cast<double>(image.size()), 0.04);
    }
  }
};

TEST_F(JpegTest, ReadsGreyAndEverySampling) {
  for (const bool in_steps : {false, true}) {
    JpegKind kind = kGrey;
    kind.progressive = in_steps;
    expect_gradient(load(jpeg(kind)), {1, 24, 40, 1});
    kind = kColor;
    kind.progressive = in_steps;
    for (const auto& sampling : std::vector<std::vector<std::pair<int, int>>>{{{1, 1}, {1, 1}, {1, 1}},
                                                                              {{2, 1}, {1, 1}, {1, 1}},
                                                                              {{2, 2}, {1, 1}, {1, 1}},
                                                                              {{1, 2}, {1, 1}, {1, 1}},
                                                                              {{4, 1}, {1, 1}, {1, 1}},
                                                                              {{4, 2}, {1, 1}, {1, 1}},
                                                                              {{1, 4}, {1, 1}, {1, 1}},
                                                                              {{2, 2}, {1, 2}, {2, 1}},
                                                                              {{2, 2}, {2, 1}, {1, 1}},
                                                                              {{1, 1}, {2, 2}, {2, 2}}}) {
      kind.sampling = sampling;
      expect_gradient(load(jpeg(kind)), {1, 24, 40, 3});
    }
  }
}

TEST_F(JpegTest, ReadsRestartMarkersAndArithmeticCoding) {
  JpegKind kind = kColor;
  kind.restart_interval = 2;
  expect_gradient(load(jpeg(kind)), {1, 24, 40, 3});
  kind.arithmetic = true;
  expect_gradient(load(jpeg(kind)), {1, 24, 40, 3});
}

TEST_F(JpegTest, RefusesEveryTruncation) {
  for (const JpegKind& kind : {kColor, progressive(kColor)}) {
    const std::string whole = jpeg(kind);
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_THAT(error(whole.substr(0, size)), AnyOf(HasSubstr("cut off"), HasSubstr("neither a PNG nor"))) << size;
    }
  }
  // Nor does the mark of an end make it whole. (Of a progressive picture a scan fewer is one too.)
  const std::string whole = jpeg(kColor);
  for (size_t size = whole.rfind("\xff\xda"); size < whole.size() - 3; ++size) {
    EXPECT_THAT(error(whole.substr(0, size) + "\xff\xd9"), HasSubstr("damaged, cut off or of an uncommon kind"))
        << size;
  }
}

TEST_F(JpegTest, ShowsWhatLibjpegShows) {
  const std::string whole = jpeg(kColor);
  const Tensor<float, 4> expected = load(whole);
  std::string stray = whole;
  stray.insert(whole.size() - 2, std::string(20, '?'));
  const Tensor<float, 4> image = load(stray);
  EXPECT_TRUE(std::equal(image.data(), image.data() + image.size(), expected.data()));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr(path_ + ": Corrupt JPEG data: "),
                                           HasSubstr(" extraneous bytes before marker 0xd9"))));
  EXPECT_EQ(load_image(path_).size(), expected.size());  // nobody wants to know
  stray = whole;
  stray.insert(stray.find("\xff\xdb"), "??");
  EXPECT_EQ(load(stray).size(), expected.size());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("2 extraneous bytes before marker 0xdb")));
  EXPECT_EQ(load(whole + "after its end").size(), expected.size());
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(JpegTest, WarnsOfPicturesThatViewersTurn) {
  const std::string whole = jpeg(kGrey), tiff("MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x08\0\0\0\0\0\0", 26);
  const std::string exif = std::string(
                               "\xff\xe1\0\x22"
                               "Exif\0\0",
                               10) +
                           tiff;
  load(whole.substr(0, 2) + exif + whole.substr(2));
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("picture.jpg: its Exif data ask viewers to turn or mirror it (orientation 8)")));
  load(whole.substr(0, 2) + std::string("\xff\xe1\0\x06http", 8) + whole.substr(2));
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(JpegTest, SurvivesEveryWrongByte) {
  const std::string whole = jpeg(progressive(kColor));
  int noticed = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    try {
      EXPECT_GT(load(damaged).size(), 0);
      noticed += warnings_.empty() ? 0 : 1;
    } catch (const FormatError&) {
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 50);  // JPEG has no checksums
}

TEST_F(JpegTest, RefusesPrintingColours) {
  EXPECT_THAT(error(jpeg({.channels = 4})), HasSubstr("the colours of printing (CMYK); convert it to RGB"));
}

// The file with another height and width in its frame header, where they follow five bytes after the mark.
std::string resized(std::string bytes, const std::string& mark, int height, int width) {
  const size_t frame = bytes.find(mark);
  const auto byte = [](int value) { return static_cast<char>(value & 0xff); };
  return bytes.replace(frame + 5, 4, {byte(height >> 8), byte(height), byte(width >> 8), byte(width)});
}

TEST_F(JpegTest, RefusesMorePixelsThanTheFileCanHold) {
  const std::string small = jpeg(kGrey);
  EXPECT_THAT(error(resized(small, "\xff\xc0", 65500, 65500)),
              HasSubstr("it announces 65500 x 65500 pixels; pictures of up to"));
  EXPECT_THAT(error(resized(small, "\xff\xc0", 10000, 10000)), HasSubstr("more pixels than a file of"));
  EXPECT_NE(error(resized(small, "\xff\xc0", 0, 40)), "");
  EXPECT_NE(error(resized(small, "\xff\xc0", 24, 0)), "");
}

// The last scan of a progressive picture over and over, each time decoded over all pixels.
std::string with_more_scans(const std::string& whole, int count) {
  const size_t scan = whole.rfind("\xff\xda"), end = whole.size() - 2;
  std::string many = whole.substr(0, end);
  for (int i = 0; i < count; ++i) many += whole.substr(scan, end - scan);
  return many + whole.substr(end);
}

TEST_F(JpegTest, BoundsTheScansOfSmallPictures) {
  const std::string whole = jpeg(progressive(kGrey));  // six scans
  EXPECT_EQ(load(with_more_scans(whole, 494)).size(), 24 * 40);
  EXPECT_THAT(error(with_more_scans(whole, 495)), HasSubstr("has more than 500 scans"));
}

// 16384 x 16384 pixels in 700 KB. Without a bound it takes a minute.
TEST_F(JpegTest, BoundsTheScansOfLargePictures) {
  const std::string scans = with_more_scans(jpeg(progressive(kGrey)), 491) + std::string(600000, '\0');
  EXPECT_THAT(error(resized(scans, "\xff\xc2", 16384, 16384)),
              AnyOf(HasSubstr("more than 32 scans"), HasSubstr("cut off")));
}

}  // namespace
}  // namespace convstep
