#include "io/quote.h"

namespace convstep {
namespace {

constexpr size_t kMaxShown = 60;  // leaves room for the rest of the message on one line of a terminal

}  // namespace

std::string quoted(std::string_view text) {
  constexpr const char* kHexDigits = "0123456789abcdef";
  std::string shown = "'";
  for (const char c : text.substr(0, kMaxShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte > '~') {
      shown += "\\x";
      shown += kHexDigits[byte >> 4];
      shown += kHexDigits[byte & 15];
    } else {
      shown += c;
    }
  }
  return shown + (text.size() > kMaxShown ? "...'" : "'");
}

}  // namespace convstep
