#include "onnx/external_data.h"

#include <charconv>

#include "io/quote.h"

namespace convstep::onnx {
namespace {

namespace fs = std::filesystem;

// The path of a file within the model's folder, or "" where a part of it leads, or might lead, out: "..", an absolute
// path, a symbolic link. Links may lead to where those that the model was found through lead, as in a cache of
// downloads.
fs::path path_within(const Source& source, const std::string& location) {
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string::npos || relative.is_absolute()) return {};
  fs::path path = source.folder.empty() ? fs::path(".") : source.folder;
  bool has_link = false;
  std::error_code error;
  for (const fs::path& part : relative) {
    if (part == "..") return {};
    path /= part;
    has_link = has_link || fs::is_symlink(fs::symlink_status(path, error));
  }
  if (!has_link) return path;
  const fs::path real = fs::canonical(path, error);
  const fs::path within = real.lexically_relative(source.real_folder);
  return real.empty() || within.empty() || *within.begin() == ".." ? fs::path() : real;
}

// A number in decimal digits, as the format writes offsets and lengths; -1 for anything else.
int64_t number(const std::string& digits) {
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end && value >= 0 ? value : -1;
}

}  // namespace

ExternalData::Opened& ExternalData::open(const std::string& location, const std::string& what) {
  const auto found = files_.find(location);
  if (found != files_.end()) return found->second;
  const std::string its_data = what + " has its data in the file " + convstep::quoted(location);
  if (!source_.has_folder) source_.fail(its_data + ", but the model was given without the folder that it lies in");
  const fs::path path = path_within(source_, location);
  if (path.empty()) {
    source_.fail(its_data + "; only files within the model's folder are read, symbolic links followed");
  }
  return files_.try_emplace(location, path.string()).first->second;
}

Stretch ExternalData::find(const onnx_file::TensorProto& tensor, int64_t bytes, const std::string& what) {
  std::string location;
  int64_t offset = 0, length = bytes;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = number(entry.value());
    if (entry.key() == "length") length = number(entry.value());
  }
  Opened& opened = open(location, what);
  const std::string in_file = " in the file " + convstep::quoted(location);
  if (offset < 0 || length < 0) source_.fail(what + " has no valid offset or length" + in_file);
  if (length != bytes) {
    source_.fail(what + " has " + std::to_string(length) + " bytes" + in_file + ", where its shape takes " +
                 std::to_string(bytes));
  }
  const int64_t size = opened.file.size();
  if (offset > size || bytes > size - offset) {
    source_.fail(what + " has bytes " + std::to_string(offset) + " to " + std::to_string(offset) + " + " +
                 std::to_string(bytes) + in_file + ", which has " + std::to_string(size));
  }
  // Else a small model could make one large file into any amount of memory.
  opened.taken += bytes;
  if (opened.taken > size) source_.fail("its tensors take more bytes" + in_file + " than that has");
  return {&opened.file, offset, offset + bytes};
}

}  // namespace convstep::onnx
