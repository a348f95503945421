// What .npy files are read and written; npy_damage_test.cc: what is refused.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/io/npy_fixture.h"

namespace convstep {
namespace {

using test::array_of;
using test::bytes_of;
using test::dict;
using test::message_of;
using test::npy;
using test::NpyTest;
using test::raw;
using test::read_file;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

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
