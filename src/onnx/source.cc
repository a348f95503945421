#include "onnx/source.h"

#include "convstep/error.h"

namespace convstep::onnx {
namespace {

// The longest of real files are paths of nested modules, of some hundred letters. More would be a message nobody reads.
constexpr size_t kLongestName = 4096;

}  // namespace

void Source::fail(const std::string& cause) const { throw FormatError(name, cause); }

std::string clean_name(const Source& source, const char* what, std::string_view name) {
  if (name.size() > kLongestName) {
    source.fail(std::string(what) + " is " + std::to_string(name.size()) + " bytes long; up to " +
                std::to_string(kLongestName) + " can be read");
  }
  constexpr const char* kHexDigits = "0123456789abcdef";
  constexpr unsigned char kDelete = 0x7f;
  std::string clean;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != kDelete) {
      clean += c;
    } else {
      clean += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    }
  }
  return clean;
}

}  // namespace convstep::onnx
