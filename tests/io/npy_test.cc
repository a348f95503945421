#include "convstep/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "convstep/error.h"
#include "tests/support/array_bytes.h"
#include "tests/support/temporary_directory.h"

namespace convstep {
namespace {

using test::array_of;
using test::bytes_of;
using test::message_of;
using test::raw;
using test::read_file;
using test::TemporaryDirectory;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

// A .npy file with this text as its header, however wrong.
std::string npy(const std::string& header, const std::string& data, char major = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += {major, '\0'};
  const int length_size = major == 1 ? 2 : 4;
  for (int i = 0; i < length_size; ++i) bytes += static_cast<char>(header.size() >> 8 * i & 0xff);
  return bytes + header + data;
}

std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

class NpyTest : public testing::Test {
 protected:
  Array load(const std::string& bytes) { return load_array(write_file(path_, bytes)); }

  // What load_array says about a file with these bytes.
  std::string error(const std::string& bytes) {
    write_file(path_, bytes);
    return message_of<FormatError>(path_, [&] { load_array(path_); });
  }
  std::string header_error(const std::string& header, char major = 1) { return error(npy(header, "", major)); }
  std::string descr_error(const std::string& descr) { return header_error(dict(descr, "False", "(0,)")); }
  std::string shape_error(const std::string& shape, char major = 1) {
    return header_error(dict("'<f4'", "False", shape), major);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.file("array.npy");
};

TEST_F(NpyTest, ReadsEveryVersion) {
  for (const char major : {'\1', '\2', '\3'}) {
    const Array array = load(npy(dict("'<i4'", "False", "(3,)"), raw<int32_t>({1, -2, 3}), major));
    EXPECT_EQ(array.dtype, Dtype::kInt32);
    EXPECT_THAT(array.shape, ElementsAre(3));
    EXPECT_EQ(bytes_of(array), raw<int32_t>({1, -2, 3}));
  }
}

TEST_F(NpyTest, ReadsEveryDtypeInBothByteOrders) {
  const struct {
    const char* code;
    Dtype dtype;
    int64_t size;
    const char* name;
  } kCases[] = {{"b1", Dtype::kBool, 1, "bool"},       {"?", Dtype::kBool, 1, "bool"},
                {"i1", Dtype::kInt8, 1, "int8"},       {"i2", Dtype::kInt16, 2, "int16"},
                {"i4", Dtype::kInt32, 4, "int32"},     {"i8", Dtype::kInt64, 8, "int64"},
                {"u1", Dtype::kUint8, 1, "uint8"},     {"u2", Dtype::kUint16, 2, "uint16"},
                {"u4", Dtype::kUint32, 4, "uint32"},   {"u8", Dtype::kUint64, 8, "uint64"},
                {"f4", Dtype::kFloat32, 4, "float32"}, {"f8", Dtype::kFloat64, 8, "float64"}};
  for (const auto& c : kCases) {
    EXPECT_EQ(dtype_size(c.dtype), c.size);
    EXPECT_STREQ(dtype_name(c.dtype), c.name);
    const std::string first = std::string("\1\2\3\4\5\6\7\10").substr(0, c.size);
    const std::string second = std::string("\11\12\13\14\15\16\17\20").substr(0, c.size);
    for (const std::string order : {"<", ">", "=", "|", ""}) {
      const Array array = load(npy(dict("'" + order + c.code + "'", "False", "(2,)"), first + second));
      EXPECT_EQ(array.dtype, c.dtype);
      const bool swapped = order == ">";
      EXPECT_EQ(bytes_of(array),
                swapped ? std::string(first.rbegin(), first.rend()) + std::string(second.rbegin(), second.rend())
                        : first + second);
    }
  }
}

// Other programs write the dtype's name, or the letter of the type in C; np.load takes them.
TEST_F(NpyTest, ReadsOtherNamesOfDtypes) {
  const std::pair<const char*, Dtype> names[] = {{"f", Dtype::kFloat32}, {"d", Dtype::kFloat64}, {"b", Dtype::kInt8},
                                                 {"B", Dtype::kUint8},   {"h", Dtype::kInt16},   {"H", Dtype::kUint16},
                                                 {"i", Dtype::kInt32},   {"I", Dtype::kUint32},  {"q", Dtype::kInt64},
                                                 {"Q", Dtype::kUint64}};
  for (const auto& [code, dtype] : names) {
    const std::string data = std::string("\1\2\3\4\5\6\7\10").substr(0, static_cast<size_t>(dtype_size(dtype)));
    for (const std::string& descr :
         {std::string(code), std::string("<").append(code), std::string(dtype_name(dtype))}) {
      const Array array = load(npy(dict("'" + descr + "'", "False", "(1,)"), data));
      EXPECT_EQ(array.dtype, dtype) << descr;
      EXPECT_EQ(bytes_of(array), data);
    }
  }
  EXPECT_EQ(load(npy(dict("'bool'", "False", "(1,)"), "\1")).dtype, Dtype::kBool);
  EXPECT_THAT(descr_error("'<float32'"), HasSubstr("an unknown dtype"));
}

// As in the Python package, float16 is read into float32, which holds each of its values.
TEST_F(NpyTest, ReadsFloat16AsFloat32) {
  const std::vector<float> expected = {1, -2.5F, 65504, 0x1p-14F, 0x1p-24F, -0.0F, INFINITY};
  const std::string little = raw<uint16_t>({0x3c00, 0xc100, 0x7bff, 0x0400, 0x0001, 0x8000, 0x7c00});
  std::string big = little;
  for (size_t i = 0; i < big.size(); i += 2) std::swap(big[i], big[i + 1]);
  for (const auto& [descr, data] :
       {std::pair("'<f2'", little), {"'>f2'", big}, {"'e'", little}, {"'float16'", little}}) {
    const Array array = load(npy(dict(descr, "False", "(7,)"), data));
    EXPECT_EQ(array.dtype, Dtype::kFloat32);
    const Tensor<float, 1> values = array.to<float, 1>();
    EXPECT_EQ(std::vector<float>(values.data(), values.data() + values.size()), expected);
    EXPECT_TRUE(std::signbit(values(5)));
  }
  const Array transposed = load(npy(dict("'<f2'", "True", "(2, 2)"), raw<uint16_t>({0x3c00, 0x4000, 0x4200, 0x7e00})));
  const Tensor<float, 2> matrix = transposed.to<float, 2>();
  EXPECT_EQ(matrix(0, 1), 3);
  EXPECT_EQ(matrix(1, 0), 2);
  EXPECT_TRUE(std::isnan(matrix(1, 1)));
  EXPECT_THAT(error(npy(dict("'<f2'", "False", "(3,)"), "abcde")),
              HasSubstr("float16 of shape (3,) needs 6 bytes of elements, but only 5"));
}

TEST_F(NpyTest, TurnsFortranOrderIntoCOrder) {
  const Array matrix = load(npy(dict("'<i2'", "True", "(2, 3)"), raw<int16_t>({1, 4, 2, 5, 3, 6})));
  EXPECT_EQ(bytes_of(matrix), raw<int16_t>({1, 2, 3, 4, 5, 6}));
  const Array swapped = load(npy(dict("'>i2'", "True", "(2, 2)"), std::string("\0\1\0\3\0\2\0\4", 8)));
  EXPECT_EQ(bytes_of(swapped), raw<int16_t>({1, 2, 3, 4}));

  // Element (i, j, k) of a (2, 3, 4) array lies at i + 2j + 6k.
  std::string data, expected;
  for (int at = 0; at < 24; ++at) data += raw<double>({at * 1.0});
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) expected += raw<double>({i + 2.0 * j + 6.0 * k});
    }
  }
  EXPECT_EQ(bytes_of(load(npy(dict("'<f8'", "True", "(2, 3, 4)"), data))), expected);
  EXPECT_EQ(load(npy(dict("'<f8'", "True", "(2, 0, 4)"), "")).bytes.size(), 0);
  EXPECT_EQ(bytes_of(load(npy(dict("'|u1'", "True", "()"), "x"))), "x");
}

