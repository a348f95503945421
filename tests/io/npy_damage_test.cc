// .npy files that must be refused, and what is said of them.
#include <gmock/gmock.h>

#include "tests/io/npy_fixture.h"

namespace convstep {
namespace {

using test::dict;
using test::message_of;
using test::npy;
using test::NpyTest;
using test::raw;
using testing::HasSubstr;

TEST_F(NpyTest, RefusesWrongHeaders) {
  EXPECT_THAT(header_error(""), HasSubstr("a '{' is expected where it ends"));
  EXPECT_THAT(header_error("nonsense"), HasSubstr("a '{' is expected at 'nonsense'"));
  EXPECT_THAT(header_error("{}"), HasSubstr("it has no key 'descr'"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'shape': ()}"), HasSubstr("it has no key 'fortran_order'"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'fortran_order': False}"), HasSubstr("it has no key 'shape'"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': ()}"),
              HasSubstr("it has the key 'descr' twice"));
  EXPECT_THAT(header_error("{'shape': (), 'shape': ()}"), HasSubstr("it has the key 'shape' twice"));
  EXPECT_THAT(header_error("{'descr': '<f4', 'more': 1}"), HasSubstr("the unknown key 'more'"));
  EXPECT_THAT(header_error("{'descr': '<f4' 'shape': ()}"), HasSubstr("a '}' is expected at ''shape'"));
  EXPECT_THAT(header_error("{'descr' '<f4'}"), HasSubstr("a ':' is expected"));
  EXPECT_THAT(header_error("{,}"), HasSubstr("a string is expected at ',}'"));
  EXPECT_THAT(header_error("{'descr': '<f4', "), HasSubstr("a string is expected where it ends"));
  EXPECT_THAT(header_error("{'descr"), HasSubstr("a string has no end"));
  EXPECT_THAT(header_error("{'de\\x73cr': 1}"), HasSubstr("is not valid"));
  EXPECT_THAT(header_error("{1: 2}"), HasSubstr("a string is expected at '1: 2}'"));
  EXPECT_THAT(header_error(dict("'<f4'", "False", "()") + "x"), HasSubstr("there is 'x' after its closing '}'"));
  for (const std::string order : {"0", "true", "'False'", "None", ""}) {
    EXPECT_THAT(header_error(dict("'<f4'", order, "()")), HasSubstr("'fortran_order' must be True or False"));
  }
}

TEST_F(NpyTest, RefusesNulAndOtherBytesInTheHeader) {
  const std::string header = dict("'<f4'", "False", "()");
  for (const char byte : {'\0', '\x1b', '\xff'}) {
    for (size_t at = 0; at <= header.size(); ++at) {
      std::string text = header;
      text.insert(at, 1, byte);
      EXPECT_THAT(error(npy(text, "abcd")), HasSubstr("header")) << at;
    }
  }
}

TEST_F(NpyTest, RefusesOtherDtypesByName) {
  EXPECT_THAT(descr_error("'<f16'"), HasSubstr("long double"));
  EXPECT_THAT(descr_error("'<c8'"), HasSubstr("complex"));
  EXPECT_THAT(descr_error("'|S5'"), HasSubstr("byte strings"));
  EXPECT_THAT(descr_error("'<U5'"), HasSubstr("text"));
  EXPECT_THAT(descr_error("'<M8[ns]'"), HasSubstr("dates"));
  EXPECT_THAT(descr_error("'<m8[ns]'"), HasSubstr("time spans"));
  EXPECT_THAT(descr_error("'|V8'"), HasSubstr("the dtype is '|V8' (raw or structured data); only bool, int8 to int64"));
  EXPECT_THAT(descr_error("'<V2'"), HasSubstr("NumPy also saves bfloat16: save float32 instead"));
  EXPECT_THAT(descr_error("'|O'"), HasSubstr("Python objects, which are never unpickled"));
  EXPECT_THAT(descr_error("[('a', '<f4'), ('b', '<i2')]"), HasSubstr("structured"));
  EXPECT_THAT(descr_error("('<f4', (2,))"), HasSubstr("structured"));
  EXPECT_THAT(descr_error("{'names': []}"), HasSubstr("structured"));
  for (const std::string odd : {"''", "'<'", "'<<f4'", "'l'", "'<f04'", "'<f4 '", "'<i3'", "'<f9999999999999999999'"}) {
    EXPECT_THAT(descr_error(odd), HasSubstr("an unknown dtype")) << odd;
  }
  EXPECT_THAT(descr_error("'<l'"), HasSubstr("C's long has 4 bytes on some systems and 8 on others"));
  EXPECT_THAT(descr_error("4"), HasSubstr("a string is expected"));
}

TEST_F(NpyTest, RefusesWrongShapes) {
  EXPECT_THAT(shape_error("(-1,)"), HasSubstr("a negative length: '-1,)"));
  EXPECT_THAT(shape_error("(3)"), HasSubstr("one axis is written (3,)"));
  EXPECT_THAT(shape_error("[3]"), HasSubstr("'shape' must be a tuple"));
  EXPECT_THAT(shape_error("3"), HasSubstr("'shape' must be a tuple"));
  EXPECT_THAT(shape_error("(3, 4"), HasSubstr("whole numbers"));
  EXPECT_THAT(shape_error("(2.5,)"), HasSubstr("expected at '.5,)"));
  EXPECT_THAT(shape_error("(True,)"), HasSubstr("whole numbers"));
  EXPECT_THAT(shape_error("(0x10,)"), HasSubstr("expected at 'x10"));
  EXPECT_THAT(shape_error("(007,)"), HasSubstr("leading zeros"));
  EXPECT_THAT(shape_error("(,)"), HasSubstr("whole numbers"));
  EXPECT_THAT(shape_error("(2,,)"), HasSubstr("whole numbers"));
  EXPECT_THAT(shape_error("((2, 3),)"), HasSubstr("whole numbers, not '(2, 3)"));
  EXPECT_THAT(shape_error(std::string(3000, '(') + std::string(3000, ')')), HasSubstr("whole numbers"));
  EXPECT_THAT(shape_error("(" + std::string(5000, '7') + ",)"), HasSubstr("a length of 5000 digits"));
  EXPECT_THAT(shape_error("(9223372036854775808,)"), HasSubstr("a length of 19 digits"));
}

// Products that wrap round to 0 or 4, and claims that the file does not bear out, must not be believed.
TEST_F(NpyTest, RefusesShapesThatTheFileCannotHold) {
  EXPECT_THAT(shape_error("(4294967296, 4294967296)"), HasSubstr("too large"));
  EXPECT_THAT(shape_error("(4611686018427387905, 4)"), HasSubstr("too large"));
  EXPECT_THAT(shape_error("(4611686018427387904,)"), HasSubstr("too large"));
  EXPECT_THAT(shape_error("(0, 2305843009213693952, 2305843009213693952)"), HasSubstr("too large"));
  EXPECT_THAT(shape_error("(9223372036854775807,)"), HasSubstr("too large"));
  EXPECT_THAT(shape_error("(65536, 65536)"),
              HasSubstr("float32 of shape (65536, 65536) needs 17179869184 bytes of elements, but only 0 follow"));
  EXPECT_THAT(shape_error("(1152921504606846976,)"), HasSubstr("but only 0 follow the header: the file is cut off"));
  EXPECT_THAT(error(npy(dict("'<f4'", "False", "(2,)"), "abcdefg")),
              HasSubstr("needs 8 bytes of elements, but only 7"));
}

TEST_F(NpyTest, RefusesBytesAfterTheData) {
  EXPECT_THAT(error(npy(dict("'<f4'", "False", "(2,)"), "abcdefgh+++")),
              HasSubstr("3 extra bytes follow the 8 bytes of float32 of shape (2,)"));
  EXPECT_THAT(error(npy(dict("'<f4'", "False", "(0,)"), "x")), HasSubstr("1 extra bytes"));
}

TEST_F(NpyTest, RefusesWrongHeaderLengthsAndVersions) {
  const std::string magic("\x93NUMPY", 6);
  EXPECT_THAT(error(magic + std::string("\1\0\xff\xff{}", 6)),
              HasSubstr("announces a header of 65535 bytes, but only 2"));
  EXPECT_THAT(error(magic + std::string("\2\0\xf0\xff\xff\xff{}", 8)),
              HasSubstr("announces a header of 4294967280 bytes, but only 2 follow"));
  EXPECT_THAT(error(npy(dict("'<f4'", "False", "()") + std::string(20000, ' '), "abcd")),
              HasSubstr("no plain array needs more than 10000"));
  EXPECT_THAT(error(magic + std::string("\0\0\0\0", 4)), HasSubstr("it has .npy version 0.0; 1.0, 2.0 and 3.0"));
  EXPECT_THAT(error(magic + std::string("\4\0\0\0\0\0", 6)), HasSubstr("it has .npy version 4.0"));
  EXPECT_THAT(error(magic + std::string("\1\1\0\0", 4)), HasSubstr("it has .npy version 1.1"));
}

TEST_F(NpyTest, RefusesEveryTruncation) {
  for (const char major : {'\1', '\2', '\3'}) {
    const std::string whole = npy(dict("'<i4'", "False", "(2, 3)"), raw<int32_t>({1, 2, 3, 4, 5, 6}), major);
    EXPECT_EQ(load(whole).size(), 6);
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_THAT(error(whole.substr(0, size)), testing::AnyOf(HasSubstr("cut off"), HasSubstr("neither a .npy nor")));
    }
  }
}

// One wrong byte may go unnoticed (in the elements it must), but never does harm.
TEST_F(NpyTest, SurvivesEveryWrongByte) {
  const std::string whole = npy(dict("'<i4'", "True", "(2, 3)"), raw<int32_t>({1, 2, 3, 4, 5, 6}));
  int loaded = 0, refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      try {
        const Array array = load(damaged);
        EXPECT_EQ(array.bytes.size(), array.size() * dtype_size(array.dtype));
        ++loaded;
      } catch (const FormatError&) {
        ++refused;
      }
    }
  }
  EXPECT_GE(loaded, 24 * 8);  // the elements may be anything
  EXPECT_GT(refused, 60 * 8);
}

TEST_F(NpyTest, SaysWhatOtherFilesAre) {
  EXPECT_THAT(error(""), HasSubstr("it is neither a .npy nor a .npz file: it is empty"));
  EXPECT_THAT(error("\x89PNG\r\n\x1a\n"), HasSubstr("it is a PNG picture"));
  EXPECT_THAT(error("\xff\xd8\xff\xe0"), HasSubstr("it is a JPEG picture"));
  EXPECT_THAT(error("1.0, 2.0\n\x1b[31m"), HasSubstr("it starts with '1.0, 2.0'"));
  EXPECT_THAT(error("\n\x1b["), HasSubstr("it starts with '\\x0a\\x1b['"));
  EXPECT_THAT(message_of<FileError>("missing.npy", [] { load_array("missing.npy"); }), HasSubstr("no such file"));
  EXPECT_THAT(message_of<FileError>("missing.npz:w", [] { load_array("missing.npz:w"); }), HasSubstr("no such file"));
}

}  // namespace
}  // namespace convstep
