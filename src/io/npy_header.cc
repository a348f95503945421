#include "io/npy_header.h"

#include <bit>
#include <charconv>

#include "convstep/error.h"
#include "io/quote.h"

namespace convstep {
namespace {

constexpr const char* kSupported =
    "bool, int8 to int64, uint8 to uint64, float16 (as float32), float32 and float64 can be read";

// The code of a dtype without its byte order: NumPy's kind letter and the bytes of one element. The last ones are its
// letters for types of C, which some programs write. ("l" is left out, as its size depends on who wrote it.) float16
// comes after float32, which it is read as.
struct DtypeCode {
  std::string_view code;
  Dtype dtype;
  bool half = false;
};
constexpr DtypeCode kCodes[] = {{"b1", Dtype::kBool},
                                {"i1", Dtype::kInt8},
                                {"i2", Dtype::kInt16},
                                {"i4", Dtype::kInt32},
                                {"i8", Dtype::kInt64},
                                {"u1", Dtype::kUint8},
                                {"u2", Dtype::kUint16},
                                {"u4", Dtype::kUint32},
                                {"u8", Dtype::kUint64},
                                {"f4", Dtype::kFloat32},
                                {"f8", Dtype::kFloat64},
                                {"?", Dtype::kBool},
                                {"b", Dtype::kInt8},
                                {"B", Dtype::kUint8},
                                {"h", Dtype::kInt16},
                                {"H", Dtype::kUint16},
                                {"i", Dtype::kInt32},
                                {"I", Dtype::kUint32},
                                {"q", Dtype::kInt64},
                                {"Q", Dtype::kUint64},
                                {"f", Dtype::kFloat32},
                                {"d", Dtype::kFloat64},
                                {"f2", Dtype::kFloat32, true},
                                {"e", Dtype::kFloat32, true},
                                {"float16", Dtype::kFloat32, true}};

// What a code that is not in the table stands for, as far as NumPy knows it.
const char* unsupported_kind(std::string_view code) {
  if (code == "f12" || code == "f16" || code == "g") return "long double";
  if (code == "l" || code == "L") return "an unknown dtype: C's long has 4 bytes on some systems and 8 on others";
  if (code == "V2") return "raw data, as which NumPy also saves bfloat16: save float32 instead";
  if (code.starts_with('c')) return "complex numbers";
  if (code.starts_with('O')) return "Python objects, which are never unpickled";
  if (code.starts_with('S') || code.starts_with('a')) return "byte strings";
  if (code.starts_with('U')) return "text";
  if (code.starts_with('M')) return "dates";
  if (code.starts_with('m')) return "time spans";
  if (code.starts_with('V')) return "raw or structured data";
  return "an unknown dtype";
}

bool is_digit(char c) { return '0' <= c && c <= '9'; }

class Parser {
 public:
  Parser(std::string_view text, int major, const std::string& path) : text_(text), major_(major), path_(path) {}

  NpyHeader parse() {
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      bool* seen = key == "descr"           ? &has_descr
                   : key == "fortran_order" ? &has_order
                   : key == "shape"         ? &has_shape
                                            : nullptr;
      if (!seen) fail("it has the unknown key " + quoted(key));
      if (*seen) fail("it has the key " + quoted(key) + " twice");
      *seen = true;
      expect(':');
      if (key == "descr") {
        descr();
      } else if (key == "shape") {
        shape();
      } else {
        fortran_order();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!at_end()) fail("there is " + quoted(text_.substr(position_)) + " after its closing '}'");
    if (!has_descr || !has_order || !has_shape) {
      fail(std::string("it has no key '") + (!has_descr ? "descr" : !has_order ? "fortran_order" : "shape") + "'");
    }
    return header_;
  }

 private:
  [[noreturn]] void fail(const std::string& cause) const { throw FormatError(path_, "in its .npy header, " + cause); }
  [[noreturn]] void fail_dtype(const std::string& cause) const {
    throw UnsupportedDtype(path_, "in its .npy header, " + cause + "; only " + kSupported);
  }