TEST_F(NpyTest, ReadsEveryRank) {
  EXPECT_THAT(load(npy(dict("'<f4'", "False", "()"), "abcd")).shape, ElementsAre());
  EXPECT_EQ(load(npy(dict("'<f4'", "False", "()"), "abcd")).size(), 1);
  EXPECT_THAT(load(npy(dict("'|u1'", "False", "(1, 2, 3, 4, 5)"), std::string(120, 'x'))).shape,
              ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(load(npy(dict("'<f4'", "False", "(7, 0, 3)"), "")).shape, ElementsAre(7, 0, 3));
  std::string ones = "(";
  for (int axis = 0; axis < 64; ++axis) ones += "1, ";
  EXPECT_EQ(load(npy(dict("'|u1'", "True", ones + ")"), "x")).shape.size(), 64u);
  EXPECT_THAT(shape_error(ones + "1)"), HasSubstr("more than 64 axes"));
}

TEST_F(NpyTest, AcceptsEveryWayToWriteTheHeader) {
  for (const std::string header :
       {"{'descr':'<f4','fortran_order':False,'shape':(2,)}",
        "{\"shape\": (2,), \"fortran_order\": True, 'descr': \"<f4\"}",
        "{u'descr': u'<f4', u'fortran_order': False, u'shape': (2L,), }\n",  // Python 2
        " \t{ 'descr' : '<f4' ,\n 'fortran_order' : False ,\r\n 'shape' : ( 2 , ) , } \n  "}) {
    EXPECT_THAT(load(npy(header, "abcdefgh")).shape, ElementsAre(2)) << header;
  }
  EXPECT_THAT(load(npy(dict("'|u1'", "False", "(2L, 1L)"), "ab")).shape, ElementsAre(2, 1));
  EXPECT_THAT(load(npy(dict("'|u1'", "False", "(2L,)"), "ab", 2)).shape, ElementsAre(2));
  EXPECT_THAT(shape_error("(2L,)", 3), HasSubstr("a ')' is expected at 'L,), }"));
}

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

TEST_F(NpyTest, FindsTheKindByContentsNotByName) {
  const std::string odd = write_file(directory_.file("array.png"), npy(dict("'|u1'", "False", "(2,)"), "ab"));
  EXPECT_EQ(bytes_of(load_array(odd)), "ab");
}

TEST_F(NpyTest, LoadsFilesWithColonsInTheirNames) {
  const std::string colon = write_file(directory_.file("a:b.npy"), npy(dict("'|u1'", "False", "(2,)"), "ab"));
  EXPECT_EQ(bytes_of(load_array(colon)), "ab");
  EXPECT_THAT(message_of<FormatError>(colon, [&] { load_array(colon + ":w"); }),
              HasSubstr("holds one array and no member 'w'"));
}

TEST_F(NpyTest, SavesTheBytesThatNumpyWrites) {
  save_npy(path_, array_of<float>(Dtype::kFloat32, {2, 1}, {1.5F, -2.0F}));
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
  const std::string expected =
      std::string("\x93NUMPY\1\0\x76\0", 10) + header + std::string(117 - header.size(), ' ') + "\n";
  EXPECT_EQ(expected.size(), 128u);
  EXPECT_EQ(read_file(path_), expected + raw({1.5F, -2.0F}));
}

TEST_F(NpyTest, SavesWhatItLoads) {
  for (const std::string shape : {"()", "(0,)", "(6,)", "(2, 3)", "(1, 2, 3, 1)"}) {
    const std::string data(shape == "()" ? 2 : shape == "(0,)" ? 0 : 12, 'x');
    for (const std::string descr : {"'<i2'", "'<u2'"}) {
      const Array first = load(npy(dict(descr, "False", shape), data));
      save_npy(path_, first);
      const Array second = load_array(path_);
      EXPECT_EQ(second.dtype, first.dtype);
      EXPECT_EQ(second.shape, first.shape);
      EXPECT_EQ(bytes_of(second), data);
    }
  }
}

TEST_F(NpyTest, RefusesToSaveBrokenArrays) {
  EXPECT_THROW(save_npy(path_, Array{}), ShapeError);
  EXPECT_THROW(save_npy(path_, array_of<float>(Dtype::kFloat32, {3}, {1, 2})), ShapeError);
  EXPECT_THROW(save_npy(path_, array_of<float>(Dtype::kFloat32, {-2}, {1, 2})), ShapeError);
  EXPECT_THROW(save_npy(path_, array_of<float>(Dtype::kFloat32, std::vector<int64_t>(65, 1), {1})), ShapeError);
  EXPECT_THROW(array_of<float>(Dtype::kFloat64, {2}, {1, 2}).flat<float>(), ShapeError);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace convstep