  bool at_end() {
    while (position_ < text_.size() && std::string_view(" \t\r\n\f").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
    return position_ == text_.size();
  }

  char peek() { return at_end() ? '\0' : text_[position_]; }

  bool accept(char c) {
    if (at_end() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  void expect(char c) {
    if (accept(c)) return;
    fail("a '" + std::string(1, c) + "' is expected " +
         (at_end() ? "where it ends" : "at " + quoted(text_.substr(position_))));
  }

  std::string_view string() {
    if (peek() == 'u') ++position_;  // Python 2's mark of a text
    const char quote = peek();
    if (quote != '\'' && quote != '"') {
      fail("a string is expected " + (at_end() ? "where it ends" : "at " + quoted(text_.substr(position_))));
    }
    const size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) fail("a string has no end");
    const std::string_view content = text_.substr(position_ + 1, end - position_ - 1);
    if (content.find_first_of("\\\n") != std::string_view::npos)
      fail("the string " + quoted(content) + " is not valid");
    position_ = end + 1;
    return content;
  }

  void descr() {
    const char first = peek();
    if (first == '[' || first == '(' || first == '{') {
      fail_dtype("the dtype is a structured one, with named fields");
    }
    const std::string_view descr = string();
    std::string_view code = descr;
    constexpr char kNativeOrder = std::endian::native == std::endian::little ? '<' : '>';
    char order = kNativeOrder;
    if (!code.empty() && std::string_view("<>=|").find(code[0]) != std::string_view::npos) {
      if (code[0] == '<' || code[0] == '>') order = code[0];
      code.remove_prefix(1);
    }
    for (const DtypeCode& known : kCodes) {
      if (known.code != code && dtype_name(known.dtype) != descr) continue;
      header_.dtype = known.dtype;
      header_.half = known.half;
      header_.swapped = order != kNativeOrder && header_.element_size() > 1;
      return;
    }
    fail_dtype("the dtype is " + quoted(descr) + " (" + unsupported_kind(code) + ")");
  }

  void fortran_order() {
    const std::string_view rest = at_end() ? std::string_view() : text_.substr(position_);
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest.starts_with(word)) continue;
      header_.fortran_order = value;
      position_ += word.size();
      return;
    }
    fail("'fortran_order' must be True or False, not " + quoted(rest));
  }

  void shape() {
    if (!accept('(')) fail("'shape' must be a tuple such as (3, 4), not " + quoted(text_.substr(position_)));
    while (!accept(')')) {
      if (header_.shape.size() == kMaxNpyRank) fail("the shape has more than 64 axes");
      header_.shape.push_back(length());
      if (accept(',')) continue;
      expect(')');
      if (header_.shape.size() == 1) fail("'shape' must be a tuple: one axis is written (3,)");
      break;
    }
  }

  int64_t length() {
    if (peek() == '-') fail("the shape has a negative length: " + quoted(text_.substr(position_)));
    const size_t first = position_;
    while (position_ < text_.size() && is_digit(text_[position_])) ++position_;
    const std::string_view digits = text_.substr(first, position_ - first);
    if (digits.empty()) fail("the lengths in 'shape' must be whole numbers, not " + quoted(text_.substr(first)));
    if (digits.size() > 1 && digits[0] == '0') fail("the shape has a length with leading zeros: " + quoted(digits));
    int64_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) {
      fail("the shape has a length of " + std::to_string(digits.size()) +
           " digits, which no array can have: " + quoted(digits));
    }
    const bool python2_long = major_ <= 2 && position_ < text_.size() && text_[position_] == 'L';
    if (python2_long) ++position_;
    return value;
  }

  std::string_view text_;
  int major_;
  const std::string& path_;
  size_t position_ = 0;
  NpyHeader header_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, int major, const std::string& path) {
  return Parser(text, major, path).parse();
}

std::string npy_preamble(Dtype dtype, const std::vector<int64_t>& shape) {
  std::string header = "{'descr': '";
  header += dtype_size(dtype) == 1 ? '|' : '<';
  for (const DtypeCode& known : kCodes) {
    if (known.dtype != dtype) continue;
    header += known.code;
    break;
  }
  header += "', 'fortran_order': False, 'shape': " + to_string(shape.data(), static_cast<int>(shape.size())) + ", }";

  // NumPy leaves room for the first length to grow to the digits of 2^64 and one more, for files that are appended to.
  constexpr size_t kGrowthDigits = 21;
  if (!shape.empty()) header.append(kGrowthDigits - std::to_string(shape[0]).size(), ' ');

  constexpr size_t kPrefix = 10;     // magic, version and header length
  constexpr size_t kAlignment = 64;  // of the elements within the file, so that it can be memory-mapped
  const size_t total = (kPrefix + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  header.append(total - kPrefix - header.size() - 1, ' ').append("\n");

  std::string preamble = std::string(kNpyMark) + std::string("\x01\x00", 2);
  preamble += static_cast<char>(header.size() & 0xff);
  preamble += static_cast<char>(header.size() >> 8);
  return preamble + header;
}

}  // namespace convstep
